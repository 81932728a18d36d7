// The container port beyond the end of a daemon: taken from the predecessor, and held for the successor.
import { closeSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PortHolder } from '../../platform/port-keeper/port-keeper.ts';
import { listen } from './listeners.ts';
import type { Log } from '../process/log.ts';
import { fstatSync } from '../../platform/files/stat-sync.ts';

export interface PortHandover {
  /** Has `server` listen at `port` when that port was handed over and was nobody else's meanwhile; false: it was not. */
  adopt(server: Server, port: number): Promise<boolean>;
  /** Nobody else can bind the port of `server` from now on, even when this process is killed. */
  hold(server: Server): Promise<void>;
  /** This process ends as planned from now on: nobody is to start it again by itself. */
  expectEnd(): void;
  /** The port need not outlive this process. */
  release(): void;
}

/** Each daemon binds a port of its own, and grants end with it. */
export const createNoHandover = (): PortHandover => ({
  adopt: async () => false,
  hold: async () => undefined,
  expectEnd: () => undefined,
  release: () => undefined,
});

const HOST = '127.0.0.1';

export function createPortHandover(deps: {
  /** The listening socket that a predecessor left; absent: none did. */
  readonly inheritedFd?: number | undefined;
  /** Who holds that one still. */
  readonly inheritedHolder?: PortHolder | undefined;
  /** Has somebody hold the listening socket `fd`. @throws Error: nobody can */
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
      // Not what it is said to be.
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

/** Node has no call for it; undefined once the server is closed. */
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
