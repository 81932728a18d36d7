// Makes a test fail when a daemon in this process gives an answer that its OpenAPI document does not describe.
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { afterAll, afterEach, expect, inject } from 'vitest';
import type { SurfaceName } from '../../src/local-api/routes.ts';
import { createAnswerValidator, type Answer } from './answer-validator.ts';

/** What the test files of one process share: Node tells every subscriber of all servers. */
interface Watch {
  readonly problems: string[];
  validated: number;
}

const KEY = Symbol.for('rolecall: validated answers');
const shared = globalThis as { [KEY]?: Watch };
const watch = shared[KEY] ?? startWatching();

/** Forgets the problems so far and returns them, for tests of this file. */
export function takeProblems(): string[] {
  return watch.problems.splice(0);
}

afterEach(() => {
  expect(takeProblems(), 'these answers are not as in schemas/openapi-*.json').toEqual([]);
});

afterAll(() => {
  expect(takeProblems(), 'these answers are not as in schemas/openapi-*.json').toEqual([]);
  if (watch.validated > 0) appendFileSync(inject('answerCounts'), `${watch.validated}\n`);
  watch.validated = 0;
});

function startWatching(): Watch {
  const started: Watch = { problems: [], validated: 0 };
  shared[KEY] = started;
  const validate = createAnswerValidator();
  subscribe('http.server.request.start', (message) => {
    const { request, response, server } = message as {
      request: IncomingMessage;
      response: ServerResponse;
      server: Server;
    };
    const surface = findSurface(request.url ?? '', server);
    if (surface === undefined) return;
    const readBody = collectBody(response);
    response.once('close', () => {
      const answer = describeAnswer(surface, request, response, readBody());
      if (answer === undefined) return;
      started.validated += 1;
      const problems = validate(answer).map((problem) => `${surface} ${answer.method} ${answer.path}: ${problem}`);
      started.problems.push(...problems);
    });
  });
  return started;
}

/** Undefined for a server that is none of the daemon's, such as the emulator and stand-ins, and for the files of the page. */
function findSurface(url: string, server: Server): SurfaceName | undefined {
  // The daemon's own servers alone have no limit on headers.
  if (server.maxHeadersCount !== 0) return undefined;
  const address = server.address();
  const isOfGrant = typeof address === 'string' && address.endsWith('/role.sock');
  if (url.startsWith('/container/') || isOfGrant) return 'container';
  if (!url.startsWith('/v1/')) return undefined;
  return typeof address === 'string' ? 'socket' : 'web';
}

function collectBody(response: ServerResponse): () => string {
  const chunks: Buffer[] = [];
  const take = (chunk: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string));
  };
  const write = response.write.bind(response) as (...args: unknown[]) => boolean;
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  response.write = (...args: unknown[]) => {
    take(args[0]);
    return write(...args);
  };
  response.end = (...args: unknown[]) => {
    take(args[0]);
    return end(...args);
  };
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Undefined if the caller hung up before all of it was sent. A stream counts with what was sent. */
function describeAnswer(
  surface: SurfaceName,
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): Answer | undefined {
  // `getHeaders` does not have those that `writeHead` got.
  const { _header: head } = response as unknown as { readonly _header: string | null };
  if (head === null) return undefined;
  const lines = head.split('\r\n').slice(1);
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  if (!response.writableFinished && headers['content-type'] !== 'text/event-stream') return undefined;
  const [path = ''] = (request.url ?? '').split('?');
  return { surface, method: request.method ?? '', path, status: response.statusCode, headers, body };
}
