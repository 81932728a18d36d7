// When `login` asks the daemon again: against a stand-in for the daemon's event stream that is cut, refused or silent.
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { followSignIn } from '../../../../src/cli/commands/login/follow-sign-in.ts';
import { resolvePaths } from '../../../../src/local-api/paths.ts';
import { createFakeClock } from '../../../helpers/fake-clock.ts';
import { createTemporaryHome } from '../../../helpers/temporary-home.ts';
import { waitFor } from '../../../helpers/wait-for.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** A follower of the session `work`, and the streams that it has opened so far. */
async function follow(answer: (response: ServerResponse) => void) {
  const home = createTemporaryHome();
  const socketPath = join(home.path, 'daemon.sock');
  const streams: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    streams.push(response);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const clock = createFakeClock();
  const interrupt = new AbortController();
  const surroundings = { environment: home.environment, homeDirectory: home.path, platform: process.platform };
  const paths = {
    ...resolvePaths({ ...surroundings, userId: process.getuid?.() ?? -1 }),
    socketCandidates: [socketPath],
  };
  const follower = followSignIn('work', { clock, paths, signal: interrupt.signal });
  cleanUps.push(async () => {
    follower.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await home.remove();
  });
  return { clock, follower, interrupt, streams };
}

const open = (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('id: 1-0\nevent: hello\ndata: {}\n\n');
};
const signIn = (session: string) => `id: 1-1\nevent: sign-in\ndata: ${JSON.stringify({ session, signIn: null })}\n\n`;
/** Lets time pass in steps until the follower has answered. */
async function inTime(clock: ReturnType<typeof createFakeClock>, answer: Promise<boolean>, stepMs = 50) {
  const startedAtMs = clock.nowMs();
  const state: { answer?: boolean } = {};
  void answer.then((value) => (state.answer = value));
  await waitFor(
    'the answer of the follower',
    async () => {
      await clock.settle();
      if (state.answer === undefined) await clock.advance(stepMs);
      return state.answer !== undefined;
    },
    { intervalMs: 1 },
  );
  return { isDue: state.answer, afterMs: clock.nowMs() - startedAtMs };
}

test('asks once the stream is open, then at each event of its own session, without waiting', async () => {
  const { follower, streams } = await follow(open);
  // The clock stands still: only the stream can wake the follower.
  expect(await follower.next(1000)).toBe(true);
  const next = follower.next(1000);
  streams[0]?.write(signIn('other'));
  streams[0]?.write(signIn('work'));
  expect(await next).toBe(true);
});

test('takes an event into account that came while the daemon was being asked', async () => {
  const { follower, streams } = await follow((response) => {
    open(response);
    response.write(signIn('work'));
  });
  expect(await follower.next(1000)).toBe(true);
  const stream = await waitFor('the stream', () => streams[0]);
  stream.write(signIn('work'));
  expect(await follower.next(1000)).toBe(true);
});

test('returns for the countdown each time, and asks every five seconds although no event comes', async () => {
  const { clock, follower } = await follow(open);
  expect(await follower.next(1000)).toBe(true);
  const answers = [];
  for (let second = 1; second <= 6; second += 1) answers.push(await inTime(clock, follower.next(1000), 1000));
  expect(answers.map(({ isDue }) => isDue)).toEqual([false, false, false, false, true, false]);
});

test('asks every 200 ms while the daemon refuses the stream, and opens it again later', async () => {
  let isFull = true;
  const { clock, follower, streams } = await follow((response) => {
    if (!isFull) return open(response);
    response
      .writeHead(503)
      .end('{"code":"too-many-listeners","message":"64 clients are already listening to events."}');
  });
  for (let round = 0; round < 3; round += 1) {
    expect(await inTime(clock, follower.next(1000))).toEqual({ isDue: true, afterMs: 200 });
  }
  isFull = false;
  await waitFor('the second stream', async () => {
    await inTime(clock, follower.next(1000));
    return streams.length === 2;
  });
});

test('asks every 200 ms after the stream was cut, and at once when it is open again', async () => {
  const { clock, follower, streams } = await follow(open);
  expect(await follower.next(1000)).toBe(true);
  let next = follower.next(1000);
  streams[0]?.destroy();
  await waitFor('the second stream', async () => {
    if (streams.length < 2) await clock.advance(10);
    return streams.length === 2;
  });
  expect(await next).toBe(true);
  next = follower.next(1000);
  streams[1]?.write(signIn('work'));
  expect(await next).toBe(true);
});

test('rejects on Ctrl-C, and leaves nothing running once it is closed', async () => {
  const { clock, follower, interrupt, streams } = await follow(open);
  expect(await follower.next(1000)).toBe(true);
  const next = follower.next(1000);
  interrupt.abort(new Error('interrupted'));
  await expect(next).rejects.toThrow('interrupted');
  follower.close();
  await waitFor('the end of the stream', () => streams[0]?.destroyed === true && clock.pendingSleeps() === 0);
});
