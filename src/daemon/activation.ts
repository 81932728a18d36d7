// Socket activation: whether a service manager handed us the listening socket, and an answer for its callers when we can't start.
import { fstatSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { RolecallError } from '../core/errors.ts';
import { ignoreConnectionErrors } from '../platform/connection-errors.ts';
import { ANSWER_HEADERS } from './replies.ts';

/** The first descriptor that systemd passes. @see sd_listen_fds(3) */
const FIRST_PASSED_FD = 3;

/**
 * The descriptor of the socket that was meant for this very process, or undefined.
 * Takes the variables out of `environment`, for they mean nothing to children.
 */
export function takeActivatedSocket(environment: NodeJS.ProcessEnv, processId: number): number | undefined {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = environment;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']) delete environment[name];
  if (pid !== String(processId) || count !== '1') return undefined;
  try {
    return fstatSync(FIRST_PASSED_FD).isSocket() ? FIRST_PASSED_FD : undefined;
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
    const text = isPlain ? `${error.message}\nRun: ${error.hint}\n` : body;
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
