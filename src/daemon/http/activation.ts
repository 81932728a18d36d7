// Socket activation: whether a service manager handed us the listening socket, and an answer for its callers when we can't start.
import type { Server } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import type { RolecallError } from '../../core/errors.ts';
import { harmless } from '../../core/text/harmless-text.ts';
import { ignoreConnectionErrors } from '../../platform/sockets/connection-errors.ts';
import { ANSWER_HEADERS } from './replies.ts';
import { fstatSync } from '../../platform/files/stat-sync.ts';

/** The first descriptor that systemd passes. @see sd_listen_fds(3) */
const FIRST_PASSED_FD = 3;

/** The name of the container port's listening socket in the service manager's store. */
export const KEPT_PORT_NAME = 'container-port';

export interface PassedSockets {
  /** The socket of the socket unit. */
  readonly activatedFd: number | undefined;
  /** The container port, as the service's last process left it. */
  readonly keptPortFd: number | undefined;
}

/**
 * The sockets that were meant for this very process; none when it is not clear which is which.
 * Takes the variables out of `environment`, for they mean nothing to children.
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
 * Tells everybody who asks within `forMs` why there is no daemon, on a socket that `listen` opens.
 * Without it they would be hung up on, and whoever wrote the settings would never hear what is wrong with them.
 */
export async function answerWithFailure(
  listen: (server: Server) => Promise<void>,
  error: RolecallError,
  forMs: number,
  clock: Clock,
): Promise<void> {
  // Loaded here, so that a daemon that only waits for the lock does without it.
  const { createServer } = await import('node:http');
  const body = JSON.stringify(error.toBody());
  const server = createServer((request, response) => {
    const isPlain = request.headers.accept === 'text/plain';
    const text = isPlain ? `${harmless(error.message)}\nRun: ${harmless(error.hint)}\n` : body;
    response.writeHead(error.httpStatus, {
      ...ANSWER_HEADERS,
      'content-type': isPlain ? 'text/plain; charset=utf-8' : 'application/json',
      connection: 'close',
    });
    response.end(text);
  });
  ignoreConnectionErrors(server);
  await listen(server);
  await clock.sleep(forMs);
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
  });
}
