// GET /v1/events over real sockets: content and order of events, reconnecting, and limits.
import { readFileSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { generateDirectory } from '../../src/emulator/directory/generate-directory.ts';
import { createEventParser, type StreamEvent } from '../../src/core/text/event-parser.js';
import type { EventDocument } from '../../src/local-api/schemas.ts';
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts';
import { CONFIG, createRig, SESSION, type Rig, type RigOptions } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig;
let clock: FakeClock;
const listeners: Listener[] = [];
afterEach(async () => {
  for (const listener of listeners.splice(0)) listener.cut();
  await rig.remove();
});

interface Listener {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The raw text received. */
  text(): string;
  events(): readonly StreamEvent[];
  hasEnded(): boolean;
  cut(): void;
}

async function listen(options: { lastEventId?: string; surface?: 'socket' | 'web' } = {}): Promise<Listener> {
  const web = JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as { port: number; token: string };
  const isWeb = options.surface === 'web';
  const stream = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(
      {
        ...(isWeb ? { host: '127.0.0.1', port: web.port } : { socketPath: rig.paths.socketPath }),
        path: '/v1/events',
        agent: false,
        headers: {
          host: isWeb ? `localhost:${web.port}` : 'localhost',
          ...(isWeb ? { authorization: `Bearer ${web.token}` } : {}),
          ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }),
        },
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
  const parse = createEventParser();
  const events: StreamEvent[] = [];
  let text = '';
  let hasEnded = false;
  stream.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    events.push(...parse(piece));
  });
  stream.on('error', () => undefined);
  stream.on('close', () => {
    hasEnded = true;
  });
  const listener: Listener = {
    status: stream.statusCode ?? 0,
    headers: stream.headers,
    text: () => text,
    events: () => events,
    hasEnded: () => hasEnded,
    cut: () => stream.destroy(),
  };
  listeners.push(listener);
  return listener;
}

const documents = (listener: Listener): EventDocument[] =>
  listener.events().map(({ type, data }) => ({ type, data: JSON.parse(data) as unknown }) as EventDocument);
const types = (listener: Listener) => listener.events().map(({ type }) => type);

type DataOf<T extends EventDocument['type']> = Extract<EventDocument, { type: T }>['data'];

/** The data of the first event of a type that matches. */
async function waitForEvent<T extends EventDocument['type']>(
  listener: Listener,
  type: T,
  matches: (data: DataOf<T>) => boolean = () => true,
): Promise<DataOf<T>> {
  const find = () => documents(listener).find((event) => event.type === type && matches(event.data as DataOf<T>));
  await waitFor(`an event "${type}"`, () => find() !== undefined);
  return find()?.data as DataOf<T>;
}

/** The daemon's clock stands still unless a test moves it, so events arrive without the polling interval. */
async function createStillRig(options: RigOptions = {}): Promise<void> {
  clock = createFakeClock(Date.now());
  rig = await createRig({ clock, ...options });
}

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' } as const;

describe.each(['socket', 'web'] as const)('on %s', (surface) => {
  test('starts with hello and the whole status, as server-sent events', async () => {
    await createStillRig();
    const listener = await listen({ surface });
    expect({ status: listener.status, headers: listener.headers }).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      },
    });
    const { version, status } = await waitForEvent(listener, 'hello');
    expect({ version, status }).toEqual({ version: status.version, status: await rig.client.call('status', {}) });
    expect(listener.text()).toMatch(/^: listening\n\nid: \d+-0\nevent: hello\ndata: \{.*\}\n\n$/);
  });

  test('sends a switch immediately, without the clock moving', async () => {
    await createStillRig();
    const listener = await listen({ surface });
    await waitForEvent(listener, 'hello');
    await rig.client.call('setCurrent', { body: { ...ROLE, profile: null } });
    expect(await waitForEvent(listener, 'current')).toEqual({
      ...ROLE,
      profile: null,
      accountName: null,
      protected: false,
    });
    await rig.client.call('setCurrent', { body: null });
    expect(await waitForEvent(listener, 'current', (current) => current === null)).toBeNull();
  });
});

describe('each kind of event', () => {
  test('arrives in order and numbered during a sign-in, a switch and a sign-out', async () => {
    rig = await createRig({ settings: `[session.${SESSION}]\nlabel = "Work"\n` });
    const listener = await listen();
    await waitForEvent(listener, 'hello');
    await rig.runCli(['login']);
    expect(await waitForEvent(listener, 'session', ({ state }) => state === 'live')).toMatchObject({
      session: SESSION,
      label: 'Work',
    });
    const signedIn = await waitForEvent(listener, 'sign-in', ({ signIn }) => signIn?.setup?.state === 'done');
    expect(signedIn).toMatchObject({ session: SESSION, signIn: { state: 'approved' } });
    // Without the new roles, which may be thousands and are in the list.
    expect(signedIn.signIn?.setup).toEqual({
      state: 'done',
      accountsListed: 4,
      accountsTotal: 4,
      permissionSets: 5,
      complete: true,
    });
    const { session, catalog } = await waitForEvent(listener, 'catalog');
    expect({ session, catalog }).toMatchObject({
      session: SESSION,
      catalog: { accounts: 4, permissionSets: 5, complete: true },
    });
    expect(await waitForEvent(listener, 'roles')).toEqual({ asOf: catalog?.asOf });

    await rig.client.call('setCurrent', { body: { ...ROLE, profile: null } });
    expect(await waitForEvent(listener, 'current')).toMatchObject({
      ...ROLE,
      profile: 'taylor.Admin-AF-Permission-Set',
      accountName: 'taylor',
    });
    await rig.client.call('signOut', { session: SESSION });
    await waitForEvent(listener, 'session', ({ state }) => state === 'signed-out');
    const ids = listener.events().map(({ id }) => id);
    expect(ids).toEqual(ids.map((_, index) => `${ids[0]?.split('-')[0]}-${index}`));
    expect(types(listener)[0]).toBe('hello');
    expect(types(listener).filter((type) => type === 'hello')).toHaveLength(1);
  });

  test('a pending sign-in is sent to a new listener right after hello', async () => {
    rig = await createRig({ emulator: { autoApprove: false } });
    const { userCode } = await rig.client.call('startSignIn', { session: SESSION, body: {} });
    const listener = await listen();
    expect(await waitForEvent(listener, 'sign-in')).toMatchObject({
      session: SESSION,
      signIn: { state: 'pending', userCode },
    });
    expect(types(listener)).toEqual(['hello', 'sign-in']);
    await rig.client.call('cancelSignIn', { session: SESSION });
    await waitForEvent(listener, 'sign-in', ({ signIn }) => signIn?.state === 'cancelled');
  });

  test('a sign-in to a large organization is one short event', async () => {
    rig = await createRig({
      emulator: { directory: generateDirectory({ accountCount: 30, permissionSetCount: 100 }) },
      config: CONFIG.slice(0, CONFIG.indexOf('\n\n') + 1),
      portalCallsPerSecond: 1000,
    });
    await rig.runCli(['login']);
    const whole = await rig.client.call('signIn', { session: SESSION });
    expect(whole?.setup?.profiles?.added.length).toBe(3000);
    const listener = await listen();
    await waitForEvent(listener, 'sign-in');
    expect(listener.text().length).toBeLessThan(50_000);
  });

  test('problems are sent as they appear and disappear, here for a malformed config file', async () => {
    await createStillRig();
    const listener = await listen();
    await waitForEvent(listener, 'hello');
    writeFileSync(rig.configPath, `${CONFIG}\ngarbage\n`);
    // An edit is not announced: the polled snapshot finds it.
    await clock.settle();
    expect(types(listener)).toEqual(['hello']);
    await clock.advance(1000);
    const [problem] = await waitForEvent(listener, 'problems');
    expect(problem).toMatchObject({ code: 'config-malformed' });
    writeFileSync(rig.configPath, CONFIG);
    await waitFor('the problem to be gone', async () => {
      await clock.advance(1000);
      const last = documents(listener).findLast(({ type }) => type === 'problems');
      return last?.type === 'problems' && last.data.length === 0;
    });
  });

  test('another set of sessions sends hello again', async () => {
    await createStillRig();
    const listener = await listen();
    await waitForEvent(listener, 'hello');
    writeFileSync(rig.configPath, `${CONFIG}\n${CONFIG.slice(0, CONFIG.indexOf('\n\n')).replace(SESSION, 'second')}\n`);
    await rig.client.call('cancelSignIn', { session: SESSION });
    const { status } = await waitForEvent(listener, 'hello', ({ status: now }) => now.sessions.length === 2);
    expect(status.sessions.map(({ session }) => session)).toEqual([SESSION, 'second']);
    expect(types(listener).filter((type) => type !== 'roles')).toEqual(['hello', 'hello']);
  });

  test('a use in a shell sends a change of the role list', async () => {
    await createStillRig();
    const listener = await listen();
    await waitForEvent(listener, 'hello');
    writeFileSync(`${rig.paths.switchDirectory}/used`, 'account1\n', { flag: 'a' });
    await clock.advance(1000);
    expect(await waitForEvent(listener, 'roles')).toEqual({ asOf: null });
  });

  test('nothing is sent when nothing has changed', async () => {
    await createStillRig();
    const listener = await listen();
    await waitForEvent(listener, 'hello');
    await rig.client.call('setCurrent', { body: null });
    await rig.client.call('cancelSignIn', { session: SESSION });
    await clock.advance(5000);
    await rig.client.call('setCurrent', { body: { ...ROLE, profile: null } });
    await waitForEvent(listener, 'current');
    expect(types(listener).slice(0, 2)).toEqual(['hello', 'current']);
  });
});

describe('after a lost connection', () => {
  test('a listener that reconnects with the last id gets exactly the missed events, even if it was the only one', async () => {
    await createStillRig();
    const first = await listen();
    await waitForEvent(first, 'hello');
    await rig.client.call('setCurrent', { body: { ...ROLE, profile: null } });
    await waitForEvent(first, 'current');
    const id = first.events().find(({ type }) => type === 'current')?.id ?? '';
    first.cut();
    await rig.client.call('setCurrent', { body: null });
    const second = await listen({ lastEventId: id });
    await waitForEvent(second, 'current', (current) => current === null);
    expect(types(second)).not.toContain('hello');
    expect(second.events().filter(({ type }) => type === 'current')).toHaveLength(1);

    const lastId = second.events().at(-1)?.id ?? '';
    const third = await listen({ lastEventId: lastId });
    await waitFor('a sign of life', () => third.text() !== '');
    await rig.client.call('setCurrent', { body: { ...ROLE, permissionSet: 'Other', profile: null } });
    await waitForEvent(third, 'current');
    expect(third.text().startsWith(': listening\n\n')).toBe(true);
    expect(types(third)[0]).toBe('current');
  });

  test.each(['', 'nonsense', '1-1', '-', '99999999999999999999-1', 'future'])(
    'an id that is unknown (%j) is answered by hello',
    async (kind) => {
      await createStillRig();
      const first = await listen();
      await waitForEvent(first, 'hello');
      const future = `${first.events()[0]?.id.split('-')[0]}-7`;
      const listener = await listen({ lastEventId: kind === 'future' ? future : kind });
      await waitForEvent(listener, 'hello');
      expect(types(listener)).toEqual(['hello']);
    },
  );

  test('a restarted daemon answers ids of the previous one with hello', async () => {
    rig = await createRig();
    const first = await listen();
    await waitForEvent(first, 'hello');
    await rig.restartDaemon();
    const second = await listen({ lastEventId: first.events()[0]?.id ?? '' });
    await waitForEvent(second, 'hello');
  });
});

describe('limits', () => {
  test('a heartbeat comes every 15 seconds', async () => {
    await createStillRig();
    const listener = await listen();
    await waitForEvent(listener, 'hello');
    const pings = () => listener.text().match(/^: ping$/gm)?.length ?? 0;
    await clock.advance(14_999);
    expect(pings()).toBe(0);
    await clock.advance(1);
    await waitFor('the first heartbeat', () => pings() === 1);
    await clock.advance(15_000);
    await waitFor('the second heartbeat', () => pings() === 2);
  });

  test('no snapshot is taken and no timer runs without listeners', async () => {
    await createStillRig();
    const before = clock.pendingSleeps();
    const listener = await listen();
    await waitForEvent(listener, 'hello');
    expect(clock.pendingSleeps()).toBe(before + 2);
    listener.cut();
    await waitFor('the end of the looking', () => clock.pendingSleeps() === before);
  });

  test('the 65th listener of a surface is refused; other surfaces and later listeners are not', async () => {
    await createStillRig();
    for (let count = 0; count < 64; count += 1) await listen();
    const refused = await listen();
    await waitFor('the refusal', () => refused.hasEnded());
    expect({ status: refused.status, body: JSON.parse(refused.text()) as unknown }).toEqual({
      status: 503,
      body: {
        code: 'too-many-listeners',
        message: '64 clients are already listening to events.',
        hint: 'rolecall status',
      },
    });
    expect(await listen({ surface: 'web' })).toMatchObject({ status: 200 });
    listeners[0]?.cut();
    await waitFor('room for another one', async () => (await listen()).status === 200);
  });

  test('a listener that does not read is disconnected, and the others keep receiving', async () => {
    const sessionNamed = (name: string) =>
      `[sso-session ${name}]\nsso_start_url = https://a.awsapps.com/start\nsso_region = us-east-1\n`;
    const many = Array.from({ length: 200 }, (_, index) => sessionNamed(`s${index}`)).join('');
    await createStillRig({ config: CONFIG + many });
    const listener = await listen();
    await waitForEvent(listener, 'hello');
    const slow = connect(rig.paths.socketPath);
    slow.on('error', () => undefined);
    slow.write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    slow.pause();
    const isDisconnected = () => rig.logLines.includes('warn events: disconnected a listener that does not read');
    // Each change of the set of sessions sends everything again.
    for (let count = 1; count < 200 && !isDisconnected(); count += 1) {
      writeFileSync(rig.configPath, CONFIG + many + sessionNamed(`more${count}`));
      await rig.client.call('cancelSignIn', { session: SESSION });
      await waitForEvent(listener, 'hello', ({ status }) =>
        status.sessions.some(({ session }) => session === `more${count}`),
      );
    }
    expect(isDisconnected()).toBe(true);
    slow.destroy();
    expect(listener.hasEnded()).toBe(false);
  }, 60_000);

  test('stopping the daemon ends every stream and does not wait for any', async () => {
    await createStillRig();
    const listener = await listen();
    const onWeb = await listen({ surface: 'web' });
    await waitForEvent(listener, 'hello');
    await waitForEvent(onWeb, 'hello');
    // The daemon's clock stands still, so no timeout can help.
    await rig.daemon().stop();
    await waitFor('the end of both', () => listener.hasEnded() && onWeb.hasEnded());
  });
});
