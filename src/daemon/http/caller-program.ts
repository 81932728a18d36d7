// Finds the program at the other end of a connection. Only protected roles need it, so it is loaded when it is first used.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Program } from '../../core/program.ts';
import type { Clock } from '../../core/clock.ts';
import { withTimeout } from '../../core/async/with-timeout.ts';
import { PROCESS_HEADER } from '../../local-api/version.ts';
import { findAskingProgram } from '../../platform/process/asking-program.ts';
import { parseClaimedProcess } from '../../platform/process/claimed-process.ts';
import { findClaimedProgram } from '../../platform/process/process-table.ts';
import { createSocketOwnerLookup } from '../../platform/process/socket-owner.ts';
import { fstatSync } from '../../platform/files/stat-sync.ts';
import { connectionOf, createLoopbackPeerLookup } from '../../platform/sockets/loopback-peer.ts';
import { createUnixPeerLookup } from '../../platform/sockets/unix-peer.ts';

/**
 * Who sent a request. If the kernel does not tell, then, unverified, the process of `PROCESS_HEADER` or else
 * `claimedProcessId`. Never rejects.
 */
export type FindCallerProgram = (
  request: Pick<IncomingMessage, 'socket' | 'headers'>,
  claimedProcessId?: number,
) => Promise<Program | undefined>;

export interface CallerProgramDeps {
  readonly platform: NodeJS.Platform;
  /** The path of a program that no program of the user can replace: its answer tells who asks. */
  readonly findProgram: (name: string) => string | undefined;
  /** Rolecall's own scripts, by their real paths. */
  readonly ownFiles: ReadonlySet<string>;
  readonly clock: Clock;
}

/** A caller of the container port has to be answered within a second. On a busy machine it is unverified. */
const LOOPBACK_DEADLINE_MS = 500;
const SOCKET_DEADLINE_MS = 5000;

/** Without ss(8), and on other systems than Linux, there are only claims. */
export function createCallerPrograms(deps: CallerProgramDeps): FindCallerProgram {
  const { ownFiles } = deps;
  if (deps.platform !== 'linux') {
    const psPath = deps.findProgram('ps');
    return async ({ headers }, processId) => {
      const claimed = readClaim(headers) ?? processId;
      return claimed === undefined || psPath === undefined ? undefined : findClaimedProgram(psPath, claimed);
    };
  }
  const ssPath = deps.findProgram('ss');
  const findUnixPeer = ssPath === undefined ? async () => undefined : createUnixPeerLookup(ssPath);
  const findLoopbackPeer = createLoopbackPeerLookup();
  const findOwner = createSocketOwnerLookup();

  async function findPeer(socket: Socket): Promise<number | undefined> {
    const connection = connectionOf(socket);
    const own = connection === undefined ? readInode(socket) : undefined;
    const peer = connection === undefined ? own && (await findUnixPeer(own)) : await findLoopbackPeer(connection);
    return peer === undefined ? undefined : findOwner(peer);
  }

  async function find(socket: Socket, claimed: number | undefined): Promise<Program | undefined> {
    const deadlineMs = connectionOf(socket) === undefined ? SOCKET_DEADLINE_MS : LOOPBACK_DEADLINE_MS;
    const peer = await withTimeout(deps.clock, deadlineMs, findPeer(socket));
    if (peer !== undefined) {
      const program = await findAskingProgram(peer, { ownFiles, isVerified: true });
      if (program !== undefined) return program;
    }
    return claimed === undefined ? undefined : findAskingProgram(claimed, { ownFiles, isVerified: false });
  }

  return async ({ socket, headers }, processId) => find(socket, readClaim(headers) ?? processId).catch(() => undefined);
}

function readClaim(headers: IncomingHttpHeaders): number | undefined {
  return parseClaimedProcess(headers[PROCESS_HEADER]);
}

/** Node has no public way to the descriptor of a connection. Without it, the program stays unverified. */
function readInode(socket: Socket): string | undefined {
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: number } | null };
  const descriptor = handle?.fd ?? -1;
  if (descriptor < 0) return undefined;
  try {
    return String(fstatSync(descriptor).ino);
  } catch {
    return undefined;
  }
}
