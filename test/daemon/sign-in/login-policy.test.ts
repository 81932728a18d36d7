// What callers and the person get when a session has ended, in each mode of on_expired, over the real socket with a fake clock.
import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { createDefaultDirectory } from '../../../src/emulator/directory/default-directory.ts';
import type { CredentialsDocument, SessionStatusDocument } from '../../../src/local-api/schemas.ts';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.ts';
import { createRecordingDesktop, type RecordingDesktop } from '../../helpers/recording-desktop.ts';
import { createRig, SESSION, type Rig, type RigOptions } from '../../helpers/rig.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const ROLES = [
  { account: '111111111111', role: 'Admin-AF-Permission-Set' },
  { account: '222222222222', role: 'ReadOnly' },
  { account: '333333333333', role: 'ReadOnly' },
] as const;

interface World {
  readonly rig: Rig;
  readonly clock: FakeClock;
  readonly desktop: RecordingDesktop;
  ask(index?: number, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<CredentialsDocument>;
  session(): Promise<SessionStatusDocument>;
  /** Resolves once so many callers are held. */
  held(count: number): Promise<unknown>;
  signIn(): Promise<void>;
  /** Resolves once the newest sign-in has come to that; the clock goes on meanwhile. */
  signInIs(state: string): Promise<unknown>;
}

let world: World | undefined;
afterEach(() => world?.rig.remove());

async function createWorld(
  settings: string,
  options: RigOptions & { readonly desktop?: RecordingDesktop } = {},
): Promise<World> {
  const clock = createFakeClock();
  const desktop = options.desktop ?? createRecordingDesktop();
  const rig = await createRig({ ...options, settings, clock, desktop, emulator: { clock, ...options.emulator } });
  const session = async () => {
    const [found] = (await rig.client.call('status', {})).sessions;
    if (found === undefined) throw new Error('no session in the status');
    return found;
  };
  const created: World = {
    rig,
    clock,
    desktop,
    session,
    ask(index = 0, callOptions = {}) {
      const { account, role } = ROLES[index % ROLES.length] ?? ROLES[0];
      const asked = rig.client.call('credentials', { query: { session: SESSION, account, role } }, callOptions);
      // It may fail before the test comes to look at it.
      asked.catch(() => undefined);
      return asked;
    },
    signInIs: (state) =>
      waitFor(`the sign-in to be ${state}`, async () => {
        await clock.advance(1000);
        return (await rig.client.call('signIn', { session: SESSION }))?.state === state;
      }),
    held: (count) => waitFor(`${count} callers to be held`, async () => (await session()).waiting === count),
    async signIn() {
      const { userCode } = await rig.client.call('startSignIn', { session: SESSION, body: { force: true } });
      const isPending = rig.emulator.pendingDeviceAuthorizations().some((pending) => pending.userCode === userCode);
      if (userCode !== undefined && isPending && !rig.emulator.knobs.autoApprove) rig.emulator.approve(userCode);
      await waitFor('the sign-in and the list after it', async () => {
        await clock.advance(1000);
        return (await rig.client.call('signIn', { session: SESSION }))?.setup?.state === 'done';
      });
    },
  };
  world = created;
  return created;
}

/** A world in which somebody was signed in, and AWS has ended that session. */
async function createEndedWorld(
  settings: string,
  options: RigOptions & { readonly desktop?: RecordingDesktop } = {},
): Promise<World> {
  const created = await createWorld(settings, options);
  await created.signIn();
  created.rig.emulator.turnKnobs({ autoApprove: false });
  created.rig.emulator.revokeSessions();
  created.rig.emulator.resetCalls();
  return created;
}

const EXPIRED = { code: 'sign-in-expired', hint: `rolecall login ${SESSION}` } as const;
const codeOf = (settled: PromiseSettledResult<unknown>) =>
  settled.status === 'fulfilled' ? 'keys' : (settled.reason as { code?: string }).code;
/** As in `40 x keys`, by what the first of a kind was. */
async function codesOf(asked: readonly Promise<unknown>[]): Promise<string[]> {
  const codes = (await Promise.allSettled(asked)).map((settled) => codeOf(settled) ?? 'no code');
  return [...new Set(codes)].map((code) => `${codes.filter((other) => other === code).length} x ${code}`);
}

describe('on_expired = "wait"', () => {
  const WAIT = 'on_expired = "wait"\n';

  test('refuses the waiting callers at once when rolecall is locked, and later ones without telling anybody', async () => {
    const { rig, desktop, ask, held } = await createEndedWorld(WAIT);
    const asked = Array.from({ length: 20 }, (_, index) => ask(index));
    await held(20);
    await rig.client.call('lock', {});
    expect(await codesOf(asked)).toEqual(['20 x locked']);
    const shown = desktop.shown.length;
    expect(await codesOf([ask(0), ask(1)])).toEqual(['2 x locked']);
    expect(desktop.shown).toHaveLength(shown);
  });

  test('40 callers: one notification, one sign-in, one page, and keys for all after the click', async () => {
    const { rig, clock, desktop, ask, held, session } = await createEndedWorld(WAIT);
    const asked = Array.from({ length: 40 }, (_, index) => ask(index));
    await held(40);
    expect(desktop.shown).toEqual([
      {
        title: `Sign in to ${SESSION}`,
        body: expect.stringMatching(
          /^Your sign-in to my-sso-session has ended\. A program asked for credentials of \S+ in .+ \(\d{12}\)\. Run: rolecall login my-sso-session$/,
        ),
        action: { label: 'Sign in', onClick: expect.any(Function) },
        isWithdrawn: false,
      },
    ]);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);

    desktop.click();
    await waitFor('the page to be opened', () => desktop.openedPages.length === 1);
    const [{ userCode } = { userCode: '' }] = rig.emulator.pendingDeviceAuthorizations();
    expect(desktop.shown[1]).toMatchObject({
      title: `Code ${userCode} signs in to ${SESSION}`,
      body: 'Enter the code on the page. Approve only if you just started this and the page shows the same code.',
    });
    rig.emulator.approve(userCode);
    await clock.advance(2000);

    expect(await codesOf(asked)).toEqual(['40 x keys']);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(1);
    expect(rig.emulator.countCalls('GetRoleCredentials')).toBeLessThanOrEqual(2 * ROLES.length);
    expect(desktop.openedPages).toHaveLength(1);
    expect(desktop.shown.map(({ isWithdrawn }) => isWithdrawn)).toEqual([true, true]);
    expect((await session()).waiting).toBe(0);
  });

  test('a sign-in in the terminal also answers waiting callers', async () => {
    const { ask, held, signIn } = await createEndedWorld(WAIT);
    const asked = [ask(0), ask(1)];
    await held(2);
    await signIn();
    expect(await codesOf(asked)).toEqual(['2 x keys']);
  });

  test('nobody clicks: all fail with exit code 4 at their deadline, and not before', async () => {
    const { rig, clock, desktop, ask, held } = await createEndedWorld(WAIT);
    const { account, role } = ROLES[0];
    const command = ['credential-process', '--session', SESSION, '--account', account, '--role', role];
    let answered = 0;
    const count = () => {
      answered += 1;
    };
    const asked = Array.from({ length: 39 }, (_, index) => ask(index));
    for (const one of asked) void one.then(count, count);
    const run = rig.runCli(command);
    await held(40);
    await clock.advance(49_900);
    await held(40);
    expect(answered).toBe(0);
    await clock.advance(200);
    expect(await codesOf(asked)).toEqual(['39 x sign-in-expired']);
    expect(await run).toEqual({
      exitCode: 4,
      stdout: '',
      stderr: `rolecall: Your sign-in to ${SESSION} has ended. [sign-in-expired]\nRun: rolecall login ${SESSION}\n`,
    });
    expect(desktop.shown).toHaveLength(1);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
  });

  test('callers wait for wait_seconds, and one with a shorter budget gets its answer two seconds before it gives up', async () => {
    const { clock, ask, held } = await createEndedWorld(`${WAIT}wait_seconds = 30\n`);
    const patient = ask(0);
    const hurried = ask(1, { timeoutMs: 12_000 });
    await held(2);
    await clock.advance(9900);
    await held(2);
    await clock.advance(200);
    await expect(hurried).rejects.toMatchObject(EXPIRED);
    await held(1);
    await clock.advance(20_000);
    await expect(patient).rejects.toMatchObject(EXPIRED);
  });

  test('even wait_seconds = 55 answers before our own clients give up at 55 s', async () => {
    const { clock, ask, held } = await createEndedWorld(`${WAIT}wait_seconds = 55\n`);
    const asked = ask();
    await held(1);
    await clock.advance(53_100);
    await expect(asked).rejects.toMatchObject(EXPIRED);
  });

  test('a caller that hangs up leaves the queue', async () => {
    const { ask, held } = await createEndedWorld(WAIT);
    const hangUp = new AbortController();
    const asked = ask(0, { signal: hangUp.signal });
    await held(1);
    hangUp.abort();
    await expect(asked).rejects.toThrow();
    await held(0);
  });

  test('a denial answers all callers at once; then the person is not asked for five minutes, unless they start a sign-in', async () => {
    const { rig, clock, desktop, ask, held, signIn } = await createEndedWorld(WAIT);
    const asked = [ask(0), ask(1)];
    await held(2);
    desktop.click();
    await waitFor('the page to be opened', () => desktop.openedPages.length === 1);
    const [{ userCode } = { userCode: '' }] = rig.emulator.pendingDeviceAuthorizations();
    rig.emulator.deny(userCode);
    await clock.advance(2000);
    expect(await codesOf(asked)).toEqual(['2 x sign-in-denied']);
    expect(desktop.shown).toHaveLength(2);

    await expect(ask()).rejects.toMatchObject(EXPIRED);
    expect(desktop.shown).toHaveLength(2);

    // A person who starts one is held up by nothing, and whoever asks meanwhile waits for it.
    const { state } = await rig.client.call('startSignIn', { session: SESSION, body: {} });
    expect(state).toBe('pending');
    const waiting = ask();
    await held(1);
    await signIn();
    expect(await codesOf([waiting])).toEqual(['1 x keys']);
  });

  test('notifies again after the cool-down', async () => {
    const { rig, clock, desktop, ask, held, signInIs } = await createEndedWorld(`${WAIT}wait_seconds = 1\n`);
    const { userCode = '' } = await rig.client.call('startSignIn', { session: SESSION, body: {} });
    rig.emulator.deny(userCode);
    await signInIs('denied');
    await expect(ask()).rejects.toMatchObject(EXPIRED);
    expect(desktop.shown).toHaveLength(0);
    await clock.advance(300_000);
    const later = ask();
    await waitFor('a notification', () => desktop.shown.length === 1);
    await held(1);
    await clock.advance(2000);
    await expect(later).rejects.toMatchObject(EXPIRED);
  });

  test('does not notify while a person sees a code', async () => {
    const { rig, desktop, ask, held, signIn } = await createEndedWorld(WAIT);
    await rig.client.call('startSignIn', { session: SESSION, body: {} });
    const asked = ask();
    await held(1);
    expect(desktop.shown).toEqual([]);
    await signIn();
    await asked;
  });

  test('a logout answers waiting callers at once', async () => {
    const { rig, ask, held } = await createEndedWorld(WAIT);
    const asked = [ask(0), ask(1)];
    await held(2);
    await rig.client.call('signOut', { session: SESSION });
    expect(await codesOf(asked)).toEqual(['2 x sign-in-required']);
  });

  test('a daemon that stops answers waiting callers at once with the command to run', async () => {
    const { rig, ask, held } = await createEndedWorld(WAIT);
    const asked = ask();
    await held(1);
    const stopping = rig.daemon().stop();
    await expect(asked).rejects.toMatchObject(EXPIRED);
    await stopping;
  });

  test('the container surface answers 401 at once, and the person is notified', async () => {
    const { rig, desktop, session, signIn } = await createWorld(WAIT);
    await signIn();
    const { account, role } = ROLES[0];
    const { url, token } = await rig.client.call('createGrant', {
      body: { session: SESSION, accountId: account, permissionSet: role },
    });
    rig.emulator.revokeSessions();
    const status = await new Promise((resolve, reject) => {
      request(url, { headers: { authorization: token } }, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(401);
    expect((await session()).waiting).toBe(0);
    await waitFor('a notification', () => desktop.shown.length === 1);
  });

  test('callers of the current role wait too', async () => {
    const { rig, held, signIn } = await createEndedWorld(WAIT);
    const { account, role } = ROLES[0];
    await rig.client.call('setCurrent', {
      body: { session: SESSION, accountId: account, permissionSet: role, profile: null },
    });
    const asked = rig.client.call('currentCredentials', {});
    await held(1);
    await signIn();
    await expect(asked).resolves.toMatchObject({ AccountId: account });
  });
});

describe('on_expired = "notify"', () => {
  test('300 callers fail at once, and there is one notification', async () => {
    const { rig, desktop, ask, session } = await createEndedWorld('');
    expect(await codesOf(Array.from({ length: 300 }, (_, index) => ask(index)))).toEqual(['300 x sign-in-expired']);
    await waitFor('a notification', () => desktop.shown.length === 1);
    expect(desktop.openedPages).toEqual([]);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
    expect((await session()).waiting).toBe(0);
  });

  test('the next sign-in removes the notification, and a session that ends later gets a new one', async () => {
    const { rig, desktop, ask, signIn } = await createEndedWorld('');
    await expect(ask(0)).rejects.toMatchObject(EXPIRED);
    await waitFor('a notification', () => desktop.shown.length === 1);
    await signIn();
    expect(desktop.shown).toMatchObject([{ isWithdrawn: true }]);
    rig.emulator.revokeSessions();
    await expect(ask(1)).rejects.toMatchObject(EXPIRED);
    await waitFor('a second notification', () => desktop.shown.length === 2);
  });
});

describe('on_expired = "login"', () => {
  const LOGIN = 'on_expired = "login"\n';

  test('before an attended desktop: one code, one page, no click, and keys for all', async () => {
    const { rig, clock, desktop, ask, held } = await createEndedWorld(LOGIN, {
      desktop: createRecordingDesktop({ isAttended: true }),
    });
    const asked = Array.from({ length: 20 }, (_, index) => ask(index));
    await held(20);
    await waitFor('the page to be opened', () => desktop.openedPages.length === 1);
    const [{ userCode } = { userCode: '' }] = rig.emulator.pendingDeviceAuthorizations();
    expect(desktop.shown.map(({ title }) => title)).toEqual([`Code ${userCode} signs in to ${SESSION}`]);
    rig.emulator.approve(userCode);
    await clock.advance(2000);
    expect(await codesOf(asked)).toEqual(['20 x keys']);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(1);
  });

  test('opens one page: if nobody approves, later callers cause a notification', async () => {
    const { rig, clock, desktop, ask, held, signInIs } = await createEndedWorld(LOGIN, {
      desktop: createRecordingDesktop({ isAttended: true }),
    });
    const first = ask();
    await held(1);
    await waitFor('the page to be opened', () => desktop.openedPages.length === 1);
    await clock.advance(601_000);
    await expect(first).rejects.toMatchObject(EXPIRED);
    await signInIs('expired');
    const second = ask();
    await waitFor('a notification', () => desktop.shown.some(({ action }) => action !== undefined));
    await held(1);
    expect(desktop.openedPages).toHaveLength(1);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(1);
    await clock.advance(51_000);
    await expect(second).rejects.toMatchObject(EXPIRED);
  });

  test('a code that has expired or was cancelled leaves the screen', async () => {
    const { clock, rig, desktop, ask, held, signInIs } = await createEndedWorld(LOGIN, {
      desktop: createRecordingDesktop({ isAttended: true }),
    });
    const asked = ask();
    await held(1);
    await waitFor('the page to be opened', () => desktop.openedPages.length === 1);
    expect(desktop.shown.at(-1)).toMatchObject({ title: expect.stringMatching(/^Code /), isWithdrawn: false });
    await clock.advance(601_000);
    await expect(asked).rejects.toMatchObject(EXPIRED);
    await signInIs('expired');
    expect(desktop.shown[0]).toMatchObject({ isWithdrawn: true });

    const second = ask();
    await waitFor('the button', () => desktop.shown.at(-1)?.action !== undefined);
    desktop.click();
    await waitFor('the page to be opened again', () => desktop.openedPages.length === 2);
    expect(desktop.shown.at(-1)).toMatchObject({ title: expect.stringMatching(/^Code /), isWithdrawn: false });
    await rig.client.call('cancelSignIn', { session: SESSION });
    expect(desktop.shown.at(-1)).toMatchObject({ isWithdrawn: true });
    await clock.advance(51_000);
    await expect(second).rejects.toMatchObject(EXPIRED);
  });

  test('with a locked screen: a notification, no page, and no request to AWS', async () => {
    const { rig, clock, desktop, ask, held } = await createEndedWorld(LOGIN);
    const asked = ask();
    await held(1);
    await waitFor('a notification', () => desktop.shown.length === 1);
    expect(desktop.shown[0]?.action?.label).toBe('Sign in');
    expect(desktop.openedPages).toEqual([]);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
    await clock.advance(51_000);
    await expect(asked).rejects.toMatchObject(EXPIRED);
  });

  test('a code that cannot be shown is cancelled, and its page is not opened', async () => {
    const { rig, clock, desktop, ask, held } = await createEndedWorld(LOGIN, {
      desktop: createRecordingDesktop({ isAttended: true, shows: ({ action }) => action !== undefined }),
    });
    const asked = ask();
    await held(1);
    await waitFor('a notification', () => desktop.shown.length === 1);
    expect((await rig.client.call('signIn', { session: SESSION }))?.state).toBe('cancelled');
    expect(desktop.openedPages).toEqual([]);
    await clock.advance(51_000);
    await expect(asked).rejects.toMatchObject(EXPIRED);
  });
});

describe.each(['notify', 'wait', 'login'])('in every mode, here %s', (mode) => {
  const settings = `on_expired = "${mode}"\n`;
  const attended = () => ({ desktop: createRecordingDesktop({ isAttended: true }) });

  test('callers fail at once without a notification before the first sign-in and after a logout', async () => {
    const { rig, desktop, ask, signIn } = await createWorld(settings, attended());
    await expect(ask()).rejects.toMatchObject({ code: 'sign-in-required' });
    await signIn();
    await rig.client.call('signOut', { session: SESSION });
    await expect(ask()).rejects.toMatchObject({ code: 'sign-in-required' });
    expect([...desktop.shown, ...desktop.openedPages]).toEqual([]);
  });

  test.each([
    ['429', { kind: 'throttle', retryAfterSeconds: 120 }, 'identity-center-throttled'],
    ['an outage', { kind: 'status', status: 503 }, 'identity-center-unreachable'],
    ['a dropped connection', { kind: 'drop' }, 'identity-center-unreachable'],
    ['a web page for an answer', { kind: 'html' }, 'unusable-response'],
  ] as const)('%s fails as ever, holds no caller and disturbs nobody', async (_, fault, code) => {
    const { rig, clock, desktop, ask, signIn } = await createWorld(settings, attended());
    await signIn();
    rig.emulator.resetCalls();
    rig.emulator.expireAccessTokens();
    rig.emulator.addFault({ operation: '*', ...fault });
    const asked = ask();
    let isAnswered = false;
    void asked.then(
      () => {},
      () => {
        isAnswered = true;
      },
    );
    await waitFor('the refusal', async () => {
      await clock.advance(500);
      return isAnswered;
    });
    await expect(asked).rejects.toMatchObject({ code });
    expect([...desktop.shown, ...desktop.openedPages]).toEqual([]);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
  });
});

describe('what is shown', () => {
  test('has no secret and no control character in it, whatever the account is called', async () => {
    const directory = createDefaultDirectory();
    const { rig, clock, desktop, ask, held } = await createEndedWorld('on_expired = "wait"\n', {
      emulator: {
        directory: {
          ...directory,
          accounts: directory.accounts.map((account) => ({
            ...account,
            accountName: '<b>$(reboot)\u001b[2J\u202e\nx\\n',
          })),
        },
      },
    });
    const asked = ask(0);
    await held(1);
    expect(desktop.shown[0]?.body).toContain(' in <b>$(reboot) [2J x\\n (111111111111). ');
    desktop.click();
    await waitFor('the page to be opened', () => desktop.openedPages.length === 1);
    const [{ userCode } = { userCode: '' }] = rig.emulator.pendingDeviceAuthorizations();
    rig.emulator.approve(userCode);
    await clock.advance(2000);
    const { SecretAccessKey, SessionToken } = await asked;
    const everything = JSON.stringify(desktop.shown);
    for (const secret of [SecretAccessKey, SessionToken]) expect(everything).not.toContain(secret);
    for (const { title, body } of desktop.shown) {
      expect(title + body).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    }
  });
});
