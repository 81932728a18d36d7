// Renewing a live session: what programs get meanwhile, and the offer on a terminal, in the status and after a restart.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSystemClock, type Clock } from '../../src/core/clock.ts';
import { formatMoment } from '../../src/core/text/format-duration.ts';
import { createFakeClock } from '../helpers/fake-clock.ts';
import { createRecordingDesktop } from '../helpers/recording-desktop.ts';
import { createRig, createSignedInRig, SESSION, type CliOptions, type Rig, type RigOptions } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

const HOUR_MS = 3_600_000;
const READER = 'Log-Archive.ReadOnly';
const ADMIN = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
const ENVIRONMENT = { NO_COLOR: '1', ROLECALL_PICKER: 'builtin' };
const SETTINGS = `renew = "ask"\n[session.${SESSION}]\nsession_hours = 10\n`;

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

describe('a forced sign-in to a live session', () => {
  let its: Rig;
  let grant: { readonly url: string; readonly token: string };
  const keys = async () => {
    const answer = await fetch(grant.url, { headers: { authorization: grant.token } });
    return { status: answer.status, body: (await answer.json()) as { readonly AccessKeyId: string } };
  };
  const state = async () => (await its.client.call('signIn', { session: SESSION }))?.state;

  beforeEach(async () => {
    its = await createSignedInRig({ checksUsers: true });
    rig = its;
    grant = await its.client.call('createGrant', { body: ADMIN });
    its.emulator.turnKnobs({ autoApprove: false });
  });

  async function force(): Promise<string> {
    const body = { force: true, flow: 'device' } as const;
    const started = await its.client.call('startSignIn', { session: SESSION, body });
    expect(started.state).toBe('pending');
    return started.userCode ?? '';
  }

  /** The session, its keys and a running `exec` are as before. */
  async function expectServing(before: Awaited<ReturnType<typeof keys>>): Promise<void> {
    its.emulator.resetCalls();
    expect(await keys()).toEqual(before);
    expect(its.emulator.countCalls('GetRoleCredentials')).toBe(0);
    expect((await its.client.call('status', {})).sessions).toMatchObject([{ state: 'live' }]);
  }

  test('serves on while it waits, and when it is denied', async () => {
    const before = await keys();
    const code = await force();
    await expectServing(before);
    its.emulator.deny(code);
    await waitFor('the denial', async () => (await state()) === 'denied');
    await expectServing(before);
  });

  test('serves on when it is cancelled, or its code expires', async () => {
    const before = await keys();
    await force();
    await its.client.call('cancelSignIn', { session: SESSION });
    await expectServing(before);
    its.emulator.turnKnobs({ deviceCodeLifetimeSeconds: 1 });
    await force();
    await waitFor('the end of the code', async () => (await state()) === 'expired');
    await expectServing(before);
  });

  test('refuses no program when it is approved, and starts the session anew', async () => {
    const before = await keys();
    const [old] = (await its.client.call('status', {})).sessions;
    const code = await force();
    const done = new AbortController();
    const answers: number[] = [];
    const asking = (async () => {
      while (!done.signal.aborted) answers.push((await keys()).status);
    })();
    its.emulator.approve(code);
    await waitFor('the approval', async () => (await state()) === 'approved');
    await waitFor('the list', async () => {
      const signIn = await its.client.call('signIn', { session: SESSION });
      return signIn?.setup?.state === 'done';
    });
    done.abort();
    await asking;
    expect(new Set(answers)).toEqual(new Set([200]));
    const after = await keys();
    expect(after.body.AccessKeyId).not.toBe(before.body.AccessKeyId);
    const [fresh] = (await its.client.call('status', {})).sessions;
    expect(fresh).toMatchObject({ state: 'live', user: old?.user });
  });
});

describe('the offer', () => {
  const passed = { ms: 0 };
  const system = createSystemClock();
  const startedAtMs = system.nowMs();
  /** Four in the morning by the local clock, and what has passed since. */
  const clock: Clock = {
    ...system,
    nowMs: () => new Date(2026, 10, 24, 4).getTime() + system.nowMs() - startedAtMs + passed.ms,
  };

  /** Signed in at four; it is nine now, and the session ends at two in the afternoon. */
  async function openInTheMorning(options: RigOptions = {}): Promise<Rig> {
    passed.ms = 0;
    const its = await createRig({
      clock,
      emulator: { clock, sessionLifetimeSeconds: 10 * 3600 },
      settings: SETTINGS,
      environment: ENVIRONMENT,
      ...options,
    });
    rig = its;
    expect(await its.runCli(['login'])).toMatchObject({ exitCode: 0 });
    passed.ms = 5 * HOUR_MS;
    return its;
  }

  const sessionOf = async (its: Rig) => (await its.client.call('status', {})).sessions[0];
  async function questionOf(its: Rig): Promise<string> {
    const end = formatMoment((await sessionOf(its))?.sessionExpiresAt ?? '', clock.nowMs());
    return `Your sign-in to ${SESSION} ends at ${end}. Renew it now? [y/N] `;
  }
  const use = (
    its: Rig,
    answers: readonly string[],
    options: CliOptions = {},
    argv = ['use', '--print-name', READER],
  ) => its.runCli(argv, { isTerminal: true, answers: [...answers], opened: [], clock, ...options });

  test('is made by the first use of the day, on a terminal only, and No is the answer for that day', async () => {
    const store = { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse battery staple' };
    const its = await openInTheMorning({ environment: { ...ENVIRONMENT, ...store } });
    expect((await sessionOf(its))?.renewal).toBe('due');
    const question = await questionOf(its);
    for (const argv of [
      ['use', '--print-name', '--no-picker', READER],
      ['use', '--json', READER],
      ['status', '--format', 'prompt'],
      ['whoami', READER],
    ]) {
      expect((await use(its, ['y'], {}, argv)).stderr).not.toContain('Renew');
    }
    expect((await use(its, ['y'], { isTerminal: false })).stderr).toBe('');
    expect((await use(its, ['n'])).stderr).toContain(question);
    expect(await use(its, [])).toMatchObject({ exitCode: 0, stdout: `${READER}\n`, stderr: '' });
    expect((await sessionOf(its))?.renewal).toBe('offered');
    expect((await its.runCli(['status'])).stdout).toContain(`  to renew it now: rolecall login --force ${SESSION}\n`);
    await its.restartDaemon();
    expect((await sessionOf(its))?.renewal).toBe('offered');
    expect(await its.client.call('takeRenewal', { session: SESSION })).toEqual({ taken: false });
  });

  test('renews the session on a Yes, and the use goes on', async () => {
    const its = await openInTheMorning();
    const opened: string[] = [];
    const { exitCode, stdout, stderr } = await use(its, ['y', 'y'], { opened }, ['use', '--current', READER]);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^Current role: Log Archive /u),
    });
    expect(stderr).toContain(`Signed in to ${SESSION}.\n`);
    expect(opened).toHaveLength(1);
    const session = await sessionOf(its);
    expect(session).not.toHaveProperty('renewal');
    expect(Date.parse(session?.sessionExpiresAt ?? '') - clock.nowMs()).toBeGreaterThan(9 * HOUR_MS);
  });

  test('fails harmlessly: the session is live, so the use goes on', async () => {
    const its = await openInTheMorning();
    its.emulator.addFault({ operation: 'StartDeviceAuthorization', kind: 'status', status: 500 });
    const { exitCode, stdout, stderr } = await use(its, ['y', 'y']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${READER}\n` });
    expect(stderr).toMatch(/rolecall: .* \[identity-center-unreachable\]\n/u);
  });
});

test('a notification offers it once the screen is unlocked, with a button that shows a code', async () => {
  const fake = createFakeClock(new Date(2026, 10, 24, 4).getTime());
  const screen = { isUnlocked: false };
  const recording = createRecordingDesktop();
  const its = await createRig({
    clock: fake,
    emulator: { clock: fake, sessionLifetimeSeconds: 36_000 },
    desktop: { ...recording, isAttended: async () => screen.isUnlocked },
    settings: SETTINGS,
  });
  rig = its;
  /** Passes time as long as it takes: files and sockets are read in real time. */
  const passUntil = (what: string, condition: () => Promise<boolean> | boolean) =>
    waitFor(what, async () => {
      await fake.advance(15_000);
      return condition();
    });
  await its.client.call('startSignIn', { session: SESSION, body: {} });
  await passUntil('the sign-in', async () => {
    const signIn = await its.client.call('signIn', { session: SESSION });
    return signIn?.setup?.state === 'done';
  });
  its.emulator.turnKnobs({ autoApprove: false });
  fake.jump(5 * HOUR_MS);
  await passUntil('the offer to be due', async () => {
    const { sessions } = await its.client.call('status', {});
    return sessions[0]?.renewal === 'due';
  });
  expect(recording.shown).toEqual([]);
  screen.isUnlocked = true;
  await passUntil('the offer', () => recording.shown.length === 1);
  expect(recording.shown[0]).toMatchObject({
    title: expect.stringMatching(/^Your sign-in to my-sso-session ends today at 14:\d\d$/u),
    action: { label: 'Renew' },
  });
  expect(recording.openedPages).toEqual([]);
  recording.click();
  await waitFor('the page', () => recording.openedPages.length === 1);
  expect(await its.client.call('signIn', { session: SESSION })).toMatchObject({ state: 'pending' });
  expect((await its.client.call('status', {})).sessions).toMatchObject([{ state: 'live' }]);
  // A code that nobody approves leaves the screen, and nothing else changes.
  expect(recording.shown.at(-1)?.title).toMatch(/^Code [A-Z]{4}-[A-Z]{4} signs in to my-sso-session$/u);
  fake.jump(11 * 60_000);
  await passUntil('the code to go', () => recording.shown.at(-1)?.isWithdrawn === true);
  expect((await its.client.call('status', {})).sessions).toMatchObject([{ state: 'live', renewal: 'offered' }]);
});
