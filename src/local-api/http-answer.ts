// Reads one HTTP/1.1 answer from the bytes of a connection. Loading node:http would take a quarter of the time of `rolecall status`.

export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case; the values of a repeated header are joined with commas. */
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

/** As in Node; with interim answers, and of all trailers. The daemon's answers have a few hundred bytes of headers. */
const MAX_HEAD_BYTES = 16 * 1024;
/** Far above the longest list of roles. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;
const HEAD_END = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: |$)/;
/** As in Node's parser: a token, a colon, and a value without controls. */
const HEADER_LINE = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\u0000-\u0008\u000a-\u001f\u007f]*)$/;
/** As much as an answer may start with before it is clear that it is none. */
const SHORTEST_PROOF = 'HTTP/1.';
/** Without a body, whatever the headers say (RFC 9112, section 6.3). */
const BODYLESS: ReadonlySet<number> = new Set([204, 304]);

/** A reader for the answer to one request that is not HEAD. */
export function createAnswerReader(): AnswerReader {
  let unread: Buffer = Buffer.alloc(0);
  let head: Pick<HttpAnswer, 'status' | 'headers'> | undefined;
  let body: Body | undefined;
  let receivedBytes = 0;
  let headBytes = 0;

  function readHead(): void {
    while (head === undefined) {
      const end = unread.indexOf(HEAD_END, 0, 'latin1');
      const length = end === -1 ? unread.length : end;
      const start = unread.toString('latin1', 0, Math.min(length, SHORTEST_PROOF.length));
      if (!SHORTEST_PROOF.startsWith(start) || headBytes + length > MAX_HEAD_BYTES) {
        throw new NotHttpError('not HTTP');
      }
      if (end === -1) return;
      headBytes += length + HEAD_END.length;
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
      receivedBytes += bytes.length;
      if (receivedBytes > MAX_ANSWER_BYTES) throw new NotHttpError('an answer without an end');
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
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined) throw new NotHttpError('a line that is no header');
    const key = name.toLowerCase();
    const earlier = headers.get(key);
    headers.set(key, earlier === undefined ? value.trimEnd() : `${earlier}, ${value.trimEnd()}`);
  }
  return { status: Number(status), headers };
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
  const length = headers.get('content-length');
  const encoding = headers.get('transfer-encoding')?.toLowerCase();
  if (encoding === 'chunked' && length === undefined) return createChunkedBody();
  if (encoding !== undefined) throw new NotHttpError('two lengths, or an unknown encoding');
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
  /** Bytes that the current chunk still lacks. */
  let missing = 0;
  let trailerBytes = 0;
  let next: 'size' | 'line end' | 'trailer' | 'nothing' = 'size';

  function takeLine(): string | undefined {
    const end = unread.indexOf('\r\n', 0, 'latin1');
    if ((end === -1 ? unread.length : end) > MAX_HEAD_BYTES) throw new NotHttpError('a chunk without a size');
    if (end === -1) return undefined;
    const line = unread.toString('latin1', 0, end);
    unread = unread.subarray(end + 2);
    return line;
  }

  function readLine(line: string): void {
    if (next === 'size') {
      const [, size] = /^([\da-f]{1,8})[ \t]*(?:;|$)/i.exec(line) ?? [];
      if (size === undefined) throw new NotHttpError('a chunk without a size');
      missing = Number.parseInt(size, 16);
      next = missing === 0 ? 'trailer' : 'line end';
    } else if (next === 'line end') {
      if (line !== '') throw new NotHttpError('a chunk that is longer than its size');
      next = 'size';
    } else if (line === '') {
      next = 'nothing';
    } else {
      trailerBytes += line.length;
      if (trailerBytes > MAX_HEAD_BYTES) throw new NotHttpError('trailers without an end');
    }
  }

  return {
    parts,
    lastsUntilEnd: false,
    isWhole: () => next === 'nothing',
    add(bytes) {
      unread = unread.length === 0 ? bytes : Buffer.concat([unread, bytes]);
      while (next !== 'nothing') {
        if (missing > 0) {
          const part = unread.subarray(0, missing);
          parts.push(part);
          missing -= part.length;
          unread = unread.subarray(part.length);
          if (missing > 0) return;
        }
        const line = takeLine();
        if (line === undefined) return;
        readLine(line);
      }
    },
  };
}
