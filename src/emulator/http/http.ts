// What a handler of the emulator sees of HTTP: a request that was read to its end, and a reply that is plain text.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { LoopbackConnection } from '../../platform/sockets/loopback-peer.ts';
import type { Operation } from './operations.ts';

export interface HttpRequest {
  readonly method: string;
  /** Without the query, percent-encoding as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Absent when the caller has closed it. */
  readonly connection: LoopbackConnection | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Route {
  readonly method: string;
  /** One `{name}` stands for one segment. */
  readonly path: string;
  /** AWS's name of the call, or how a request tells it; what has one is counted and can be made to fail. */
  readonly operation?: Operation | ((request: HttpRequest) => Operation);
  /** What the call is about (grant, account, role), never a secret: counted and matched by faults. */
  readonly detailOf?: (request: HttpRequest) => string | undefined;
  readonly bodyLimitBytes?: number;
  handle(request: HttpRequest, parameters: Readonly<Record<string, string>>): Reply | Promise<Reply>;
}

export class BodyTooLargeError extends Error {}

export function jsonReply(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

export function xmlReply(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

/** @throws BodyTooLargeError when more than `limitBytes` come in */
export async function readBody(message: IncomingMessage, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw new BodyTooLargeError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The parameters when `path` fits `pattern`, else undefined. A segment that is no valid percent-encoding does not fit. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name === undefined) {
      if (segment !== value) return undefined;
      continue;
    }
    try {
      parameters[name] = decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return parameters;
}
