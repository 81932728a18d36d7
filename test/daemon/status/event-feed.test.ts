// The event feed alone: listeners that read late, and snapshots that fail.
import { createServer, get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createChanges } from '../../../src/daemon/process/changes.ts';
import { createEventFeed } from '../../../src/daemon/status/event-feed.ts';
import type { StatusDocument } from '../../../src/local-api/schemas.ts';
import { aSession, aStatus } from '../../helpers/documents.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function createFeed(first: StatusDocument) {
  const changes = createChanges();
  const logLines: string[] = [];
  const now: { status: StatusDocument; failure?: Error } = { status: first };
  const feed = createEventFeed({
    takeSnapshot: async () => {
      if (now.failure !== undefined) throw now.failure;
      return { status: now.status, signIns: new Map(), approvals: { approvals: [] }, roles: undefined };
    },
    collect: async () => undefined,
    changes,
    startedAtMs: 1,
    clock: createFakeClock(),
    log: (_level, message) => void logLines.push(message),
  });
  const home = createTemporaryHome();
  const socketPath = join(home.path, 'feed.sock');
  const server = createServer((_request, response) => {
    void feed.handlers
      .events(
        {},
        {
          surface: 'socket',
          lastEventId: undefined,
          waitBudgetMs: undefined,
          processId: undefined,
          gone: () => AbortSignal.abort(),
          program: async () => undefined,
        },
      )
      .then((attach) => {
        response.writeHead(200);
        attach(response);
      });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  cleanUps.push(async () => {
    await feed.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await home.remove();
  });

  /** Connected, but not reading yet. */
  async function listen() {
    const stream = await new Promise<IncomingMessage>((resolve) => void get({ socketPath, agent: false }, resolve));
    const heard = { text: '', hasEnded: false };
    stream.on('error', () => undefined);
    stream.on('close', () => {
      heard.hasEnded = true;
    });
    return {
      heard,
      read() {
        stream.setEncoding('utf8').on('data', (text: string) => {
          heard.text += text;
        });
      },
    };
  }
  return {
    logLines,
    listen,
    change(status: StatusDocument) {
      now.status = status;
      changes.announce();
    },
    fail(failure: Error | undefined) {
      if (failure === undefined) delete now.failure;
      else now.failure = failure;
      changes.announce();
    },
  };
}

const problem = (message: string) => ({ code: 'internal', message, hint: 'rolecall status' });

test('does not disconnect a slow listener because of a first event larger than the limit', async () => {
  const large = aStatus({ sessions: [aSession({ tokenFileProfiles: ['x'.repeat(3 * 1024 * 1024)] })] });
  const { listen, change, logLines } = await createFeed(large);
  const listener = await listen();
  change({ ...large, current: null });
  await new Promise((resolve) => setImmediate(resolve));
  change({ ...large, current: null, problems: [problem('one')] });
  await new Promise((resolve) => setImmediate(resolve));
  listener.read();
  await waitFor('both events', () => listener.heard.text.includes('event: problems'));
  expect(listener.heard.text.match(/^event: .*$/gm)).toEqual(['event: hello', 'event: current', 'event: problems']);
  expect(logLines).toEqual([]);
});

test('disconnects a listener that never reads, and logs it once', async () => {
  const { listen, change, logLines } = await createFeed(aStatus());
  const listener = await listen();
  for (let count = 0; count < 40; count += 1) {
    change(aStatus({ problems: [problem(String(count).repeat(100_000))] }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await waitFor('the hanging up', () => logLines.length > 0);
  listener.read();
  await waitFor('the end', () => listener.heard.hasEnded);
  expect(logLines).toEqual(['events: disconnected a listener that does not read']);
});

test('logs a failed snapshot; the next one sends the changes', async () => {
  const { fail, listen, logLines, change } = await createFeed(aStatus());
  const listener = await listen();
  listener.read();
  await waitFor('hello', () => listener.heard.text.includes('event: hello'));
  fail(new Error('no snapshot'));
  await waitFor('the log', () => logLines.length > 0);
  fail(undefined);
  change(aStatus({ current: null }));
  await waitFor('the change', () => listener.heard.text.includes('event: current'));
  expect(new Set(logLines)).toEqual(new Set(['events: no snapshot']));
});
