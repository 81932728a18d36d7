// HTTP as handlers see it: a completely read request, and a reply with a text body.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { LoopbackConnection } from '../../platform/sockets/loopback-peer.ts';
import type { Operation } from './operations.ts';
import type { RecordedAssumeRole } from './request-log.ts';

export interface HttpRequest {
  readonly method: string;
  /** Without the query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Undefined when the caller has closed it. */
  readonly connection: LoopbackConnection | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Route {
  readonly method: string;
  /** `{name}` matches one segment. */
  readonly path: string;
  /** The AWS operation, or a function that finds it. Operations are counted and can get faults. */
  readonly operation?: Operation | ((request: HttpRequest) => Operation);
  /** What the call is about (grant, account, role), never a secret; used by counters and faults. */
  readonly detailOf?: (request: HttpRequest) => string | undefined;
  /** Its parameters for the record of requests, without secrets. */
  readonly assumeRoleOf?: (request: HttpRequest) => RecordedAssumeRole | undefined;
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

/** @throws BodyTooLargeError: the body is larger than `limitBytes` */
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

/** The parameters if `path` matches `pattern`, else undefined. Invalid percent-encoding never matches. */
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
