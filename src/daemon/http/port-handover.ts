// Keeps the container port across daemons: takes it over from the previous daemon and keeps it open for the next.
import { closeSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PortHolder } from '../../platform/port-keeper/port-keeper.ts';
import { listen } from './listeners.ts';
import type { Log } from '../process/log.ts';
import { fstatSync } from '../../platform/files/stat-sync.ts';

export interface PortHandover {
  /** Makes `server` listen on the inherited socket if that is `port`; otherwise resolves false. */
  adopt(server: Server, port: number): Promise<boolean>;
  /** From now on no other program can bind the port of `server`, even if this process is killed. */
  hold(server: Server): Promise<void>;
  /** From now on the end of this process is planned: the keeper must not restart it. */
  expectEnd(): void;
  /** The port no longer has to outlive this process. */
  release(): void;
}

/** No handover: each daemon binds its own port, and grants end with the daemon. */
export const createNoHandover = (): PortHandover => ({
  adopt: async () => false,
  hold: async () => undefined,
  expectEnd: () => undefined,
  release: () => undefined,
});

const HOST = '127.0.0.1';

export function createPortHandover(deps: {
  /** The listening socket of the previous daemon, if it left one. */
  readonly inheritedFd?: number | undefined;
  /** The process that still holds it. */
  readonly inheritedHolder?: PortHolder | undefined;
  /** Makes another process hold the listening socket `fd`. @throws Error: that is not possible */
  readonly startHolding: (fd: number) => Promise<PortHolder>;
  readonly log: Log;
}): PortHandover {
  let inheritedFd = deps.inheritedFd;
  let holder = deps.inheritedHolder;
  let hasFailed = false;
  let isEnding = false;

  function dropInherited(): void {
    const fd = inheritedFd;
    inheritedFd = undefined;
    if (fd !== undefined && isSocket(fd)) closeSync(fd);
  }

  return {
    async adopt(server, port) {
      const fd = inheritedFd;
      if (fd === undefined || !isSocket(fd)) return false;
      inheritedFd = undefined;
      try {
        await listen(server, { fd });
      } catch {
        closeSync(fd);
        return false;
      }
      const bound = server.address() as AddressInfo | null;
      if (bound?.address === HOST && bound.port === port) return true;
      // Not the port that the grants name.
      holder?.end();
      holder = undefined;
      await new Promise((resolve) => void server.close(resolve));
      return false;
    },
    async hold(server) {
      if (holder?.hasEnded() === false) return;
      const fd = findDescriptor(server);
      if (fd === undefined) return;
      try {
        holder?.end();
        holder = await deps.startHolding(fd);
        if (isEnding) holder.expectEnd();
        hasFailed = false;
      } catch (error) {
        if (!hasFailed) deps.log('warn', `grants will end with this daemon: ${(error as Error).message}`);
        hasFailed = true;
      }
    },
    expectEnd() {
      isEnding = true;
      holder?.expectEnd();
    },
    release() {
      dropInherited();
      holder?.end();
      holder = undefined;
    },
  };
}

/** Node has no public API for this. Undefined once the server is closed. */
function findDescriptor(server: Server): number | undefined {
  const { _handle: handle } = server as unknown as { readonly _handle?: { readonly fd?: number } | null };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
