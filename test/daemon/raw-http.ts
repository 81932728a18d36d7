// Sends bytes over a real socket and reads the answer: an HTTP client would correct the requests that a guard has to refuse.
import { connect, type NetConnectOpts, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** Lower-case names; the last value of a repeated name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** All received bytes. */
  readonly text: string;
}

const DEADLINE_MS = 30_000;

/** Sends `bytes` and reads until the other side closes, so the request needs `Connection: close`. */
export async function exchange(target: NetConnectOpts, bytes: string | Buffer): Promise<RawAnswer> {
  return parseAnswer(await readAll(openSocket(target), bytes));
}

export function openSocket(target: NetConnectOpts): Socket {
  return connect(target).setTimeout(DEADLINE_MS);
}

function readAll(socket: Socket, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('timeout', () => {
      socket.destroy(new Error(`no end of the answer within ${DEADLINE_MS} ms: ${Buffer.concat(chunks).toString()}`));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A server that refuses a long request may close the connection before all of it is sent.
      if (!['ECONNRESET', 'EPIPE'].includes(error.code ?? '')) reject(error);
    });
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
    socket.write(bytes, 'latin1');
  });
}

/** The parts of a whole answer. */
export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end === -1 ? text.length : end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers,
    body: end === -1 ? '' : text.slice(end + 4),
    text,
  };
}

export interface RawRequest {
  readonly method?: string;
  readonly target?: string;
  readonly version?: '1.0' | '1.1';
  /** Sent in this order, repeated ones too. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

/** Formats a request exactly as given, plus `Connection: close`. */
export function formatRequest(request: RawRequest): string {
  const { method = 'GET', target = '/v1/status', version = '1.1', headers = [], body = '' } = request;
  const lines = [...headers, ['Connection', 'close'] as const].map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/${version}\r\n${lines.join('')}\r\n${body}`;
}
