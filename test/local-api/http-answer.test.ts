// Reading an HTTP answer, whole and byte by byte.
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createAnswerReader, NotHttpError, type HttpAnswer } from '../../src/local-api/http-answer.ts';

/** The answer when the bytes arrive at once, which must be the same as when each arrives alone. */
function read(bytes: Buffer | string, { ends = false } = {}): HttpAnswer | undefined {
  const all = Buffer.from(bytes);
  const [whole, slow] = [createAnswerReader(), createAnswerReader()];
  const answer = whole.read(all) ?? (ends ? whole.end() : undefined);
  let same: HttpAnswer | undefined;
  for (const byte of all) same ??= slow.read(Buffer.from([byte]));
  same ??= ends ? slow.end() : undefined;
  expect(same).toEqual(answer);
  return answer;
}

const bodyOf = (bytes: Buffer | string, how = {}) => read(bytes, how)?.text;

test('reads status, headers and a body of a given length', () => {
  const text = '{"a":"ü"}';
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Empty:\r\ncontent-length: ${Buffer.byteLength(text)}`;
  expect(read(`${head}\r\n\r\n${text}`)).toEqual({
    status: 200,
    headers: new Map([
      ['content-type', 'application/json'],
      ['x-empty', ''],
      ['content-length', '10'],
    ]),
    text,
  });
  expect(bodyOf(`${head}\r\n\r\n${text} and more`)).toBe(text);
});

test('reads chunks of any size, with extensions and trailers', () => {
  const head = 'HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n';
  expect(bodyOf(`${head}5\r\nhello\r\nA;x=y\r\n, 123\r\n456\r\n0\r\n\r\n`)).toBe('hello, 123\r\n456');
  expect(bodyOf(`${head}1\r\n\u0061\r\n0\r\nTrailer: 1\r\n\r\nrest`)).toBe('a');
  expect(bodyOf(`${head}0\r\n\r\n`)).toBe('');
});

test('reads until the connection ends if nothing else tells the length', () => {
  expect(bodyOf('HTTP/1.0 200 OK\r\n\r\nall of it', { ends: true })).toBe('all of it');
  expect(bodyOf('HTTP/1.0 200 OK\r\n\r\nall of it')).toBeUndefined();
});

test('an answer without a body, and one after an interim answer', () => {
  expect(bodyOf('HTTP/1.1 204 No Content\r\n\r\n')).toBe('');
  expect(bodyOf('HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n')).toBe('');
  expect(bodyOf('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')).toBe('ok');
});

test('an answer that breaks off is none', () => {
  for (const broken of [
    '',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"pid"',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n',
  ]) {
    expect(read(broken, { ends: true }), broken).toBeUndefined();
  }
});

test('refuses everything that is not HTTP', () => {
  for (const other of [
    'SSH-2.0-OpenSSH_10\r\n',
    'H2TP',
    'HTTP/1.1 ok\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`,
    'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}',
    'HTTP/1.1 200 OK\r\ncontent-length: 12\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno header\r\ncontent-length: 2\r\n\r\n{}',
    'HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\n{}',
    'HTTP/1.1 200 OK\r\nx: 1\r\n folded: 2\r\n\r\n',
    'HTTP/1.1 200 OK\r\nrolecall-stays: \u001b[2J\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}?\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n100000000\r\n',
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'1'.repeat(20_000)}`,
  ]) {
    expect(() => createAnswerReader().read(Buffer.from(other)), other).toThrow(NotHttpError);
  }
});

test('joins the values of a repeated header', () => {
  const answer = read('HTTP/1.1 200 OK\r\nA: 1\r\na:\t2 \r\ncontent-length: 0\r\n\r\n');
  expect(answer?.headers.get('a')).toBe('1, 2');
});

test.each([
  ['interim answers', '', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['a body', 'HTTP/1.1 200 OK\r\n\r\n', 'x'],
  ['trailers', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n', 'A: 1\r\n'],
])('refuses an answer of which %s never end', (_what, start, more) => {
  const reader = createAnswerReader();
  const megabyte = Buffer.from(more.repeat(Math.ceil(2 ** 20 / more.length)));
  reader.read(Buffer.from(start));
  expect(() => {
    for (let count = 0; count < 129; count += 1) expect(reader.read(megabyte)).toBeUndefined();
  }).toThrow(NotHttpError);
});

test("reads what Node's server sends", async () => {
  const long = 'ö'.repeat(100_000);
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/sized': (response) => response.writeHead(200, { 'content-length': Buffer.byteLength(long) }).end(long),
    '/chunked': (response) => {
      response.write(long.slice(0, 1));
      response.end(long.slice(1));
    },
    '/none': (response) => response.writeHead(204).end(),
  };
  const listener: RequestListener = (request, response) => answers[request.url ?? '']?.(response);
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const texts = await Promise.all(Object.keys(answers).map((path) => ask(port, path)));
    expect(texts.map((text) => text === long || text)).toEqual([true, true, '']);
  } finally {
    server.close();
  }
});

function ask(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = createAnswerReader();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject).on('data', (bytes) => {
      const answer = reader.read(bytes);
      if (answer === undefined) return;
      socket.destroy();
      resolve(answer.text);
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  });
}
