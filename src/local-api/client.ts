// The client of the local API: finds the daemon, starts it when there is none, and turns its errors back into ours.
import type { Clock } from '../core/clock.ts';
import { DaemonUnreachableError, errorFromBody, NotFoundError, ProtocolError, type ErrorBody } from '../core/errors.ts';
import { isAnswering, isForeignSocket, requestOverSocket, type SocketAnswer } from './http-request.ts';
import { ROUTE_ADDRESSES, type RouteAddress } from './route-addresses.ts';
import type { Answers, CallableRouteName, InputOf } from './routes.ts';
import type { StartedDaemon } from '../platform/service/start-daemon.ts';

export interface CallOptions {
  /** For the whole call: finding the daemon, starting it, and its answer. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** False: no daemon is DaemonUnreachableError instead of a reason to start one. */
  readonly autostart?: boolean;
  /** A daemon that answers nobody is an error after five seconds, instead of a call to `onSilence` and a longer wait. */
  readonly failsOnSilence?: boolean;
}

export interface LocalApiClient {
  /**
   * The daemon's answer; the daemon is started first when none is running.
   * @throws RolecallError: the daemon's own error by class and code
   * @throws DaemonUnreachableError daemon-not-running, daemon-not-answering; daemon-version-mismatch: an older one does not leave;
   *   foreign-socket: somebody else may listen at the only socket there is, and was sent nothing
   */
  call<R extends CallableRouteName>(route: R, input: InputOf<R>, options?: CallOptions): Promise<Answers[R]>;
}

/** Starting takes a third of a second; a machine under load gets time, a broken one an answer. */
const START_DEADLINE_MS = 40_000;
const POLL_MS = 25;
/** Many clients that ask all the time would take the processor from the daemon that they wait for. */
const MAX_POLL_MS = 250;
const POLL_GROWTH = 1.25;
/** A daemon that we started and that somebody stopped before it answered us is started again after this. */
const RESTART_AFTER_MS = 500;
/** A daemon that is not stuck answers the probe by then, even on a busy machine. */
const PROBE_TIMEOUT_MS = 2000;
/** Probes at every tenth check only: hundreds of clients may be waiting for one sign-in. */
const CHECKS_PER_PROBE = 10;
/** A daemon whose socket was deleted has a new one by then. */
const UNREACHABLE_AFTER_MS = 5000;

export function createLocalApiClient(deps: {
  readonly socketCandidates: readonly string[];
  readonly mayStart: boolean;
  /** Loaded only when there is a daemon to start, for every command pays for what this file imports. */
  readonly startDaemon: () => StartedDaemon | Promise<StartedDaemon>;
  /** With it a daemon that is older makes room for the one that `startDaemon` starts. */
  readonly version?: string;
  /** Called once that has happened. */
  readonly onReplaced?: () => void;
  /** Says which process the daemon is; without it a suspended daemon can't be told from a slow one. */
  readonly lockFile?: string;
  /** Called once for a call during which the daemon answers nobody, with a sentence that says so; the call goes on. */
  readonly onSilence?: (message: string) => void;
  /** In place of three seconds without an answer, and two more for the daemon to show a sign of life. */
  readonly silence?: { readonly afterMs: number; readonly probeMs: number };
  readonly clock: Clock;
}): LocalApiClient {
  const { clock, lockFile } = deps;

  /** Loaded when it is needed, because every command pays for what this file imports. */
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

  /** Undefined when there is no daemon that started `minAgeMs` ago or earlier. */
  async function explainAbsence(minAgeMs: number): Promise<DaemonUnreachableError | undefined> {
    const [socketPath] = deps.socketCandidates;
    if (lockFile === undefined || socketPath === undefined) return undefined;
    const { describeUnreachable } = await import('../platform/service/unresponsive-daemon.ts');
    return describeUnreachable({ lockFile, socketPath }, { minAgeMs, nowMs: clock.nowMs() });
  }

  /** The answer of the first candidate at which somebody listens. */
  async function send(request: Request, call: Call): Promise<SocketAnswer | undefined> {
    let refusal: DaemonUnreachableError | undefined;
    for (const socketPath of deps.socketCandidates) {
      try {
        const answer = await requestOverSocket({
          socketPath,
          ...request,
          ...call.limits(),
          explainSilence: () => explainSilence(socketPath, call),
          silenceMs: deps.silence?.afterMs,
          // Who may start none would only send the older one away.
          ...(deps.version === undefined || !call.mayStart ? {} : { clientVersion: deps.version }),
        });
        if (answer !== undefined) return answer;
      } catch (error) {
        // `su` keeps XDG_RUNTIME_DIR, so the first socket may be another user's and the next one ours.
        if (!isForeignSocket(error)) throw error;
        refusal ??= error;
      }
    }
    if (refusal !== undefined) throw refusal;
    return undefined;
  }

  async function startAndSend(request: Request, call: Call, refusal?: SocketAnswer): Promise<SocketAnswer> {
    const deadlineMs = clock.nowMs() + Math.min(START_DEADLINE_MS, call.leftMs() ?? START_DEADLINE_MS);
    let started = await deps.startDaemon();
    let startedAtMs = clock.nowMs();
    let lookAtMs = startedAtMs + UNREACHABLE_AFTER_MS;
    let turnedAway = refusal;
    let pollMs = POLL_MS;
    try {
      while (clock.nowMs() < deadlineMs) {
        const answer = await send(request, call).catch((error: unknown) => {
          // Its deadline passed while it was tried once more, and why it is turned away is known.
          if (turnedAway === undefined || codeOf(error) !== 'ETIMEDOUT') forgiveBreak(error);
          return undefined;
        });
        if (answer !== undefined && !isTurnedAway(answer)) return answer;
        turnedAway = answer ?? turnedAway;
        const failure = started.failure();
        if (failure !== undefined) throw errorFromBody(failure);
        if (started.hasEnded() && clock.nowMs() - startedAtMs > RESTART_AFTER_MS) {
          started.release();
          started = await deps.startDaemon();
          startedAtMs = clock.nowMs();
        }
        if (turnedAway === undefined && clock.nowMs() >= lookAtMs) {
          lookAtMs = clock.nowMs() + UNREACHABLE_AFTER_MS;
          const unreachable = await explainAbsence(START_DEADLINE_MS);
          if (unreachable !== undefined) throw unreachable;
        }
        await clock.sleep(pollMs, call.signal);
        pollMs = Math.min(MAX_POLL_MS, pollMs * POLL_GROWTH);
      }
    } finally {
      started.release();
    }
    if (turnedAway !== undefined) return turnedAway;
    const unreachable = await explainAbsence(UNREACHABLE_AFTER_MS);
    if (unreachable !== undefined) throw unreachable;
    throw new DaemonUnreachableError('daemon-not-answering', 'The daemon was started but did not answer in time.', {
      hint: 'rolecall daemon run',
    });
  }

  async function findAndSend(request: Request, call: Call): Promise<SocketAnswer> {
    const answer = await send(request, call);
    if (answer !== undefined && isTurnedAway(answer)) {
      const successors = await startAndSend(request, call, answer);
      if (!isTurnedAway(successors)) deps.onReplaced?.();
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
          // A daemon that was just stopping; asking its successor is safe, for every route can be repeated.
          if (!isBrokenOff(error) || !call.mayStart) throw error;
          return readAnswer(await findAndSend(request, call)) as never;
        }
      } catch (error) {
        // An aborted request says so in Node's words, and not in those of whoever aborted it.
        options.signal?.throwIfAborted();
        if (!SILENCES.has(codeOf(error))) throw describeConnectionFailure(error, options);
        throw (await explainSuspension()) ?? call.silence ?? describeConnectionFailure(error, options);
      }
    },
  };
}

/** What the tries of one call share. */
interface Call {
  readonly mayStart: boolean;
  readonly signal: AbortSignal | undefined;
  readonly failsOnSilence: boolean;
  /** How often the daemon was looked at while it gave no answer. */
  checks: number;
  /** What was said of a daemon that answers nobody. */
  silence?: DaemonUnreachableError | undefined;
  /** Undefined without a deadline. */
  leftMs(): number | undefined;
  limits(): Pick<CallOptions, 'timeoutMs' | 'signal'>;
}

function createCall(options: CallOptions, mayStart: boolean, clock: Clock): Call {
  const { timeoutMs, signal } = options;
  const startedAtMs = clock.nowMs();
  const leftMs = () => (timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - (clock.nowMs() - startedAtMs)));
  return {
    mayStart: mayStart && options.autostart !== false,
    signal,
    failsOnSilence: options.failsOnSilence === true,
    checks: 0,
    leftMs,
    limits() {
      const left = leftMs();
      return { ...(left === undefined ? {} : { timeoutMs: left }), ...(signal === undefined ? {} : { signal }) };
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

/** By a daemon that is older than we are, which has done nothing and leaves. */
function isTurnedAway(answer: SocketAnswer): boolean {
  if (answer.status !== 503) return false;
  try {
    return (JSON.parse(answer.text) as Partial<ErrorBody>).code === 'daemon-version-mismatch';
  } catch {
    return false;
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
/** The last one: the end came amid the headers. */
const BREAKS: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE']);
const isBrokenOff = (error: unknown) => BREAKS.has(codeOf(error));

/** EAGAIN: so many callers wait to be accepted that the kernel takes no more. */
const SILENCES: ReadonlySet<string | undefined> = new Set(['ETIMEDOUT', 'EAGAIN']);

/** While one daemon follows another, whoever is hung up on asks again. */
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
  if (code?.startsWith('HPE_') === true) {
    return new ProtocolError('unusable-response', 'Another program than the daemon answered at its socket.', {
      hint: 'rolecall daemon restart',
      cause: error,
    });
  }
  return error;
}
