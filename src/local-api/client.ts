// The client of the local API: finds the daemon, starts it if necessary, and converts its errors.
import { once } from '../core/async/once.ts';
import type { Clock } from '../core/clock.ts';
import { DaemonUnreachableError, errorFromBody, NotFoundError, type ErrorBody } from '../core/errors.ts';
import { answerIsNotJson, findListening, isAnswering, requestOverSocket, type SocketAnswer } from './http-request.ts';
import { ROUTE_ADDRESSES } from './route-addresses.ts';
import type { Answers, CallableRouteName, InputOf, RouteAddress } from './routes.ts';
import type { StartedDaemon } from '../platform/service/start-daemon.ts';

export interface CallOptions {
  /** For the whole call: finding the daemon, starting it, and waiting for its answer. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Lets the daemon wait this long for AWS or for a person; by default as long as `timeoutMs`, if there is one. */
  readonly waitSeconds?: number;
  /** False: fails with DaemonUnreachableError instead of starting a daemon; true: starts one even if `mayStart` is false. */
  readonly autostart?: boolean;
  /** Fails after five seconds if the daemon hangs, instead of calling `onSilence` and waiting on. */
  readonly failsOnSilence?: boolean;
}

export interface LocalApiClient {
  /**
   * The daemon's answer; starts the daemon first if none is running.
   * @throws RolecallError: the daemon's error, with its class and code
   * @throws DaemonUnreachableError daemon-not-running, daemon-not-answering; daemon-version-mismatch: an older one does not stop;
   *   foreign-socket: another user may listen at the only socket, so nothing was sent
   */
  call<R extends CallableRouteName>(route: R, input: InputOf<R>, options?: CallOptions): Promise<Answers[R]>;
}

/** A start takes a third of a second. The deadline allows for a busy machine, and ends the wait for a broken one. */
const START_DEADLINE_MS = 40_000;
const POLL_MS = 25;
/** Many clients that poll often would slow down the daemon that they wait for. */
const MAX_POLL_MS = 250;
const POLL_GROWTH = 1.25;
/** A daemon that we started and that was stopped before it answered is started again after this. */
const RESTART_AFTER_MS = 500;
/** A daemon that does not hang answers the probe within this time, even on a busy machine. */
const PROBE_TIMEOUT_MS = 2000;
/** Probes only at every tenth check: hundreds of clients may be waiting for one sign-in. */
const CHECKS_PER_PROBE = 10;
/** A daemon whose socket was deleted has created a new one within this time. */
const UNREACHABLE_AFTER_MS = 5000;

export function createLocalApiClient(deps: {
  readonly socketCandidates: readonly string[];
  readonly mayStart: boolean;
  /** Loads the code that starts a daemon only when it is needed, because every command loads this file's imports. */
  readonly startDaemon: () => StartedDaemon | Promise<StartedDaemon>;
  /** If present, an older daemon stops, and `startDaemon` starts its successor. */
  readonly version?: string;
  /** A person has typed the command. */
  readonly isAtTerminal?: boolean;
  /** Called after an older daemon was replaced. */
  readonly onReplaced?: () => void;
  /** Called once if an older daemon stays, with what its restart would lose. */
  readonly onKept?: (losses: string) => void;
  /** Tells which process is the daemon; without it a suspended daemon looks like a slow one. */
  readonly lockFile?: string;
  /** Called once per call if the daemon hangs, with a sentence that says so; the call goes on. */
  readonly onSilence?: (message: string) => void;
  /** Replaces the defaults: three seconds without an answer, then two for the answer to a probe. */
  readonly silence?: { readonly afterMs: number; readonly probeMs: number };
  readonly clock: Clock;
}): LocalApiClient {
  const { clock, lockFile } = deps;

  /** Imports on demand, because every command loads this file's imports. */
  async function explainSuspension(): Promise<DaemonUnreachableError | undefined> {
    if (lockFile === undefined) return undefined;
    const { describeSuspension } = await import('../platform/service/unresponsive-daemon.ts');
    return describeSuspension(lockFile);
  }

  async function explainSilence(socketPath: string, call: Call): Promise<DaemonUnreachableError | undefined> {
    const suspension = await explainSuspension();
    if (suspension !== undefined || call.silence !== undefined) return suspension;
    if (call.checks++ % CHECKS_PER_PROBE !== 0) return undefined;
    if (await isAnswering(socketPath, deps.silence?.probeMs ?? PROBE_TIMEOUT_MS)) return undefined;
    const { describeSilence } = await import('../platform/service/unresponsive-daemon.ts');
    call.silence = describeSilence(lockFile);
    if (call.silence === undefined) return undefined;
    if (call.failsOnSilence) return call.silence;
    deps.onSilence?.(call.silence.message);
    return undefined;
  }

  /** Undefined if there is no daemon, or if it started less than `minAgeMs` ago. */
  async function explainAbsence(minAgeMs: number): Promise<DaemonUnreachableError | undefined> {
    const [socketPath] = deps.socketCandidates;
    if (lockFile === undefined || socketPath === undefined) return undefined;
    const { describeUnreachable } = await import('../platform/service/unresponsive-daemon.ts');
    return describeUnreachable({ lockFile, socketPath }, { minAgeMs, nowMs: clock.nowMs() });
  }

  /** The answer from the first candidate at which a process listens. */
  function send(request: Request, call: Call): Promise<SocketAnswer | undefined> {
    return findListening(deps.socketCandidates, (socketPath) =>
      requestOverSocket({
        socketPath,
        ...request,
        ...call.limits(),
        explainSilence: () => explainSilence(socketPath, call),
        silenceMs: deps.silence?.afterMs,
        ...(deps.isAtTerminal === undefined ? {} : { isAtTerminal: deps.isAtTerminal }),
        // A client that may not start a daemon must not stop the older one.
        ...(deps.version === undefined || !call.mayStart ? {} : { clientVersion: deps.version }),
      }),
    );
  }

  async function startAndSend(request: Request, call: Call, refusal?: SocketAnswer): Promise<SocketAnswer> {
    const deadlineMs = clock.nowMs() + Math.min(START_DEADLINE_MS, call.leftMs() ?? START_DEADLINE_MS);
    let started = await deps.startDaemon();
    let startedAtMs = clock.nowMs();
    let checkAtMs = startedAtMs + UNREACHABLE_AFTER_MS;
    let refusalAnswer = refusal;
    let pollMs = POLL_MS;
    try {
      while (clock.nowMs() < deadlineMs) {
        const answer = await send(request, call).catch((error: unknown) => {
          // A timeout of a repeated request is ignored, because the refusal of the older daemon explains it.
          if (refusalAnswer === undefined || codeOf(error) !== 'ETIMEDOUT') forgiveBreak(error);
          return undefined;
        });
        if (answer !== undefined && !isRefusedByOlder(answer)) return answer;
        refusalAnswer = answer ?? refusalAnswer;
        const failure = started.failure();
        if (failure !== undefined) throw errorFromBody(failure);
        if (started.hasEnded() && clock.nowMs() - startedAtMs > RESTART_AFTER_MS) {
          started.release();
          started = await deps.startDaemon();
          startedAtMs = clock.nowMs();
        }
        if (refusalAnswer === undefined && clock.nowMs() >= checkAtMs) {
          checkAtMs = clock.nowMs() + UNREACHABLE_AFTER_MS;
          const unreachable = await explainAbsence(START_DEADLINE_MS);
          if (unreachable !== undefined) throw unreachable;
        }
        await clock.sleep(pollMs, call.signal);
        pollMs = Math.min(MAX_POLL_MS, pollMs * POLL_GROWTH);
      }
    } finally {
      started.release();
    }
    if (refusalAnswer !== undefined) return refusalAnswer;
    const unreachable = await explainAbsence(UNREACHABLE_AFTER_MS);
    if (unreachable !== undefined) throw unreachable;
    throw new DaemonUnreachableError('daemon-not-answering', 'The daemon was started but did not answer in time.', {
      hint: 'rolecall daemon run',
    });
  }

  const noteKept = once((losses: string) => deps.onKept?.(losses));

  async function findAndSend(request: Request, call: Call): Promise<SocketAnswer> {
    const answer = await send(request, call);
    if (answer?.stays !== undefined) noteKept(answer.stays);
    if (answer !== undefined && isRefusedByOlder(answer)) {
      const successors = await startAndSend(request, call, answer);
      if (!isRefusedByOlder(successors)) deps.onReplaced?.();
      return successors;
    }
    if (answer !== undefined) return answer;
    if (!call.mayStart) {
      throw new DaemonUnreachableError('daemon-not-running', 'The rolecall daemon is not running.');
    }
    return startAndSend(request, call);
  }

  return {
    async call(name, input, options = {}) {
      const request = toRequest(ROUTE_ADDRESSES[name], input);
      const call = createCall(options, deps.mayStart, clock);
      try {
        try {
          return readAnswer(await findAndSend(request, call)) as never;
        } catch (error) {
          // The daemon was just stopping. Asking its successor is safe, because every request can be repeated.
          if (!isBrokenOff(error) || !call.mayStart) throw error;
          return readAnswer(await findAndSend(request, call)) as never;
        }
      } catch (error) {
        // Throws the caller's reason for the abort, instead of Node's error for an aborted request.
        options.signal?.throwIfAborted();
        if (!SILENCES.has(codeOf(error))) throw describeConnectionFailure(error, options);
        throw (await explainSuspension()) ?? call.silence ?? describeConnectionFailure(error, options);
      }
    },
  };
}

/** The state that all attempts of one call share. */
interface Call {
  readonly mayStart: boolean;
  readonly signal: AbortSignal | undefined;
  readonly failsOnSilence: boolean;
  /** How often the silence of the daemon was checked. */
  checks: number;
  /** The error that was reported for a daemon that hangs. */
  silence?: DaemonUnreachableError | undefined;
  /** Undefined if there is no deadline. */
  leftMs(): number | undefined;
  limits(): Pick<CallOptions, 'timeoutMs' | 'signal' | 'waitSeconds'>;
}

function createCall(options: CallOptions, mayStart: boolean, clock: Clock): Call {
  const { timeoutMs, signal, waitSeconds } = options;
  const startedAtMs = clock.nowMs();
  const leftMs = () => (timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - (clock.nowMs() - startedAtMs)));
  return {
    mayStart: options.autostart ?? mayStart,
    signal,
    failsOnSilence: options.failsOnSilence === true,
    checks: 0,
    leftMs,
    limits() {
      const left = leftMs();
      return {
        ...(left === undefined ? {} : { timeoutMs: left }),
        ...(signal === undefined ? {} : { signal }),
        ...(waitSeconds === undefined ? {} : { waitSeconds }),
      };
    },
  };
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

function toRequest(route: RouteAddress, input: object & { query?: object; body?: unknown }): Request {
  const parameters = input as Readonly<Record<string, string | undefined>>;
  const path = route.path.replace(/:([a-z]+)/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ''));
  const query = Object.entries(input.query ?? {}).filter(([, value]) => value !== undefined);
  const queryText = query.length === 0 ? '' : `?${new URLSearchParams(query).toString()}`;
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
    throw answerIsNotJson(cause);
  }
  if (answer.status < 400) return parsed;
  const { code, message, hint } = (parsed ?? {}) as Partial<Record<keyof ErrorBody, unknown>>;
  if (typeof code !== 'string' || typeof message !== 'string') {
    throw new NotFoundError('route-not-found', `The daemon answered with status ${answer.status}.`);
  }
  const command = typeof hint === 'string' ? hint : 'rolecall status';
  throw errorFromBody({ code, message, hint: command }, answer.retryAfterMs);
}

/** Whether this is the refusal of a daemon that is older than this client and is stopping. */
function isRefusedByOlder(answer: SocketAnswer): boolean {
  if (answer.status !== 503) return false;
  try {
    return (JSON.parse(answer.text) as Partial<ErrorBody>).code === 'daemon-version-mismatch';
  } catch {
    return false;
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
const BREAKS: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE']);
const isBrokenOff = (error: unknown) => BREAKS.has(codeOf(error));

/** EAGAIN: the daemon's accept queue is full. */
const SILENCES: ReadonlySet<string | undefined> = new Set(['ETIMEDOUT', 'EAGAIN']);

/** Ignores a connection that was closed while one daemon replaced another: the client asks again. */
function forgiveBreak(error: unknown): undefined {
  if (!isBrokenOff(error)) throw error;
}

function describeConnectionFailure(error: unknown, { timeoutMs = 0 }: CallOptions): unknown {
  const code = codeOf(error);
  if (code === 'ETIMEDOUT') {
    const seconds = Math.ceil(timeoutMs / 1000);
    return new DaemonUnreachableError('daemon-not-answering', `The daemon did not answer within ${seconds} s.`, {
      cause: error,
    });
  }
  if (code === 'EAGAIN') {
    return new DaemonUnreachableError('daemon-not-answering', 'The daemon accepts no more connections.', {
      cause: error,
    });
  }
  if (isBrokenOff(error)) {
    return new DaemonUnreachableError('daemon-not-answering', 'The daemon ended before it answered.', { cause: error });
  }
  return error;
}
