// Answers that are not as described are found, whatever is wrong with them.
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { createAnswerValidator, type Answer } from './answer-validator.ts';
import { takeProblems } from './validated-answers.ts';

const validate = createAnswerValidator();

const JSON_TYPE = { 'content-type': 'application/json' } as const;
const ERROR = { code: 'session-not-found', message: 'No sso-session work.', hint: 'rolecall status' } as const;
const HELLO = `id: 1764581400000-0\nevent: current\ndata: null\n\n`;

function answer(parts: Partial<Answer>): Answer {
  return {
    surface: 'socket',
    method: 'GET',
    path: '/v1/current',
    status: 200,
    headers: { ...JSON_TYPE, etag: '"x"' },
    body: 'null',
    ...parts,
  };
}

const signIn = { path: '/v1/sessions/work/sign-in' } as const;
const stream = { path: '/v1/events', headers: { 'content-type': 'text/event-stream' } } as const;

test.each([
  ['an answer as described', {}, []],
  ['an error as described', { ...signIn, status: 404, body: JSON.stringify(ERROR) }, []],
  ['an error of a path that does not exist', { path: '/v1/nope', status: 404, body: JSON.stringify(ERROR) }, []],
  ['a stream as described', { ...stream, body: `: listening\n\n${HELLO}: ping\n\n` }, []],
] as const)('accepts %s', (_name, parts, expected) => {
  expect(validate(answer(parts))).toEqual(expected);
});

test.each([
  ['a path', { path: '/v1/nope' }, /is not described, and its status is 200/],
  ['a status', { status: 418 }, /its status 418 is not described/],
  ['a header', { headers: JSON_TYPE }, /has no header etag/],
  ['a type', { headers: { 'content-type': 'text/html', etag: '"x"' } }, /"text\/html" is not described/],
  ['a body', { body: '{"session":"work"}' }, /must have required property/],
  ['a body where none may be', { ...signIn, method: 'DELETE', status: 204, body: '{}' }, /has a body/],
  [
    'a code',
    { ...signIn, status: 404, body: JSON.stringify({ ...ERROR, code: 'grant-not-found' }) },
    /\/code must be equal to one of/,
  ],
  ['the data of an event', { ...stream, body: HELLO.replace('null', '{}') }, /event current: /],
  ['the name of an event', { ...stream, body: HELLO.replace('current', 'weather') }, /event weather: /],
  ['a line of a stream', { ...stream, body: 'retry: 5\n\n' }, /is no event: retry: 5/],
] as const)('finds %s that is not described', (_name, parts, expected) => {
  expect(validate(answer(parts)).join('\n')).toMatch(expected);
});

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '2' }).end('{}');
});
server.maxHeadersCount = 0;
afterAll(() => server.close());

test('a test in whose process the daemon gives a wrong answer fails', async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await fetch(`http://127.0.0.1:${port}/v1/web-code`, { method: 'POST' }).then((its) => its.text());
  await expect.poll(takeProblems).toEqual(['web POST /v1/web-code: is not described, and its status is 200']);
});
