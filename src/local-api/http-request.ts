// Sends HTTP requests over a unix socket, for one answer or a stream, and tells whether a daemon listens there.
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { DaemonUnreachableError, ProtocolError } from '../core/errors.ts';
import { inspectSocket } from '../platform/sockets/private-socket.ts';
import { createAnswerReader, NotHttpError, type HttpAnswer } from './http-answer.ts';
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
/** For programs that live longer than one request. */
const CLOSE_AFTER_MS = 20;
const READ_BYTES = 64 * 1024;

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
  const head = [
    `${options.method} ${options.path} HTTP/1.1`,
    'host: localhost',
    'connection: close',
    'accept: application/json',
    `${PROCESS_HEADER}: ${process.ppid}`,
    // RFC 7240: the daemon, which may wait for a sign-in, answers before this client gives up.
    ...(waitSeconds === undefined ? [] : [`prefer: wait=${waitSeconds}`]),
    ...(options.clientVersion === undefined ? [] : [`${VERSION_HEADER}: ${options.clientVersion}`]),
    ...(options.isAtTerminal === true ? [`${TERMINAL_HEADER}: 1`] : []),
    ...(options.body === undefined
      ? []
      : ['content-type: application/json', `content-length: ${Buffer.byteLength(options.body)}`]),
  ];
  return exchange(socketPath, `${head.join('\r\n')}\r\n\r\n${options.body ?? ''}`, options);
}

/** The answer to a request whose bytes are `text`. */
function exchange(
  socketPath: string,
  text: string,
  { timeoutMs, silenceMs = SILENCE_MS, signal, explainSilence }: SocketRequest,
): Promise<SocketAnswer | undefined> {
  return new Promise<SocketAnswer | undefined>((resolve, reject) => {
    const reader = createAnswerReader();
    const socket = connect({ path: socketPath, onread: { buffer: Buffer.allocUnsafe(READ_BYTES), callback: onRead } });
    const fail = (error: Error) => void socket.destroy(error);
    const onAbort = () => {
      socket.destroy();
      reject(signal?.reason as Error);
    };
    // Not the socket's timeout, which restarts with each byte.
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => fail(failure('no answer in time', 'ETIMEDOUT')), timeoutMs);
    let silence: NodeJS.Timeout | undefined;
    const askAboutSilence = () =>
      void explainSilence?.().then((error) => {
        if (error !== undefined) fail(error);
        else if (!socket.destroyed) silence = setTimeout(askAboutSilence, SILENCE_POLL_MS);
      });
    if (explainSilence !== undefined) silence = setTimeout(askAboutSilence, silenceMs);

    /** False stops reading. */
    function onRead(length: number, buffer: Uint8Array): boolean {
      try {
        const answer = reader.read(Buffer.from(buffer.subarray(0, length)));
        if (answer === undefined) return true;
        finish(answer);
      } catch (error) {
        fail(error instanceof NotHttpError ? notOurs(error) : (error as Error));
      }
      return false;
    }

    function stopWaiting(): void {
      clearTimeout(timer);
      clearTimeout(silence);
      signal?.removeEventListener('abort', onAbort);
    }

    function finish(answer: HttpAnswer): void {
      stopWaiting();
      // Closing the socket takes a millisecond, and a command ends before that.
      socket.unref();
      setTimeout(() => socket.destroy(), CLOSE_AFTER_MS).unref();
      resolve(toSocketAnswer(answer));
    }

    socket.on('end', () => {
      const answer = reader.end();
      if (answer === undefined) fail(failure('the connection ended within the answer', 'ECONNRESET'));
      else finish(answer);
    });
    socket.on('error', (error) => settleFailure(error, resolve, reject));
    socket.on('close', stopWaiting);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    socket.write(text);
  });
}

function failure(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

function notOurs(cause: NotHttpError): ProtocolError {
  return new ProtocolError('unusable-response', "Another program is listening at the daemon's socket.", {
    hint: 'rolecall daemon restart',
    cause,
  });
}

function toSocketAnswer({ status, text, headers }: HttpAnswer): SocketAnswer {
  const stays = headers.get(STAYS_HEADER);
  // The daemon's are whole seconds.
  const [seconds] = /^\d{1,6}$/.exec(headers.get('retry-after') ?? '') ?? [];
  return {
    status,
    text,
    ...(stays === undefined ? {} : { stays }),
    ...(seconds === undefined ? {} : { retryAfterMs: Number(seconds) * 1000 }),
  };
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
  // As of Node 24, importing this loads a client for web sockets, which takes longer than all else that a command loads.
  const { request } = await import('node:http');
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
