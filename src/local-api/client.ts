// The client of the local API: finds the daemon, starts it when there is none, and turns its errors back into ours.
import type { Clock } from '../core/clock.ts';
import { DaemonUnreachableError, errorFromBody, NotFoundError, ProtocolError, type ErrorBody } from '../core/errors.ts';
import { requestOverSocket, type SocketAnswer } from './http-request.ts';
import { routes, type Answers, type InputOf, type Route, type RouteName } from './routes.ts';
import type { StartedDaemon } from './start-daemon.ts';

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** False: no daemon is DaemonUnreachableError instead of a reason to start one. */
  readonly autostart?: boolean;
}

export interface LocalApiClient {
  /**
   * The daemon's answer; the daemon is started first when none is running.
   * @throws RolecallError: the daemon's own error by class and code
   * @throws DaemonUnreachableError daemon-not-running
   */
  call<R extends RouteName>(route: R, input: InputOf<R>, options?: CallOptions): Promise<Answers[R]>;
}

/** Starting takes a third of a second; a machine under load gets time, a broken one an answer. */
const START_DEADLINE_MS = 20_000;
const POLL_MS = 25;
/** A starter that lost the lock to a daemon which was just stopping tries again after this. */
const RESTART_AFTER_MS = 500;

export function createLocalApiClient(deps: {
  readonly socketCandidates: readonly string[];
  readonly mayStart: boolean;
  readonly startDaemon: () => StartedDaemon;
  readonly clock: Clock;
}): LocalApiClient {
  const { clock } = deps;

  async function send(request: Request, options: CallOptions): Promise<SocketAnswer | undefined> {
    for (const socketPath of deps.socketCandidates) {
      const answer = await requestOverSocket({ socketPath, ...request, ...pick(options) });
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async function startAndSend(request: Request, options: CallOptions): Promise<SocketAnswer> {
    const deadlineMs = clock.nowMs() + Math.min(START_DEADLINE_MS, options.timeoutMs ?? START_DEADLINE_MS);
    let started = deps.startDaemon();
    let startedAtMs = clock.nowMs();
    try {
      while (clock.nowMs() < deadlineMs) {
        const answer = await send(request, options);
        if (answer !== undefined) return answer;
        const failure = started.failure();
        if (failure !== undefined) throw errorFromBody(failure);
        if (started.hasEnded() && clock.nowMs() - startedAtMs > RESTART_AFTER_MS) {
          started.release();
          started = deps.startDaemon();
          startedAtMs = clock.nowMs();
        }
        await clock.sleep(POLL_MS, options.signal);
      }
    } finally {
      started.release();
    }
    throw new DaemonUnreachableError('daemon-not-running', 'The daemon was started but did not answer in time.', {
      hint: 'rolecall daemon run',
    });
  }

  return {
    async call(name, input, options = {}) {
      const request = toRequest(routes[name], input);
      let answer: SocketAnswer | undefined;
      try {
        answer = await send(request, options);
        if (answer === undefined) {
          if (!deps.mayStart || options.autostart === false) throw notRunning();
          answer = await startAndSend(request, options);
        }
      } catch (error) {
        throw describeConnectionFailure(error, options);
      }
      return readAnswer(answer) as never;
    },
  };
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

function pick(options: CallOptions): Pick<CallOptions, 'timeoutMs' | 'signal'> {
  return {
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

function toRequest(route: Route, input: { session?: string; query?: object; body?: unknown }): Request {
  const path = route.path.replace(':session', encodeURIComponent(input.session ?? ''));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const queryText = query.size === 0 ? '' : `?${query.toString()}`;
  return {
    method: route.method,
    path: path + queryText,
    ...('body' in input ? { body: JSON.stringify(input.body) } : {}),
  };
}

function readAnswer(answer: SocketAnswer): unknown {
  if (answer.status === 204) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.text);
  } catch (cause) {
    throw new ProtocolError('unusable-response', 'The daemon gave an answer that is not JSON.', {
      hint: 'rolecall daemon restart',
      cause,
    });
  }
  if (answer.status < 400) return parsed;
  const body = parsed as Partial<ErrorBody>;
  if (typeof body.code !== 'string' || typeof body.message !== 'string') {
    throw new NotFoundError('route-not-found', `The daemon answered with status ${answer.status}.`);
  }
  throw errorFromBody({ code: body.code, message: body.message, hint: body.hint ?? 'rolecall status' });
}

function notRunning(): DaemonUnreachableError {
  return new DaemonUnreachableError('daemon-not-running', 'The rolecall daemon is not running.');
}

function describeConnectionFailure(error: unknown, options: CallOptions): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ETIMEDOUT') {
    const seconds = Math.round((options.timeoutMs ?? 0) / 1000);
    return new DaemonUnreachableError('daemon-not-running', `The daemon did not answer within ${seconds} s.`, {
      hint: 'rolecall daemon restart',
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new DaemonUnreachableError('daemon-not-running', "The daemon's socket belongs to another user.", {
      hint: 'rolecall daemon start',
      cause: error,
    });
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new DaemonUnreachableError('daemon-not-running', 'The daemon ended before it answered.', {
      hint: 'rolecall daemon restart',
      cause: error,
    });
  }
  return error;
}
