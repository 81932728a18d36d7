// Finds the socket at the other end of a connection over a unix socket, as ss(8) of iproute2 reports it. Linux only.
import { execFile } from 'node:child_process';
import { coalesced } from '../../core/async/coalesced.ts';

/** The inode of the peer's socket; undefined if it can't be told for sure. */
export type FindUnixPeer = (inode: string) => Promise<string | undefined>;

/** Every unix socket of the machine is a line of about 100 bytes. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const DEADLINE_MS = 5000;

/**
 * Node has no getsockopt(2) for SO_PEERCRED, and /proc/net/unix does not say who is connected with whom.
 * Concurrent lookups share one run of `ssPath`, which starts after all of them were asked for.
 */
export function createUnixPeerLookup(ssPath: string, run: typeof runProgram = runProgram): FindUnixPeer {
  let table = { output: '' };
  const read = coalesced(async () => {
    table = { output: await run(ssPath, ['-x', '-n', '-H', 'state', 'connected']) };
  });
  return async (inode) => {
    await read();
    return findPeerInode(table.output, inode);
  };
}

/**
 * Any local program can choose the name of its socket, with line breaks and all, and so add lines to the output. The true
 * lines can't be left out, so an inode on more than one line is not trusted.
 */
export function findPeerInode(output: string, inode: string): string | undefined {
  const peersOf = (wanted: string) =>
    [...output.matchAll(LINE)].flatMap(([, local, peer]) => (local === wanted && peer !== undefined ? [peer] : []));
  const [peer, ...others] = peersOf(inode);
  if (peer === undefined || others.length > 0) return undefined;
  const back = peersOf(peer);
  return back.length === 1 && back[0] === inode ? peer : undefined;
}

/** `u_str ESTAB 0 0 /run/user/1000/rolecall/daemon.sock 4711 * 4712`: the inode of a socket and that of its peer. */
const LINE = /\s(\d+)[ \t]+\*[ \t]+(\d+)[ \t]*$/gm;

/** Empty if the program fails or is too slow. */
async function runProgram(path: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      path,
      args,
      {
        encoding: 'latin1',
        env: { LC_ALL: 'C' },
        maxBuffer: MAX_OUTPUT_BYTES,
        timeout: DEADLINE_MS,
        killSignal: 'SIGKILL',
      },
      (error, stdout) => resolve(error === null ? stdout : ''),
    );
  });
}
