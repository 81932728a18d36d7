// Whose program is at the other end of a loopback connection, by the kernel's own table of connections.
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { isWsl } from './wsl.ts';

/** One TCP connection, as the side that was called sees it. */
export interface LoopbackConnection {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
}

/** False only when the other end is known not to be a program of ours. */
export type IsOwnPeer = (connection: LoopbackConnection | undefined) => Promise<boolean>;

/** A row may slip through while the table changes under the reader. */
const LOOKS = 3;

/**
 * Whether the program at the other end runs as `userId`. Where there is no such table (macOS) everybody counts as that;
 * under WSL so do root, by whom Windows' programs come in, and whoever is in no table, for they may come another way.
 * `undefined` is a caller that has hung up.
 */
export function createPeerCheck(deps: {
  readonly userId: number;
  /** A file of /proc; rejects when there is none. */
  readonly readProc?: (name: string) => Promise<string>;
}): IsOwnPeer {
  const readProc = deps.readProc ?? ((name) => readFile(`/proc/${name}`, 'latin1'));

  async function isUnderWsl(): Promise<boolean> {
    return isWsl({ kernelRelease: await readProc('sys/kernel/osrelease').catch(() => '') });
  }

  return async (connection) => {
    for (let look = 1; ; look += 1) {
      const table = await readProc('net/tcp').catch(() => undefined);
      if (table === undefined) return true;
      if (connection === undefined) return false;
      // A program that asks for IPv6 reaches us as well, and stands in the other table; a machine may have no IPv6.
      const owner = findOwner(table, connection) ?? findOwner(await readProc('net/tcp6').catch(() => ''), connection);
      if (owner === deps.userId) return true;
      if (owner === undefined && look < LOOKS) continue;
      return (owner === undefined || owner === 0) && (await isUnderWsl());
    }
  };
}

/**
 * The user id of the connection's calling side in the text of /proc/net/tcp or /proc/net/tcp6; undefined: it is not in there.
 * @see https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
 */
export function findOwner(
  table: string,
  { clientAddress, clientPort, serverAddress, serverPort }: LoopbackConnection,
  byteOrder: 'LE' | 'BE' = endianness(),
): number | undefined {
  const pairs = [[], MAPPED_PREFIX].map((prefix) => [
    formatEnd([...prefix, ...parseAddress(clientAddress)], clientPort, byteOrder),
    formatEnd([...prefix, ...parseAddress(serverAddress)], serverPort, byteOrder),
  ]);
  for (const line of table.split('\n')) {
    const [, local, remote, , , , , userId, , inode] = line.trim().split(/\s+/);
    if (!pairs.some(([client, server]) => client === local && server === remote)) continue;
    // Without an inode nobody holds the socket any more, and the kernel says 0 whoever it was.
    return inode === '0' || !/^\d+$/.test(userId ?? '') ? undefined : Number(userId);
  }
  return undefined;
}

/** ::ffff:0:0/96, an IPv4 address in IPv6's clothes. */
const MAPPED_PREFIX: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

const IPV6_LOOPBACK: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

function parseAddress(address: string): readonly number[] {
  if (address === '::1') return IPV6_LOOPBACK;
  return address.split('.').map(Number);
}

/** `0100007F:1F90`: each four bytes as a number of the machine's byte order, then the port. */
function formatEnd(address: readonly number[], port: number, byteOrder: 'LE' | 'BE'): string {
  const bytes = Buffer.from(address);
  const words = Array.from({ length: bytes.length / 4 }, (_, index) =>
    byteOrder === 'LE' ? bytes.readUInt32LE(index * 4) : bytes.readUInt32BE(index * 4),
  );
  return `${words.map((word) => hex(word, 8)).join('')}:${hex(port, 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
