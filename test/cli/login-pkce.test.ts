// `rolecall login` by authorization code (PKCE): what it shows, and the device code that it offers.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { createFakeClock } from '../helpers/fake-clock.ts';
import { createHurriedClock } from '../helpers/hurried-clock.ts';
import { createRig, SESSION, type CliOptions, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { mask } from './masks.ts';

let rig: Rig;
afterEach(() => rig.remove());

const PAGE = /^http:\/\/127\.0\.0\.1:\d+\/authorize\?\S+$/m;
const CODE = / {2}Code {3}([A-Z]{4}-[A-Z]{4})/;
const ENDPOINT =
  'Note: this sign-in goes to http://EMULATOR on this machine, not to AWS (set by AWS_ENDPOINT_URL_SSO_OIDC when ' +
  'the daemon started).\n';
const PROMPT = `Signing in to ${SESSION}

PAGE

Approve only if you just started this.
`;
const WAITING = 'Waiting for your approval; the page is valid for A WHILE … Ctrl-C cancels.\n';
const OFFER = 'If that does not work, press c for a code.\n';

/** A command under way. A terminal has colours unless `NO_COLOR` is set. */
function start(argv: readonly string[], options: CliOptions = {}) {
  let seen = '';
  let isOver = false;
  const ended = rig.runCli(['login', '--yes', '--no-wait', ...argv], {
    environment: { NO_COLOR: '1' },
    onOutput: (text) => (seen += text),
    ...options,
  });
  void ended.finally(() => (isOver = true));
  return {
    seen: () => seen,
    isOver: () => isOver,
    async page() {
      return waitFor('the page', () => (seen.includes('Waiting for') ? PAGE.exec(seen)?.[0] : undefined));
    },
    async end() {
      const { exitCode, stdout, stderr } = await ended;
      return { exitCode, stdout, stderr: withoutPage(mask(stderr, rig.home.path)) };
    },
  };
}

const withoutPage = (text: string) =>
  text.replaceAll(/^http:\/\/EMULATOR\/authorize\?\S+$/gm, 'PAGE').replaceAll('\r\u001b[K', '');

/** When a command has asked the daemon about its sign-in. With a clock that stands still, only the event stream lets it ask. */
function whenAsked({ client }: Rig): Promise<void> {
  const call = client.call.bind(client);
  return new Promise((resolve) => {
    Object.assign(client, {
      async call(...args: Parameters<typeof call>) {
        const answer = await call(...args);
        if (args[0] === 'signIn') resolve();
        return answer;
      },
    });
  });
}

/** What a browser does with the page, if the emulator approves by itself: it follows the redirect to the daemon. */
async function browse(page: string) {
  const answer = await fetch(page);
  await answer.arrayBuffer();
  return answer.status;
}

describe('a sign-in by authorization code', () => {
  test('shows over SSH how to forward the port, so that a browser elsewhere can come back', async () => {
    rig = await createRig();
    const login = start(['--pkce'], { browserPlace: 'ssh' });
    const page = await login.page();
    const { port } = new URL(new URL(page).searchParams.get('redirect_uri') ?? '');
    expect(login.seen()).toContain(
      `To use the browser of your own machine, run this there first:\n  ssh -N -L ${port}:127.0.0.1:${port} HOST\n` +
        `For a code instead: rolecall login --use-device-code ${SESSION}\n`,
    );
    expect(await browse(page)).toBe(200);
    expect(await login.end()).toMatchObject({ exitCode: 0 });
  });

  test('shows the page in one unbroken line, opens exactly that, and ends when the browser comes back', async () => {
    rig = await createRig();
    const opened: string[] = [];
    const login = start([], { opened, browserPlace: 'here', isTerminal: true, columns: 60 });
    const page = await login.page();
    expect(opened).toEqual([page]);
    expect(await browse(page)).toBe(200);
    const { exitCode, stdout, stderr } = await login.end();
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toContain('Authorization code (PKCE), because a browser is on this\nmachine.\n\nPAGE\n\n');
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
  });

  test('asked for without a browser prints the page, and the command for a browser elsewhere', async () => {
    rig = await createRig();
    const opened: string[] = [];
    const login = start(['--pkce', '--no-browser'], { opened });
    await browse(await login.page());
    expect(await login.end()).toEqual({
      exitCode: 0,
      stdout: '',
      stderr:
        `${ENDPOINT}${PROMPT}Open the page in a browser on this machine.\n` +
        `For another device: rolecall login --use-device-code ${SESSION}\n${WAITING}Signed in to ${SESSION}.\n`,
    });
    expect(opened).toEqual([]);
  });

  test('denied on the page: exit 4', async () => {
    rig = await createRig({ emulator: { autoApprove: false } });
    const login = start(['--pkce'], { opened: [] });
    await browse(await login.page());
    const [request] = rig.emulator.pendingAuthorizations();
    const location = rig.emulator.denyAuthorization(request?.requestId ?? '', {
      error: 'access_denied',
      description: '<b>Not you</b>',
    });
    await browse(location);
    const { exitCode, stderr } = await login.end();
    expect(exitCode).toBe(4);
    expect(stderr).toContain('[sign-in-denied]\n');
  });

  test('ended by an error on the way back: shows the text of the page as text', async () => {
    rig = await createRig({ emulator: { autoApprove: false } });
    const login = start(['--pkce'], { opened: [] });
    await browse(await login.page());
    const [request] = rig.emulator.pendingAuthorizations();
    const error = { error: 'server_error', description: '<b>Come</b> back \u001b[31mlater' };
    await browse(rig.emulator.denyAuthorization(request?.requestId ?? '', error));
    const { exitCode, stderr } = await login.end();
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/rolecall: .*<b>Come<\/b> back [^\u001b]*later/);
    expect(stderr).toMatch(/\nRun: rolecall login --use-device-code my-sso-session\n$/);
  });

  test('not approved in time: exit 4, and the command for a code', async () => {
    rig = await createRig({ emulator: { autoApprove: false }, clock: createHurriedClock(1000) });
    const { exitCode, stderr } = await start(['--pkce'], { opened: [] }).end();
    expect(exitCode).toBe(4);
    expect(stderr).toContain(
      `rolecall: The sign-in to ${SESSION} was not approved in time. [sign-in-expired]\n` +
        `Run: rolecall login --use-device-code ${SESSION}\n`,
    );
  });

  test('refused by Identity Center: uses a code and says why', async () => {
    rig = await createRig();
    rig.emulator.addFault({
      operation: 'RegisterClient',
      kind: 'exception',
      exception: 'UnsupportedGrantTypeException',
      detail: 'authorization_code',
    });
    const login = start([], { opened: [], browserPlace: 'here' });
    const { exitCode, stderr } = await login.end();
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Device code, because Identity Center refused the authorization code.\n');
  });

  test('Ctrl-C cancels it, says so, and gives the keys back', async () => {
    rig = await createRig();
    const interrupt = new AbortController();
    let press: ((text: string) => void) | undefined;
    const login = start(['--pkce'], {
      opened: [],
      isTerminal: true,
      signal: interrupt.signal,
      onKeys: (keys) => (press = keys),
    });
    const page = await login.page();
    interrupt.abort(new Error('interrupted'));
    const { exitCode, stderr } = await login.end();
    expect(exitCode).toBe(130);
    expect(stderr.endsWith('Sign-in cancelled. The page no longer works.\n\n')).toBe(true);
    press?.('c');
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
    await browse(page).catch(() => undefined);
    expect(await rig.client.call('signIn', { session: SESSION })).toMatchObject({ state: 'cancelled' });
  });
});

describe('a sign-in that the daemon no longer has', () => {
  const LOST =
    `rolecall: The sign-in to ${SESSION} was lost: the daemon was restarted, or the sso-session was edited. ` +
    `[sign-in-required]\nRun: rolecall login ${SESSION}\n`;

  test('because it was restarted: says so', async () => {
    rig = await createRig();
    const clock = createFakeClock(Date.now());
    const asked = whenAsked(rig);
    const login = start(['--pkce'], { opened: [], clock });
    // A question while the daemon stops would be an error: here nothing may start another daemon.
    await asked;
    await rig.restartDaemon();
    await waitFor('the end', async () => {
      await clock.advance(1000);
      return login.isOver();
    });
    expect(await login.end()).toMatchObject({ exitCode: 4, stderr: expect.stringContaining(LOST) });
  });

  test('because its section was edited: the page no longer works', async () => {
    rig = await createRig();
    const clock = createFakeClock(Date.now());
    const login = start(['--pkce'], { opened: [], clock });
    const page = await login.page();
    const config = readFileSync(rig.configPath, 'utf8');
    writeFileSync(rig.configPath, config.replace('us-east-1', 'eu-west-1'));
    await waitFor('the end', async () => {
      await clock.advance(1000);
      return login.isOver();
    });
    expect(await login.end()).toMatchObject({ exitCode: 4, stderr: expect.stringContaining(LOST) });
    await expect(browse(page)).rejects.toThrow();
    writeFileSync(rig.configPath, config);
    expect(await rig.client.call('signIn', { session: SESSION })).toMatchObject({ state: 'cancelled' });
  });
});

describe('the device code instead', () => {
  test('comes with one key, without starting over; other keys do nothing', async () => {
    rig = await createRig({ emulator: { autoApprove: false } });
    const opened: string[] = [];
    let press: (text: string) => void = () => undefined;
    const login = start(['--pkce'], { opened, isTerminal: true, onKeys: (keys) => (press = keys) });
    const page = await login.page();
    expect(login.seen()).toContain(`Opened the page in your browser. ${OFFER}`);
    for (const text of ['x', '\r', 'cd /tmp\r', '\u001b[C']) press(text);
    press('c');
    const code = await waitFor('the code', () => CODE.exec(login.seen())?.[1]);
    rig.emulator.approve(code);
    const { exitCode, stderr } = await login.end();
    expect(exitCode).toBe(0);
    expect(stderr.split('Signing in to')).toHaveLength(2);
    expect(stderr).toMatch(/The page above no longer works\.\n\n {2}Code {3}[^]+Signed in to my-sso-session\.\n$/);
    // The page of the code was opened too, and the first one is dead.
    expect(opened).toEqual([page, expect.stringMatching(/\/device$/)]);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(1);
  });

  test('comes for a sign-in that another command has forced although the session is live', async () => {
    rig = await createRig();
    await rig.runCli(['login', '--no-wait']);
    rig.emulator.turnKnobs({ autoApprove: false });
    await rig.client.call('startSignIn', { session: SESSION, body: { force: true, flow: 'pkce' } });
    let press: (text: string) => void = () => undefined;
    const login = start([], { opened: [], isTerminal: true, onKeys: (keys) => (press = keys) });
    await login.page();
    press('c');
    rig.emulator.approve(await waitFor('the code', () => CODE.exec(login.seen())?.[1]));
    expect((await login.end()).exitCode).toBe(0);
  });

  test('is offered without keys after 20 seconds, once, with the command', async () => {
    rig = await createRig();
    const clock = createFakeClock(Date.now());
    const login = start(['--pkce'], { opened: [], clock });
    const page = await login.page();
    const reminder = `Not approved yet. If the browser does not work: rolecall login --use-device-code ${SESSION}\n`;
    for (let second = 0; second < 15; second += 1) await clock.advance(1000);
    expect(login.seen()).not.toContain(reminder);
    await waitFor('the offer', async () => {
      await clock.advance(1000);
      return login.seen().includes(reminder);
    });
    await clock.advance(60_000);
    await browse(page);
    const { exitCode, stderr } = await login.end();
    expect(exitCode).toBe(0);
    expect(stderr.split(reminder)).toHaveLength(2);
  });

  test('is offered at once if the page could not be opened', async () => {
    rig = await createRig();
    const login = start(['--pkce'], { isTerminal: true, onKeys: () => undefined });
    await browse(await login.page());
    expect((await login.end()).stderr).toContain(
      'Open the page in a browser on this machine. For another device, press c.\n',
    );
  });

  test('asked for by a second command replaces the page; both commands end signed in', async () => {
    rig = await createRig({ emulator: { autoApprove: false } });
    const first = start(['--pkce'], { opened: [] });
    await first.page();
    const interrupt = new AbortController();
    const third = { interrupt, ...start([], { opened: [], signal: interrupt.signal }) };
    await third.page();
    const second = start(['--use-device-code']);
    const code = await waitFor('the code', () => CODE.exec(second.seen())?.[1]);
    for (const { seen } of [first, third]) {
      await waitFor('the news in the others', () => seen().includes('no longer works'));
    }
    // A third one stops, and leaves the sign-in to the second one.
    third.interrupt.abort(new Error('interrupted'));
    expect((await third.end()).stderr).toMatch(/Stopped waiting for the other sign-in\.\n$/);
    rig.emulator.approve(code);
    expect((await second.end()).exitCode).toBe(0);
    const { exitCode, stderr } = await first.end();
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      `The page above no longer works, because another sign-in to ${SESSION} was started. Waiting for that one.\n`,
    );
  });
});
