// HTTP over a unix socket, one answer or a stream of them, and whether there was a daemon at all.
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { DaemonUnreachableError } from '../core/errors.ts';
import { inspectSocket } from '../platform/sockets/private-socket.ts';
import { VERSION_HEADER } from './version-header.ts';

export interface SocketRequest {
  readonly socketPath: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  /** Says who asks, to a daemon that makes room for a newer client. */
  readonly clientVersion?: string;
  /** The whole exchange; absent: as long as it takes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called again and again while no answer comes; the exchange fails with the error that it gives. */
  readonly explainSilence?: (() => Promise<Error | undefined>) | undefined;
  /** Delay before its first call; three seconds when absent. */
  readonly silenceMs?: number | undefined;
}

/** A healthy daemon answers in milliseconds, unless it waits for a person or for AWS. */
const SILENCE_MS = 3000;
const SILENCE_POLL_MS = 1000;

export interface SocketAnswer {
  readonly status: number;
  readonly text: string;
}

/** Nobody listens at this path: no socket, a stale one, a file that is none, or a path too long for a socket. */
const NOBODY_THERE: ReadonlySet<string> = new Set([
  'ENOENT',
  'ECONNREFUSED',
  'ENOTSOCK',
  'ENOTDIR',
  'EINVAL',
  'ENAMETOOLONG',
]);

/**
 * The answer, or undefined when nobody listens; every other failure rejects, with ETIMEDOUT after `timeoutMs`.
 * @throws DaemonUnreachableError foreign-socket: somebody else may listen there, so nothing was sent
 */
export async function requestOverSocket(options: SocketRequest): Promise<SocketAnswer | undefined> {
  const socketPath = findOwnSocket(options.socketPath);
  if (socketPath === undefined) return undefined;
  return new Promise<SocketAnswer | undefined>((resolve, reject) => {
    const to: RequestOptions & { readonly servername: string } = {
      socketPath,
      // There is no TLS here; left to itself Node would work out a name for it, which costs 3 ms of each start.
      servername: '',
      method: options.method,
      path: options.path,
      headers: {
        host: 'localhost',
        accept: 'application/json',
        // RFC 7240: so that the daemon, which may hold a caller for a sign-in, gives its answer before we are gone.
        ...(options.timeoutMs === undefined ? {} : { prefer: `wait=${Math.floor(options.timeoutMs / 1000)}` }),
        ...(options.clientVersion === undefined ? {} : { [VERSION_HEADER]: options.clientVersion }),
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
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    // Not the socket's own timeout, which starts anew with each byte.
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

/** An answer that goes on, once its head has come; undefined when nobody listens. It ends, or breaks, with `signal`. */
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

export function isForeignSocket(error: unknown): error is DaemonUnreachableError {
  return error instanceof DaemonUnreachableError && error.code === 'foreign-socket';
}

/** Where to connect to; undefined when nobody can listen there. @throws DaemonUnreachableError foreign-socket */
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
