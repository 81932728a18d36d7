// One HTTP request over a unix socket, and whether there was a daemon at all.
import { request } from 'node:http';

export interface SocketRequest {
  readonly socketPath: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  /** The whole exchange; absent: as long as it takes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface SocketAnswer {
  readonly status: number;
  readonly text: string;
}

/** Nobody listens at this path: no socket, a stale one, or a file that is none. */
const NOBODY_THERE: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR']);

/** The answer, or undefined when nobody listens; every other failure rejects. */
export function requestOverSocket(options: SocketRequest): Promise<SocketAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: options.socketPath,
        method: options.method,
        path: options.path,
        headers: {
          host: 'localhost',
          accept: 'application/json',
          ...(options.body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(options.body) }),
        },
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    if (options.timeoutMs !== undefined) {
      outgoing.setTimeout(options.timeoutMs, () =>
        outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
      );
    }
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== undefined && NOBODY_THERE.has(error.code)) resolve(undefined);
      else reject(error);
    });
    outgoing.end(options.body);
  });
}
