// The order of requests that arrive on one connection before the earlier ones are answered, over a real connection.
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runInOrder } from '../../../src/daemon/http/request-order.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { openSocket } from '../raw-http.ts';

let server: Server;
let listener: RequestListener;
/** The targets of the requests that reached the listener, with their responses. */
let ran: { readonly target: string; readonly response: ServerResponse }[];
/** How often the response to each request was closed, in the order of their arrival. */
let closes: number[];

beforeEach(async () => {
  ran = [];
  const own: number[] = [];
  closes = own;
  listener = () => undefined;
  server = createServer();
  server.on('request', (_request, response) => {
    const index = own.push(0) - 1;
    response.on('close', () => (own[index] = (own[index] ?? 0) + 1));
  });
  server.on('clientError', (_error, socket) => void socket.end('not HTTP').resume());
  server.on(
    'request',
    runInOrder((request, response) => {
      ran.push({ target: request.url ?? '', response });
      listener(request, response);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

function send(text: string): { readonly socket: Socket; received(): string } {
  let received = '';
  const socket = openSocket({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.write(text);
  return { socket, received: () => received };
}

/** Each once, because whatever counts unanswered requests counts these. */
const areClosed = () => closes.length > 0 && closes.every((count) => count === 1);
const targets = () => ran.map(({ target }) => target);

test('a request runs once the earlier ones of its connection are answered', async () => {
  const { received } = send(get('/1') + get('/2') + get('/3'));
  const other = send(get('/other'));
  await waitFor('both connections', () => ran.length === 2 && closes.length === 4);
  expect(targets().toSorted()).toEqual(['/1', '/other']);
  for (const target of ['/1', '/2', '/3']) {
    await waitFor(target, () => targets().includes(target));
    ran.find((one) => one.target === target)?.response.end(`body of ${target};`);
  }
  await waitFor('all answers', () => received().includes('body of /3;'));
  expect(received().match(/body of [^;]*/g)).toEqual(['body of /1', 'body of /2', 'body of /3']);
  other.socket.destroy();
});

test('no request runs after an answer that closes its connection', async () => {
  listener = (_request, response) => response.writeHead(415, { connection: 'close' }).end();
  const { socket } = send(get('/1') + get('/2'));
  await waitFor('the end', () => socket.closed);
  await waitFor('the closed responses', areClosed);
  expect(targets()).toEqual(['/1']);
});

test('no request runs after an answer to bytes that are no request', async () => {
  const { socket } = send(`${get('/1')}${get('/2')}${get('/3')}garbage\r\n\r\n`);
  await waitFor('the requests', () => closes.length === 3);
  ran[0]?.response.end();
  await waitFor('the end', () => socket.closed);
  await waitFor('the closed responses', areClosed);
  expect(targets()).toEqual(['/1']);
});

test('of a connection that breaks off, no request is left waiting', async () => {
  const { socket } = send(get('/1') + get('/2').repeat(5));
  await waitFor('the requests', () => closes.length === 6);
  socket.destroy();
  await waitFor('the closed responses', areClosed);
  expect(targets()).toEqual(['/1']);
});

test('closes a connection on which too many requests wait, and serves the others', async () => {
  const { socket } = send(get('/1') + get('/2').repeat(1000));
  await waitFor('the end', () => socket.closed);
  await waitFor('the closed responses', areClosed);
  expect(targets()).toEqual(['/1']);
  listener = (_request, response) => response.end('served');
  const { received } = send(get('/other'));
  await waitFor('an answer', () => received().includes('served'));
});
