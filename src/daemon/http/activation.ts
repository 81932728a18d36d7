// Socket activation: takes the sockets that a service manager passes, and answers callers if the daemon can't start.
import type { Server } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import type { RolecallError } from '../../core/errors.ts';
import { ignoreConnectionErrors } from '../../platform/sockets/connection-errors.ts';
import { formatError } from './error-answer.ts';
import { fstatSync } from '../../platform/files/stat-sync.ts';

/** The first descriptor that systemd passes. @see sd_listen_fds(3) */
const FIRST_PASSED_FD = 3;

/** Names the container port's listening socket in the service manager's descriptor store. */
export const KEPT_PORT_NAME = 'container-port';

export interface PassedSockets {
  /** The unix socket that the socket unit listens on. */
  readonly activatedFd: number | undefined;
  /** The container port that the previous daemon stored. */
  readonly keptPortFd: number | undefined;
}

/**
 * The sockets passed to this process; undefined where several could be meant.
 * Deletes the variables from `environment`, so that child processes don't inherit them.
 */
export function takePassedSockets(environment: NodeJS.ProcessEnv, processId: number): PassedSockets {
  const { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names = '' } = environment;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']) delete environment[name];
  const fds = pid === String(processId) ? Array.from({ length: Number(count ?? 0) }, (_, index) => index) : [];
  const isKeptPort = (index: number) => names.split(':')[index] === KEPT_PORT_NAME;
  return {
    activatedFd: takeOnly(fds.filter((index) => !isKeptPort(index))),
    keptPortFd: takeOnly(fds.filter(isKeptPort)),
  };
}

function takeOnly([index, ...more]: readonly number[]): number | undefined {
  if (index === undefined || more.length > 0) return undefined;
  const fd = FIRST_PASSED_FD + index;
  try {
    return fstatSync(fd).isSocket() ? fd : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Answers every request with `error` for `forMs`, on a socket that `listen` opens. Without it the callers of a service that
 * can't start would only see a closed connection, and never learn what is wrong with the settings.
 */
export async function answerWithFailure(
  listen: (server: Server) => Promise<void>,
  error: RolecallError,
  forMs: number,
  clock: Clock,
): Promise<void> {
  // Loaded here, because a daemon that only waits for the lock does not need it.
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    const { accept } = request.headers;
    const { status, headers, body } = formatError(error, { accept, describe: () => error.toBody() });
    response.writeHead(status, { ...headers, connection: 'close' }).end(body);
  });
  ignoreConnectionErrors(server);
  await listen(server);
  await clock.sleep(forMs);
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
  });
}
