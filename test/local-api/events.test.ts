// The client's side of events: what it makes of the bytes, of a cut, of a daemon that was started anew, and of none.
import { afterEach, describe, expect, test } from 'vitest';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { createSystemClock } from '../../src/core/clock.ts';
import { createEventParser } from '../../src/core/text/event-parser.js';
import { applyEvent, readEvents, type HeardEvent } from '../../src/local-api/events.ts';
import { createFakeClock } from '../helpers/fake-clock.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** Everything that is heard, until the test ends. */
function hear(socketPath: string, clock = createSystemClock()) {
  const stop = new AbortController();
  const heard: HeardEvent[] = [];
  const outcome = { error: undefined as unknown, hasEnded: false };
  const done = (async () => {
    try {
      for await (const event of readEvents({
        socketCandidates: ['/nowhere', socketPath],
        clock,
        signal: stop.signal,
      })) {
        heard.push(event);
      }
    } catch (error) {
      outcome.error = error;
    }
    outcome.hasEnded = true;
  })();
  cleanUps.push(async () => {
    stop.abort(new Error('the test is over'));
    await done;
  });
  return { heard, outcome, stop, types: () => heard.map(({ type }) => type) };
}

describe('the lines of an event', () => {
  test('are read from pieces of any size, without comments and unknown fields', () => {
    const text =
      ': hi\n\nid: 1-1\nevent: current\ndata: {"name":"é🙂"}\n\n: ping\n\nretry: 5\nid: 1-2\nevent: x\ndata: 2\n\nid: 1-3\n';
    const bytes = Buffer.from(text);
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const parse = createEventParser();
      const decoder = new StringDecoder('utf8');
      const events = [];
      for (let start = 0; start < bytes.length; start += size) {
        events.push(...parse(decoder.write(bytes.subarray(start, start + size))));
      }
      expect(events).toEqual([
        { id: '1-1', type: 'current', data: '{"name":"é🙂"}' },
        { id: '1-2', type: 'x', data: '2' },
      ]);
    }
  });
});

describe('against a daemon', () => {
  let rig: Rig;

  test("starts with hello, continues over a restart, and results in the daemon's status", async () => {
    rig = await createRig();
    cleanUps.push(() => rig.remove());
    const { types, heard } = hear(rig.paths.socketPath);
    await waitFor('hello', () => types().includes('hello'));
    await rig.runCli(['login']);
    const body = {
      session: SESSION,
      accountId: '111111111111',
      permissionSet: 'Admin-AF-Permission-Set',
      profile: null,
    };
    await rig.client.call('setCurrent', { body });
    await waitFor('the switch', () => types().includes('current'));
    const fold = () =>
      heard.reduce<ReturnType<typeof applyEvent>>((status, event) => applyEvent(status, event), undefined);
    await waitFor('the same status', async () => {
      return JSON.stringify(fold()) === JSON.stringify(await rig.client.call('status', {}));
    });
    await rig.restartDaemon();
    await waitFor('the next daemon', () => types().filter((type) => type === 'hello').length === 2);
    // Whoever comes back that soon may meet the one that is just ending once more.
    expect(types().slice(types().indexOf('disconnected')).join(' ')).toMatch(/^(disconnected connected )+hello$/);
    await waitFor('the same status again', async () => {
      return JSON.stringify(fold()) === JSON.stringify(await rig.client.call('status', {}));
    });
  });

  test('ends with its signal, and leaves nothing running', async () => {
    rig = await createRig();
    cleanUps.push(() => rig.remove());
    const clock = createFakeClock();
    const { types, outcome, stop } = hear(rig.paths.socketPath, clock);
    await waitFor('hello', () => types().includes('hello'));
    stop.abort(new Error('enough'));
    await waitFor('the end', () => outcome.hasEnded);
    expect({ ...outcome, sleeps: clock.pendingSleeps() }).toEqual({ error: undefined, hasEnded: true, sleeps: 0 });
  });
});

describe('against what a daemon may do', () => {
  let home: TemporaryHome;

  async function serve(answer: (id: string | undefined, response: ServerResponse, round: number) => void) {
    home = createTemporaryHome();
    const socketPath = join(home.path, 'daemon.sock');
    let rounds = 0;
    const server: Server = createServer((request, response) => {
      rounds += 1;
      const id = request.headers['last-event-id'];
      answer(typeof id === 'string' ? id : undefined, response, rounds);
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    cleanUps.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await home.remove();
    });
    return socketPath;
  }
  const begin = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });
  const problems = (id: string) => `id: ${id}\nevent: problems\ndata: []\n\n`;

  test('reconnects with the last id, and ignores events of unknown types', async () => {
    const ids: (string | undefined)[] = [];
    const socketPath = await serve((id, response, round) => {
      ids.push(id);
      begin(response);
      response.write(`id: 9-${round}0\nevent: of-tomorrow\ndata: {}\n\n${problems(`9-${round}`)}`);
      if (round < 3) setImmediate(() => response.destroy());
    });
    const { types } = hear(socketPath);
    await waitFor('three rounds', () => types().filter((type) => type === 'problems').length === 3);
    expect(ids).toEqual([undefined, '9-1', '9-2']);
    expect(types()).toEqual([
      'problems',
      'disconnected',
      'connected',
      'problems',
      'disconnected',
      'connected',
      'problems',
    ]);
  });

  test('rejects with a refusal of the first connection, and retries after a later one', async () => {
    const refuse = (response: ServerResponse) =>
      response
        .writeHead(503, { 'content-type': 'application/json' })
        .end(JSON.stringify({ code: 'too-many-listeners', message: 'There are 64.', hint: 'rolecall status' }));
    const { outcome } = hear(await serve((_id, response) => refuse(response)));
    await waitFor('the end', () => outcome.hasEnded);
    expect(outcome.error).toMatchObject({ errorClass: 'UnavailableError', code: 'too-many-listeners', exitCode: 7 });

    const { types } = hear(
      await serve((_id, response, round) => {
        if (round === 2) {
          refuse(response);
          return;
        }
        begin(response);
        response.write(problems('9-1'));
        if (round === 1) setImmediate(() => response.destroy());
      }),
    );
    await waitFor('the third round', () => types().filter((type) => type === 'problems').length === 2);
    expect(types()).toEqual(['problems', 'disconnected', 'connected', 'problems']);
  });

  test('waits for a missing daemon with growing pauses, and reports the loss once', async () => {
    const clock = createFakeClock();
    const { types, outcome } = hear('/nowhere/either', clock);
    await waitFor('the first try', () => types().length === 1 && clock.pendingSleeps() === 1);
    for (let tries = 0; tries < 10; tries += 1) {
      await clock.advance(2000);
      await waitFor('the next try', () => clock.pendingSleeps() === 1);
    }
    expect({ types: types(), ...outcome }).toEqual({ types: ['disconnected'], error: undefined, hasEnded: false });
  });

  test('gives up a connection that is silent for 45 s, as after a laptop has slept', async () => {
    const clock = createFakeClock();
    const ids: (string | undefined)[] = [];
    const socketPath = await serve((id, response) => {
      ids.push(id);
      begin(response);
      response.write(problems('9-1'));
    });
    const { types } = hear(socketPath, clock);
    await waitFor('the first event', () => types().length === 1);
    clock.jump(8 * 60 * 60_000);
    await clock.advance(15_000);
    await waitFor('the pause before the next try', () => types().includes('disconnected'));
    await clock.advance(2000);
    await waitFor('the second event', () => types().filter((type) => type === 'problems').length === 2);
    expect(ids).toEqual([undefined, '9-1']);
  });
});
