// What counts as the body of a request, over a real connection.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toFailure } from '../../../src/platform/files/file-error.ts';
import { readBody } from '../../../src/daemon/http/request-body.ts';
import { exchange, formatRequest, openSocket } from '../raw-http.ts';

const server = createServer((request, response) => {
  void readBody(request).then(
    (body) => response.end(JSON.stringify({ body })),
    (error: unknown) => response.end(toFailure(error).code),
  );
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());

async function send(body: string, headers: readonly (readonly [string, string])[]): Promise<string> {
  const request = formatRequest({ method: 'POST', headers: [['Host', 'localhost'], ...headers], body });
  const answer = await exchange({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, request);
  return answer.body.includes('\r\n') ? (answer.body.split('\r\n')[1] ?? '') : answer.body;
}

const JSON_TYPE = ['Content-Type', 'application/json'] as const;
const lengthOf = (body: string) => ['Content-Length', String(body.length)] as const;

describe('a body', () => {
  test.each([
    ['{"a":[1]}', '{"body":{"a":[1]}}'],
    ['null', '{"body":null}'],
    ['\u00EF\u00BB\u00BF{}', '{"body":{}}'],
    ['{"constructor":1}', '{"body":{"constructor":1}}'],
    ['', 'invalid-request'],
    ['{', 'invalid-request'],
    ['{"a":{"__proto__":1}}', 'invalid-request'],
    [String.raw`{"\u005f_proto__":1}`, 'invalid-request'],
    ['{"constructor":{"prototype":1}}', 'invalid-request'],
    ['x'.repeat(64 * 1024 + 1), 'request-too-large'],
  ])('of JSON: %.40s', async (body, expected) => {
    expect(await send(body, [JSON_TYPE, lengthOf(body)])).toBe(expected);
  });

  test.each([
    ['application/json; charset=utf-8', '{"body":{}}'],
    [' Application/JSON', '{"body":{}}'],
    ['text/plain', 'unsupported-media-type'],
    ['application/json, text/plain', 'unsupported-media-type'],
    ['application/x-www-form-urlencoded', 'unsupported-media-type'],
    ['', 'unsupported-media-type'],
  ])('has the type "%s"', async (type, expected) => {
    expect(await send('{}', [['Content-Type', type], lengthOf('{}')])).toBe(expected);
  });

  test('is refused without a type, and may be absent', async () => {
    expect(await send('{}', [lengthOf('{}')])).toBe('unsupported-media-type');
    expect(await send('', [lengthOf('')])).toBe('{}');
    expect(await send('', [])).toBe('{}');
  });

  test('in chunks has the same limit', async () => {
    const chunked = ['Transfer-Encoding', 'chunked'] as const;
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    expect(await send(`${chunk.repeat(5)}0\r\n\r\n`, [JSON_TYPE, chunked])).toBe('request-too-large');
    expect(await send('2\r\n{}\r\n0\r\n\r\n', [JSON_TYPE, chunked])).toBe('{"body":{}}');
  });

  test('is none if the rest of it arrives after the answer that it is late', async () => {
    const late = createServer({ requestTimeout: 100, headersTimeout: 100, connectionsCheckingInterval: 20 });
    late.on('clientError', (_error, socket) => void socket.end('late').resume());
    const { socket, result } = await startBody(late, readBody);
    await once(socket, 'data');
    socket.end('}');
    expect(await result).toBe('invalid-request');
    late.close();
  });

  test('is none if it was cut off before it is read', async () => {
    const other = createServer();
    const { socket, result } = await startBody(other, async (request) => {
      await new Promise((resolve) => request.once('close', resolve));
      return readBody(request);
    });
    socket.destroy();
    expect(await result).toBe('invalid-request');
    other.close();
  });
});

/** Sends the first byte of a body of two. */
async function startBody(
  other: Server,
  read: (request: IncomingMessage) => Promise<unknown>,
): Promise<{ readonly socket: Socket; readonly result: Promise<string> }> {
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const socket = openSocket({ host: '127.0.0.1', port: (other.address() as AddressInfo).port });
  socket.write(
    formatRequest({ method: 'POST', headers: [['Host', 'localhost'], JSON_TYPE, lengthOf('{}')], body: '{' }),
  );
  const [request] = (await once(other, 'request')) as [IncomingMessage];
  return {
    socket,
    result: read(request).then(
      (body) => JSON.stringify(body),
      (error: unknown) => toFailure(error).code,
    ),
  };
}
