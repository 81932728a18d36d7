// The servers of a daemon: the unix socket with its alias, the web port with its address file, and the container port.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { coalesced } from '../core/async/coalesced.ts';
import type { Problems } from '../core/problems.ts';
import type { RuntimePaths } from '../local-api/paths.ts';
import { toFailure } from '../platform/files/file-error.ts';
import type { ConnectionRules } from './http/connection-rules.ts';
import { createEtags } from './http/etags.ts';
import { createSocketGuard, type Guard, type VersionCheck } from './http/guard.ts';
import type { ContainerServer } from './credentials/container-server.ts';
import type { FindCallerProgram } from './http/caller-program.ts';
import type { Log } from './process/log.ts';
import { createOwnSocket, type OwnSocket } from './http/own-socket.ts';
import type { PageFiles } from './http/page-files.ts';
import { createSurface, type Handlers, type Surface, type SurfaceDeps } from './http/surface.ts';
import type { WebAccess } from './web-access/web-access.ts';
import { openWebServer, type WebServer } from './web-server.ts';

export interface Servers {
  /** Undefined while the web port can't be opened; the status then shows a problem. */
  webUrl(): string | undefined;
  /** Retries the ports that could not be opened. Those that fail again stay a problem in the status. */
  retry(): Promise<void>;
  /** Restores the socket, its alias and the address file where they are missing, and resolves their paths. */
  restore(): Promise<readonly string[]>;
  /** Accepts no new requests, and resolves once the pending ones are answered. */
  drain(): Promise<void>;
  /** Closes all connections. */
  close(): Promise<void>;
}

/**
 * Opens the socket last: once it answers, clients find everything else as well.
 * A loopback port that can't be opened is only a problem in the status, because credentials still work.
 * @throws UnavailableError file-not-writable: the socket or its alias can't be created; nothing stays open
 */
export async function openServers(deps: {
  readonly paths: RuntimePaths;
  readonly userId: number;
  readonly webPort: number;
  /** The socket that a service manager has bound; absent: the daemon binds it. */
  readonly activatedFd?: number | undefined;
  /** Refuses requests of clients that are newer than this daemon. */
  readonly checkVersion?: VersionCheck | undefined;
  readonly handlers: Handlers;
  readonly containerServer: ContainerServer;
  readonly webAccess: WebAccess;
  readonly pageFiles: PageFiles;
  readonly loadRoutes: SurfaceDeps['loadRoutes'];
  readonly findCallerProgram: FindCallerProgram;
  readonly connectionRules: Readonly<Record<'socket' | 'web', ConnectionRules>>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly problems: Problems;
  readonly log: Log;
}): Promise<Servers> {
  const { paths } = deps;
  const etags = createEtags(randomBytes(9).toString('base64url'));
  const build = (surface: 'socket' | 'web', guard: Guard, pageFiles?: PageFiles) =>
    createSurface({
      surface,
      guard,
      ...(surface === 'socket' && { checkVersion: deps.checkVersion }),
      handlers: deps.handlers,
      etags,
      loadRoutes: deps.loadRoutes,
      findCallerProgram: deps.findCallerProgram,
      connectionRules: deps.connectionRules[surface],
      clock: deps.clock,
      log: deps.log,
      ...(pageFiles === undefined ? {} : { pageFiles }),
    });
  const open: Surface[] = [];
  let ownSocket: OwnSocket | undefined;

  let isEnding = false;

  async function drain(): Promise<void> {
    isEnding = true;
    await ownSocket?.close();
    await web?.forgetAddress();
    await Promise.all(open.map((surface) => surface.drain()));
    // Last: its callers know only this port and don't wait for the next daemon.
    await deps.containerServer.drain();
  }
  async function close(): Promise<void> {
    for (const surface of open) surface.close();
    await deps.containerServer.close();
  }

  let web: WebServer | undefined;
  const isFailing = { web: true, container: true };
  const attempts = {
    async web() {
      web = await openWebServer({ ...deps, build });
      open.push(web.surface);
      if (isEnding) await web.forgetAddress();
    },
    container: () => deps.containerServer.reopen(),
  };

  const retry = coalesced(async () => {
    for (const name of ['web', 'container'] as const) {
      if (!isFailing[name] || isEnding) continue;
      try {
        await attempts[name]();
        isFailing[name] = false;
        deps.problems.clear(name);
      } catch (error) {
        deps.problems.raise(name, toFailure(error).toBody());
      }
    }
  });

  await retry();
  try {
    const socket = build('socket', createSocketGuard());
    open.push(socket);
    ownSocket = createOwnSocket({
      server: socket.server,
      path: paths.socketPath,
      aliasPath: paths.socketCandidates.at(-1) ?? paths.socketPath,
      userId: deps.userId,
      activatedFd: deps.activatedFd,
    });
    await ownSocket.open();
  } catch (error) {
    await drain();
    await close();
    throw error;
  }
  async function restore(): Promise<readonly string[]> {
    const made = (await ownSocket?.restore()) ?? [];
    return [...made, ...((await web?.restoreAddress()) ?? [])];
  }
  return { webUrl: () => web?.url, retry, restore, drain, close };
}
