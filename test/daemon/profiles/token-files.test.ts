// The AWS CLI's own token file: written only when needed, renewed in time, deleted with the session.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { tokenFilePath } from '../../../src/aws-config/files/token-file.ts';
import { createProblems } from '../../../src/core/problems.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { Settings } from '../../../src/daemon/settings/settings.ts';
import type { SharedConfig } from '../../../src/daemon/shared-config/shared-config.ts';
import { createTokenFiles } from '../../../src/daemon/profiles/token-files.ts';
import { createTemporaryHome } from '../../helpers/temporary-home.ts';
import { createFakeClock, FAKE_NOW_MS, type FakeClock } from '../../helpers/fake-clock.ts';
import { CONFIG, createRig, SESSION, type Rig, type RigOptions } from '../../helpers/rig.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { canForbidChanges, withoutChanges } from '../../helpers/forbid-changes.ts';

const START_URL = 'https://d-1234567890.awsapps.com/start';
const MINUTE_MS = 60_000;

const SESSION_ONLY = CONFIG.slice(0, CONFIG.indexOf('[profile'));
const LEGACY = `
[profile legacy]
sso_start_url = ${START_URL}
sso_region = us-east-1
sso_account_id = 111111111111
sso_role_name = Admin-AF-Permission-Set
`;

let rig: Rig | undefined;
let clock: FakeClock = createFakeClock();
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

/** A rig whose daemon and emulator share a fake clock. */
async function createClockedRig(options: RigOptions = {}): Promise<Rig> {
  clock = createFakeClock();
  rig = await createRig({
    ...options,
    clock,
    emulator: { clock, sessionLifetimeSeconds: 8 * 3600, ...options.emulator },
  });
  return rig;
}

/** Advances the clock second by second while real network requests complete. */
const waitOnClock = <T>(what: string, condition: () => T | false | Promise<T | false>, stepMs = 1000): Promise<T> =>
  waitFor<T>(what, async () => {
    const answer = await condition();
    if (!answer) await clock.advance(stepMs);
    return answer;
  });

async function signIn(its: Rig, sessionName = SESSION): Promise<void> {
  await its.client.call('startSignIn', { session: sessionName, body: {} });
  await waitOnClock('the sign-in and its list', async () => {
    const setup = (await its.client.call('signIn', { session: sessionName }))?.setup;
    return setup?.state === 'done' || setup?.state === 'failed';
  });
}

const pathOf = (its: Rig, key: string) =>
  join(its.home.path, '.aws', 'sso', 'cache', `${createHash('sha1').update(key).digest('hex')}.json`);

interface TokenFile {
  readonly accessToken: string;
  readonly expiresAt: string;
  readonly rolecall?: boolean;
}
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as TokenFile;
const problemCodes = async (its: Rig) => (await its.client.call('status', {})).problems.map(({ code }) => code);

describe('the token file', () => {
  test('has exactly what AWS clients need, readable by its owner only', async () => {
    const its = await createClockedRig();
    await signIn(its);
    const path = pathOf(its, SESSION);
    expect(read(path)).toEqual({
      startUrl: START_URL,
      region: 'us-east-1',
      accessToken: expect.stringMatching(/.{20}/),
      expiresAt: expect.stringMatching(/^2026-11-24T0\d:\d\d:\d\dZ$/),
      rolecall: true,
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(existsSync(pathOf(its, START_URL))).toBe(false);
  });

  test('of a legacy profile is named after the start URL', async () => {
    const its = await createClockedRig({ config: SESSION_ONLY + LEGACY });
    await signIn(its);
    expect(read(pathOf(its, START_URL)).rolecall).toBe(true);
    expect(existsSync(pathOf(its, SESSION))).toBe(false);
    expect((await its.client.call('status', {})).sessions[0]?.tokenFileProfiles).toEqual(['legacy']);
  });

  test('exists for each spelling of the start URL in legacy profiles, and all are deleted with the session', async () => {
    const spellings = [`${START_URL}/`, `${START_URL}#/`, START_URL.replace('d-', 'D-')];
    const legacy = (startUrl: string, index: number) =>
      LEGACY.replace('legacy', `legacy${index}`).replace(START_URL, startUrl);
    const others = [`${START_URL}/x`, START_URL.replace('https', 'http')];
    const its = await createClockedRig({ config: SESSION_ONLY + [...spellings, ...others].map(legacy).join('') });
    await signIn(its);
    const tokens = spellings.map((key) => read(pathOf(its, key)) as TokenFile & { readonly startUrl: string });
    expect(tokens.map(({ startUrl, rolecall }) => ({ startUrl, rolecall }))).toEqual(
      spellings.map((startUrl) => ({ startUrl, rolecall: true })),
    );
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
    for (const key of [SESSION, START_URL, ...others]) expect(existsSync(pathOf(its, key))).toBe(false);
    expect((await its.client.call('status', {})).sessions[0]?.tokenFileProfiles).toEqual([
      'legacy0',
      'legacy1',
      'legacy2',
    ]);

    // One profile is removed from the file.
    const [first = '', ...left] = spellings;
    writeFileSync(its.configPath, readFileSync(its.configPath, 'utf8').replace(first, START_URL));
    await waitOnClock('the other file', () => existsSync(pathOf(its, START_URL)));
    expect(existsSync(pathOf(its, first))).toBe(false);
    await its.client.call('signOut', { session: SESSION });
    for (const key of [START_URL, ...left]) expect(existsSync(pathOf(its, key))).toBe(false);
  });

  test('is not written when no profile needs it, or with token_cache = "never"', async () => {
    const its = await createClockedRig({ config: SESSION_ONLY });
    await signIn(its);
    expect(existsSync(dirname(pathOf(its, SESSION))) && readdirSync(dirname(pathOf(its, SESSION))).length > 0).toBe(
      false,
    );
    await its.remove();
    const off = await createClockedRig({ settings: 'token_cache = "never"\n' });
    const path = pathOf(off, SESSION);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '{"accessToken":"x","expiresAt":"2026-11-24T09:00:00Z","rolecall":true}');
    await signIn(off);
    // A file from before the setting is deleted too.
    expect(existsSync(path)).toBe(false);
    expect((await off.client.call('status', {})).sessions[0]?.tokenFileProfiles).toEqual([]);
  });

  test('is written for native profiles that rolecall wrote itself', async () => {
    const its = await createClockedRig({ config: SESSION_ONLY, settings: '[profiles]\nstyle = "sso"\n' });
    await signIn(its);
    await waitOnClock('the token file', () => existsSync(pathOf(its, SESSION)));
    expect((await its.client.call('status', {})).sessions[0]?.tokenFileProfiles).toEqual([
      '(profiles that rolecall wrote with style = "sso")',
    ]);
  });

  test('is created and deleted with the profiles that need it', async () => {
    const its = await createClockedRig({ config: SESSION_ONLY });
    await signIn(its);
    writeFileSync(its.configPath, CONFIG);
    await waitOnClock('the token file', () => existsSync(pathOf(its, SESSION)));
    writeFileSync(its.configPath, SESSION_ONLY);
    await waitOnClock('the token file to go', () => !existsSync(pathOf(its, SESSION)));
    writeFileSync(its.configPath, CONFIG);
    await waitOnClock('the token file again', () => existsSync(pathOf(its, SESSION)));
    // The sso-session was removed: nothing else would delete the token.
    writeFileSync(its.configPath, '');
    await waitOnClock('the token file to go with its section', () => !existsSync(pathOf(its, SESSION)));
  });

  test('is renewed 20 minutes before it expires, also after the machine slept', async () => {
    const its = await createClockedRig();
    await signIn(its);
    const path = pathOf(its, SESSION);
    const first = read(path);
    await clock.advance(Date.parse(first.expiresAt) - clock.nowMs() - 21 * MINUTE_MS);
    expect(read(path)).toEqual(first);
    await clock.advance(MINUTE_MS);
    const second = await waitOnClock(
      'the renewed token',
      () => read(path).accessToken !== first.accessToken && read(path),
    );
    expect(Date.parse(second.expiresAt) - clock.nowMs()).toBeGreaterThan(55 * MINUTE_MS);
    // Sleep: the wall clock jumps, timers do not advance.
    clock.jump(2 * 60 * MINUTE_MS);
    await waitOnClock('the token after waking', () => read(path).accessToken !== second.accessToken);
    expect(its.emulator.countCalls('CreateToken', 'refresh_token')).toBe(2);
  });

  test('is deleted by a sign-out and not written again', async () => {
    const its = await createClockedRig();
    await signIn(its);
    await its.client.call('signOut', { session: SESSION });
    expect(existsSync(pathOf(its, SESSION))).toBe(false);
    await clock.advance(2 * MINUTE_MS);
    expect(existsSync(pathOf(its, SESSION))).toBe(false);
  });

  test('is deleted when the session ends at AWS', async () => {
    const its = await createClockedRig();
    await signIn(its);
    its.emulator.revokeSessions();
    its.emulator.killRefreshTokens();
    await waitOnClock('the token file to go', () => !existsSync(pathOf(its, SESSION)), MINUTE_MS);
    expect((await its.client.call('status', {})).sessions[0]?.state).toBe('expired');
  });

  test('is written again after a deletion if AWS confirms that the session is live', async () => {
    const its = await createClockedRig();
    await signIn(its);
    const before = its.emulator.countCalls('ListAccounts');
    rmSync(pathOf(its, SESSION));
    await waitOnClock('the token file again', () => existsSync(pathOf(its, SESSION)));
    expect(its.emulator.countCalls('ListAccounts')).toBe(before + 1);
    // `aws sso logout` revokes the session, then deletes the file.
    its.emulator.revokeSessions();
    rmSync(pathOf(its, SESSION));
    await waitOnClock('the session to be found ended', async () => {
      return (await its.client.call('status', {})).sessions[0]?.state === 'expired';
    });
    expect(existsSync(pathOf(its, SESSION))).toBe(false);
  });

  test('is not written again by the repetition of a failed listing before AWS confirms that the session is live', async () => {
    const its = await createClockedRig();
    its.emulator.addFault({ operation: 'ListAccounts', kind: 'status', status: 503 });
    await signIn(its);
    const listing = async () => (await its.client.call('signIn', { session: SESSION }))?.setup?.state;
    expect(await listing()).toBe('failed');
    its.emulator.revokeSessions();
    rmSync(pathOf(its, SESSION));
    await waitOnClock('the listing again', async () => (await listing()) === 'listing');
    await waitOnClock('its failure', async () => (await listing()) === 'failed');
    expect(existsSync(pathOf(its, SESSION))).toBe(false);
  });

  test('of the AWS CLI itself is not changed until it expires, and is reported as a problem', async () => {
    const its = await createClockedRig();
    const path = pathOf(its, SESSION);
    const foreign = JSON.stringify({
      startUrl: START_URL,
      accessToken: 'theirs',
      expiresAt: new Date(FAKE_NOW_MS + 30 * MINUTE_MS).toISOString(),
    });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, foreign);
    await signIn(its);
    expect(readFileSync(path, 'utf8')).toBe(foreign);
    expect((await its.client.call('status', {})).problems).toEqual([
      {
        code: 'token-file-not-ours',
        message: `The token file of ${SESSION} holds the AWS CLI's own login and was not changed because it has not expired.`,
        hint: 'aws sso logout',
        session: SESSION,
      },
    ]);
    await clock.advance(31 * MINUTE_MS);
    await waitOnClock('our token in its place', () => read(path).rolecall === true);
    await waitOnClock('the problem to be over', async () => (await problemCodes(its)).length === 0);
    // A sign-out does not delete it either.
    writeFileSync(path, foreign);
    await its.client.call('signOut', { session: SESSION });
    expect(readFileSync(path, 'utf8')).toBe(foreign);
  });

  test('that cannot be written is reported as a problem and does not fail the sign-in', async () => {
    const its = await createClockedRig();
    const folder = dirname(pathOf(its, SESSION));
    mkdirSync(dirname(folder), { recursive: true });
    writeFileSync(folder, 'a file where the folder should be');
    await signIn(its);
    expect(await problemCodes(its)).toEqual(['file-not-writable']);
    expect((await its.client.call('signIn', { session: SESSION }))?.setup).toMatchObject({ state: 'done' });
    rmSync(folder);
    await waitOnClock('the token file', () => existsSync(pathOf(its, SESSION)));
    await waitOnClock('the problem to be over', async () => (await problemCodes(its)).length === 0);
  });

  test('that cannot be read is reported as a problem until it is readable', async () => {
    const its = await createClockedRig();
    await signIn(its);
    const path = pathOf(its, SESSION);
    renameSync(path, `${path}.aside`);
    mkdirSync(path);
    await waitOnClock('the problem', async () => (await problemCodes(its)).length > 0);
    rmSync(path, { recursive: true });
    renameSync(`${path}.aside`, path);
    await clock.advance(MINUTE_MS);
    await waitOnClock('the problem to be over', async () => (await problemCodes(its)).length === 0);
    // The token of the sign-in is still used.
    expect(clock.nowMs() - FAKE_NOW_MS).toBeLessThan(10 * MINUTE_MS);
  });

  test.skipIf(!canForbidChanges())('that cannot be deleted makes a sign-out say so', async () => {
    const its = await createClockedRig();
    await signIn(its);
    await withoutChanges(dirname(pathOf(its, SESSION)), () =>
      expect(its.client.call('signOut', { session: SESSION })).rejects.toMatchObject({ code: 'file-not-writable' }),
    );
  });

  test('of a start URL that two sessions share belongs to one of them until it ends', async () => {
    const two = `${SESSION_ONLY}${SESSION_ONLY.replace(SESSION, 'second')}${LEGACY}`;
    const its = await createClockedRig({ config: two });
    const path = pathOf(its, START_URL);
    await signIn(its, SESSION);
    const first = read(path).accessToken;
    await signIn(its, 'second');
    await clock.advance(2 * MINUTE_MS);
    expect(read(path).accessToken).toBe(first);
    await its.client.call('signOut', { session: SESSION });
    await waitOnClock('the token of the other session', () => existsSync(path) && read(path).accessToken !== first);
    await its.client.call('signOut', { session: 'second' });
    expect(existsSync(path)).toBe(false);
  });
});

describe('the list of a session', () => {
  test('is refreshed every day while the session is live', async () => {
    const its = await createClockedRig({ emulator: { sessionLifetimeSeconds: 90 * 3600 } });
    await signIn(its);
    const before = its.emulator.countCalls('ListAccountRoles');
    await clock.advance(20 * 60 * MINUTE_MS);
    expect(its.emulator.countCalls('ListAccountRoles')).toBe(before);
    clock.jump(5 * 60 * MINUTE_MS);
    await waitOnClock('the daily list', () => its.emulator.countCalls('ListAccountRoles') >= before + 4);
  });
});

test('gives the file of a shared start URL to the first session in the config file, even if it is slow', async () => {
  const home = createTemporaryHome();
  try {
    const sessions = ['slow', 'quick'].map((sessionName, index) => ({
      sessionName,
      // A different spelling of the same URL.
      startUrl: index === 0 ? START_URL : `${START_URL}/`,
      region: 'us-east-1',
      registrationScopes: [],
    }));
    const legacy = {
      form: 'legacy',
      profileName: 'legacy',
      writtenBy: 'hand',
      startUrl: START_URL,
      region: 'us-east-1',
    };
    const tokenFiles = createTokenFiles({
      clockAheadMs: () => 0,
      homeDirectory: home.path,
      settings: { tokenCache: 'auto' } as Settings,
      sharedConfig: { read: async () => ({ sessions, nativeProfiles: [legacy] }) } as unknown as SharedConfig,
      broker: {
        async describe({ sessionName }) {
          const turns = sessionName === 'slow' ? 20 : 0;
          for (let turn = 0; turn < turns; turn += 1) await setImmediate();
          return { state: 'live' };
        },
        accessToken: async ({ sessionName }) => ({
          secret: new Secret(sessionName),
          expiresAtMs: FAKE_NOW_MS + 3_600_000,
        }),
        isServing: () => true,
        needsUserCheck: () => false,
        verifyLive: async () => true,
      },
      clock: createFakeClock(),
      random: () => 1,
      problems: createProblems(),
    });
    for (let tick = 0; tick < 2; tick += 1) {
      await tokenFiles.keepAll();
      expect(JSON.parse(readFileSync(tokenFilePath(home.path, START_URL), 'utf8'))).toMatchObject({
        accessToken: 'slow',
      });
    }
  } finally {
    await home.remove();
  }
});
