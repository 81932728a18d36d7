// Reads one HTTP/1.1 answer from the bytes of a connection. Loading node:http would take a quarter of the time of `rolecall status`.

export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case; of a repeated header the last one. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

export interface AnswerReader {
  /** The answer, once it is whole. @throws NotHttpError: this is no answer of an HTTP server */
  read(bytes: Buffer): HttpAnswer | undefined;
  /** The answer if it lasts until the connection ends; undefined if it broke off. */
  end(): HttpAnswer | undefined;
}

/** Another protocol is spoken here. */
export class NotHttpError extends Error {
  override readonly name = 'NotHttpError';
}

/** As in Node. The daemon's answers have a few hundred bytes of headers. */
const MAX_HEAD_BYTES = 16 * 1024;
const HEAD_END = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: |$)/;
/** As much as an answer may start with before it is clear that it is none. */
const SHORTEST_PROOF = 'HTTP/1.';
/** Without a body, whatever the headers say (RFC 9112, section 6.3). */
const BODYLESS: ReadonlySet<number> = new Set([204, 304]);

/** A reader for the answer to one request that is not HEAD. */
export function createAnswerReader(): AnswerReader {
  let unread: Buffer = Buffer.alloc(0);
  let head: Pick<HttpAnswer, 'status' | 'headers'> | undefined;
  let body: Body | undefined;

  function readHead(): void {
    while (head === undefined) {
      const end = unread.indexOf(HEAD_END, 0, 'latin1');
      const length = end === -1 ? unread.length : end;
      const start = unread.toString('latin1', 0, Math.min(length, SHORTEST_PROOF.length));
      if (!SHORTEST_PROOF.startsWith(start) || length > MAX_HEAD_BYTES) throw new NotHttpError('not HTTP');
      if (end === -1) return;
      const found = parseHead(unread.toString('latin1', 0, end));
      unread = unread.subarray(end + HEAD_END.length);
      // Interim answers (1xx) come before the answer itself.
      if (found.status >= 200) head = found;
    }
  }

  function toAnswer({ parts }: Body): HttpAnswer | undefined {
    return head && { ...head, text: Buffer.concat(parts).toString('utf8') };
  }

  return {
    read(bytes) {
      if (body === undefined) {
        unread = unread.length === 0 ? bytes : Buffer.concat([unread, bytes]);
        readHead();
        if (head === undefined) return undefined;
        body = createBody(head);
        body.add(unread);
      } else {
        body.add(bytes);
      }
      return body.isWhole() ? toAnswer(body) : undefined;
    },
    end: () => (body?.lastsUntilEnd === true ? toAnswer(body) : undefined),
  };
}

function parseHead(text: string): Pick<HttpAnswer, 'status' | 'headers'> {
  const [first = '', ...lines] = text.split('\r\n');
  const [, status] = STATUS_LINE.exec(first) ?? [];
  if (status === undefined) throw new NotHttpError('not HTTP');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, Math.max(0, colon)).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(status), headers: new Map(headers) };
}

interface Body {
  readonly parts: readonly Buffer[];
  /** Whether only the end of the connection ends it. */
  readonly lastsUntilEnd: boolean;
  add(bytes: Buffer): void;
  isWhole(): boolean;
}

function createBody({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>): Body {
  if (BODYLESS.has(status)) return createSizedBody(0);
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return createChunkedBody();
  const length = headers.get('content-length');
  if (length === undefined) return createSizedBody(Number.POSITIVE_INFINITY);
  if (!/^\d{1,15}$/.test(length)) throw new NotHttpError('a length that is no number');
  return createSizedBody(Number(length));
}

function createSizedBody(length: number): Body {
  const parts: Buffer[] = [];
  let missing = length;
  return {
    parts,
    lastsUntilEnd: length === Number.POSITIVE_INFINITY,
    add(bytes) {
      const own = bytes.subarray(0, missing);
      missing -= own.length;
      parts.push(own);
    },
    isWhole: () => missing === 0,
  };
}

/** RFC 9112, section 7.1: chunks with their sizes, then trailers, which are ignored. */
function createChunkedBody(): Body {
  const parts: Buffer[] = [];
  let unread: Buffer = Buffer.alloc(0);
  /** Bytes that the current chunk still lacks, with the line end after it. */
  let missing = 0;
  let isLast = false;
  let isWhole = false;

  function takeLine(): string | undefined {
    const end = unread.indexOf('\r\n', 0, 'latin1');
    if ((end === -1 ? unread.length : end) > MAX_HEAD_BYTES) throw new NotHttpError('a chunk without a size');
    if (end === -1) return undefined;
    const line = unread.toString('latin1', 0, end);
    unread = unread.subarray(end + 2);
    return line;
  }

  return {
    parts,
    lastsUntilEnd: false,
    isWhole: () => isWhole,
    add(bytes) {
      unread = unread.length === 0 ? bytes : Buffer.concat([unread, bytes]);
      while (!isWhole) {
        if (missing > 0) {
          const part = unread.subarray(0, missing);
          if (missing > 2) parts.push(part.subarray(0, missing - 2));
          missing -= part.length;
          unread = unread.subarray(part.length);
          if (missing > 0) return;
        }
        const line = takeLine();
        if (line === undefined) return;
        if (isLast) {
          isWhole = line === '';
        } else {
          const [, size] = /^([\da-f]{1,8})[ \t]*(?:;|$)/i.exec(line) ?? [];
          if (size === undefined) throw new NotHttpError('a chunk without a size');
          const bytesInChunk = Number.parseInt(size, 16);
          isLast = bytesInChunk === 0;
          missing = isLast ? 0 : bytesInChunk + 2;
        }
      }
    },
  };
}
