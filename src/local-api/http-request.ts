// Sends HTTP requests over a unix socket, for one answer or a stream, and tells whether a daemon listens there.
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { DaemonUnreachableError, ProtocolError } from '../core/errors.ts';
import { inspectSocket } from '../platform/sockets/private-socket.ts';
import { PROCESS_HEADER, STAYS_HEADER, TERMINAL_HEADER, VERSION_HEADER } from './version.ts';

export interface SocketRequest {
  readonly socketPath: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  /** The client's version: an older daemon stops so that a newer one can start. */
  readonly clientVersion?: string;
  /** A person has typed the command. */
  readonly isAtTerminal?: boolean;
  /** For the whole exchange; absent: no limit. */
  readonly timeoutMs?: number;
  /** How long the daemon may wait for AWS or for a person; as long as `timeoutMs` if absent. */
  readonly waitSeconds?: number;
  readonly signal?: AbortSignal;
  /** Called repeatedly while there is no answer; the exchange fails with the error that it returns. */
  readonly explainSilence?: (() => Promise<Error | undefined>) | undefined;
  /** Delay before its first call; three seconds if absent. */
  readonly silenceMs?: number | undefined;
}

/** A healthy daemon answers within milliseconds, unless it waits for a person or for AWS. */
const SILENCE_MS = 3000;
const SILENCE_POLL_MS = 1000;

export interface SocketAnswer {
  readonly status: number;
  readonly text: string;
  /** Retry-After, if the daemon says when to ask again. */
  readonly retryAfterMs?: number;
  /** Why the daemon, which is older than the client, has not stopped. */
  readonly stays?: string;
}

/** Errors after which no process listens at the path: no socket, a stale one, another file, or a path that is too long. */
const NOBODY_THERE: ReadonlySet<string> = new Set([
  'ENOENT',
  'ECONNREFUSED',
  'ENOTSOCK',
  'ENOTDIR',
  'EINVAL',
  'ENAMETOOLONG',
]);

/**
 * The answer, or undefined if no process listens. Rejects on every other failure, with ETIMEDOUT after `timeoutMs`.
 * @throws DaemonUnreachableError foreign-socket: another user may listen there, so nothing was sent
 */
export async function requestOverSocket(options: SocketRequest): Promise<SocketAnswer | undefined> {
  const socketPath = findOwnSocket(options.socketPath);
  if (socketPath === undefined) return undefined;
  const { timeoutMs } = options;
  const waitSeconds = options.waitSeconds ?? (timeoutMs === undefined ? undefined : Math.floor(timeoutMs / 1000));
  return new Promise<SocketAnswer | undefined>((resolve, reject) => {
    const to: RequestOptions & { readonly servername: string } = {
      socketPath,
      // Without it Node would compute a TLS server name, which takes 3 ms of each start, although there is no TLS.
      servername: '',
      method: options.method,
      path: options.path,
      headers: {
        host: 'localhost',
        accept: 'application/json',
        [PROCESS_HEADER]: process.ppid,
        // RFC 7240: the daemon, which may wait for a sign-in, answers before this client gives up.
        ...(waitSeconds === undefined ? {} : { prefer: `wait=${waitSeconds}` }),
        ...(options.clientVersion === undefined ? {} : { [VERSION_HEADER]: options.clientVersion }),
        ...(options.isAtTerminal === true ? { [TERMINAL_HEADER]: '1' } : {}),
        ...(options.body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(options.body) }),
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    const outgoing = request(to, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', (error) => reject(error));
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          text: Buffer.concat(chunks).toString('utf8'),
          ...readStays(incoming.headers[STAYS_HEADER]),
          ...readRetryAfter(incoming),
        }),
      );
    });
    // Not the socket's timeout, which restarts with each byte.
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
          }, options.timeoutMs);
    const { explainSilence } = options;
    let silence: NodeJS.Timeout | undefined;
    const askAboutSilence = () =>
      void explainSilence?.().then((error) => {
        if (error !== undefined) outgoing.destroy(error);
        else if (!outgoing.closed) silence = setTimeout(askAboutSilence, SILENCE_POLL_MS);
      });
    if (explainSilence !== undefined) silence = setTimeout(askAboutSilence, options.silenceMs ?? SILENCE_MS);
    outgoing.on('error', (error) => settleFailure(error, resolve, reject));
    outgoing.on('close', () => {
      clearTimeout(timer);
      clearTimeout(silence);
    });
    outgoing.end(options.body);
  });
}

function readStays(value: string | string[] | undefined): Pick<SocketAnswer, 'stays'> {
  return typeof value === 'string' ? { stays: value } : {};
}

/** The daemon's are whole seconds. */
function readRetryAfter({ headers }: IncomingMessage): Pick<SocketAnswer, 'retryAfterMs'> {
  const [seconds] = /^\d{1,6}$/.exec(headers['retry-after'] ?? '') ?? [];
  return seconds === undefined ? {} : { retryAfterMs: Number(seconds) * 1000 };
}

/** A streamed answer, once its headers have arrived; undefined if no process listens. It ends or fails when `signal` aborts. */
export async function openStreamOverSocket(options: {
  readonly socketPath: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): Promise<IncomingMessage | undefined> {
  const socketPath = findOwnSocket(options.socketPath);
  if (socketPath === undefined) return undefined;
  return new Promise((resolve, reject) => {
    const { path, signal } = options;
    const outgoing = request({ socketPath, path, signal, headers: { host: 'localhost', ...options.headers } }, resolve);
    outgoing.on('error', (error) => settleFailure(error, resolve, reject));
    outgoing.end();
  });
}

/**
 * Whether the daemon answers anything within `timeoutMs`; one that waits for AWS or for a person still does.
 * Any failure but a timeout counts as an answer.
 */
export async function isAnswering(socketPath: string, timeoutMs: number): Promise<boolean> {
  try {
    // No such route exists, so the answer needs no lookup.
    await requestOverSocket({ socketPath, method: 'GET', path: '/', timeoutMs });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ETIMEDOUT';
  }
}

/**
 * The result for the first candidate at which a process listens; undefined if none listens anywhere.
 * @throws DaemonUnreachableError foreign-socket: none of ours listens, and another user may at one of them
 */
export async function findListening<T>(
  socketCandidates: readonly string[],
  ask: (socketPath: string) => Promise<T | undefined>,
): Promise<T | undefined> {
  let refusal: DaemonUnreachableError | undefined;
  for (const socketPath of socketCandidates) {
    try {
      const answer = await ask(socketPath);
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

/** For an answer that JSON.parse refused with `cause`. */
export function answerIsNotJson(cause: unknown): ProtocolError {
  return new ProtocolError('unusable-response', "The daemon's answer is not JSON.", {
    hint: 'rolecall daemon restart',
    cause,
  });
}

function isForeignSocket(error: unknown): error is DaemonUnreachableError {
  return error instanceof DaemonUnreachableError && error.code === 'foreign-socket';
}

/** The path to connect to; undefined if no process can listen there. @throws DaemonUnreachableError foreign-socket */
function findOwnSocket(path: string): string | undefined {
  const found = inspectSocket(path, process.geteuid?.() ?? -1, process.env['HOME']);
  if (found.state === 'foreign') {
    throw new DaemonUnreachableError('foreign-socket', found.message, { hint: found.hint });
  }
  return found.state === 'ours' ? found.path : undefined;
}

function settleFailure(
  error: NodeJS.ErrnoException,
  resolve: (nobody: undefined) => void,
  reject: (error: Error) => void,
): void {
  if (error.code !== undefined && NOBODY_THERE.has(error.code)) resolve(undefined);
  else reject(error);
}
