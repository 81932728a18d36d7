// What a day of something that keeps failing costs at AWS: each retry without end backs off, and alone.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createConfigFile } from '../../src/aws-config/files/config-file.ts';
import { createDailyLists } from '../../src/daemon/roles/daily-lists.ts';
import { loadSettings } from '../../src/daemon/settings/settings.ts';
import { createSharedConfig } from '../../src/daemon/shared-config/shared-config.ts';
import { createTokenFiles } from '../../src/daemon/profiles/token-files.ts';
import { createUserChecks } from '../../src/daemon/sign-in/user-checks.ts';
import type { SsoSession } from '../../src/core/model.ts';
import type { Operation } from '../helpers/fake-identity-center.ts';
import { writePrivate } from '../helpers/rig.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { createWorld, MINUTE_MS, ROLE, SESSION } from '../sso/world.ts';

/** The daemon's own is 15000; the shortest pause is 30 s, so a minute sees the same. */
const TICK_MS = Number(process.env['ROLECALL_TICK_MS'] ?? 60_000);
const DAY_MS = 24 * 60 * MINUTE_MS;
const OTHER: SsoSession = { ...SESSION, sessionName: 'other', startUrl: 'https://d-0987654321.awsapps.com/start' };

let home: TemporaryHome | undefined;
afterEach(() => home?.remove());

/** Two sessions that are signed in and listed, and what the daemon does for them by itself. */
async function createDay({ hasNativeProfile = false } = {}) {
  let stsCalls = 0;
  const world = createWorld(
    {},
    {
      callerIdentity: {
        fetchUser() {
          stsCalls += 1;
          return Promise.reject(new Error('HTTP 403'));
        },
      },
    },
  );
  const { broker, clock, identityCenter, problems } = world;
  home = createTemporaryHome();
  const homeDirectory = home.path;
  const section = ({ sessionName, startUrl, region }: SsoSession) =>
    `[sso-session ${sessionName}]\nsso_start_url = ${startUrl}\nsso_region = ${region}\nsso_registration_scopes = sso:account:access\n`;
  const native = `[profile native]\nsso_session = ${SESSION.sessionName}\nsso_account_id = ${ROLE.accountId}\nsso_role_name = x\n`;
  const configFile = createConfigFile({ path: join(homeDirectory, '.aws', 'config'), clock });
  writePrivate(configFile.path, [section(SESSION), section(OTHER), ...(hasNativeProfile ? [native] : [])].join('\n'));
  // Read once: a fake day is over before a real disk has answered.
  const snapshot = await createSharedConfig(configFile).read();
  const sharedConfig = { ...createSharedConfig(configFile), read: async () => snapshot };
  const shared = { broker, clock, problems, sharedConfig, random: () => 1, log: () => undefined };
  const tokenFiles = createTokenFiles({
    clockAheadMs: () => 0,
    ...shared,
    homeDirectory,
    settings: await loadSettings(join(homeDirectory, 'no'), {}),
  });
  const changes = { announce: () => undefined };
  const dailyLists = createDailyLists({ ...shared, changes });
  // Deletes and writes real files, also while the clock moves: a tick must not end, and the next one begin, in between.
  const filesInUse = new Set<Promise<void>>();
  const keep: typeof tokenFiles.keep = async (...request) => {
    const kept = tokenFiles.keep(...request);
    filesInUse.add(kept);
    await kept.finally(() => filesInUse.delete(kept));
  };
  const userChecks = createUserChecks({
    ...shared,
    tokenFiles: { keep },
    changes,
    notifier: { notify: async () => false },
  });

  for (const session of [SESSION, OTHER]) {
    await world.signIn(session);
    const listed = broker.refreshCatalog(session);
    await clock.advance(1000);
    await listed;
  }
  const cachePath = join(homeDirectory, '.aws', 'sso', 'cache');
  return {
    world,
    broker,
    cachePath,
    userChecks,
    /** Runs what the ticker runs for so long; gives what each session asked of AWS. */
    async pass(durationMs: number, onTick: () => void = () => undefined): Promise<Record<string, number>> {
      identityCenter.forgetArrivals();
      stsCalls = 0;
      for (let passedMs = 0; passedMs < durationMs; passedMs += TICK_MS) {
        onTick();
        const tasks = [broker.refreshAhead(), dailyLists(), userChecks.checkAgain()];
        // Real files, so that it is waited for; without a native profile there is nothing to keep.
        if (hasNativeProfile) await tokenFiles.keepAll();
        await clock.advance(TICK_MS);
        // What one of them does outside of the fake clock takes no time of the day.
        await Promise.all(tasks);
        await Promise.allSettled(filesInUse);
        await clock.settle();
      }
      const counts: Record<string, number> = {};
      for (const { operation, startUrl } of identityCenter.arrivals) {
        const name = `${startUrl === SESSION.startUrl ? '' : 'other '}${operation}`;
        counts[name] = (counts[name] ?? 0) + 1;
      }
      return stsCalls === 0 ? counts : { ...counts, sts: stsCalls };
    },
    /** Only for the first of the two sessions. */
    failAtFirst(operation: Operation, kind: 'unreachable' | 'unusable-response' | 'throttled') {
      identityCenter.fail(operation, { kind, startUrl: SESSION.startUrl });
    },
  };
}

/** The refreshes of a token of one hour, two sessions, in a day; the first alone has a native profile that needs one. */
const REFRESHES_OF_A_DAY = 37;

function report(what: string, counts: Record<string, number>): void {
  const parts = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  process.stdout.write(`${what}, calls in a day: ${parts.join(', ') || 'none'}\n`);
}

describe('a day of', () => {
  test('a token cache that takes no files', async () => {
    const { cachePath, pass, world } = await createDay({ hasNativeProfile: true });
    // A folder that nobody can make, root included.
    mkdirSync(dirname(cachePath), { recursive: true, mode: 0o700 });
    symlinkSync('/proc/no-such-folder', cachePath);
    const counts = await pass(DAY_MS);
    report('a token cache that takes no files', counts);
    expect(counts['listAccounts']).toBeLessThanOrEqual(105);
    expect(world.problems.list()).toMatchObject([{ code: 'file-not-writable' }]);
    // Mended, the next try writes, and the next failure begins with a short pause again.
    rmSync(cachePath);
    await pass(17 * MINUTE_MS);
    expect(world.problems.list()).toEqual([]);
    rmSync(cachePath, { recursive: true });
    expect((await pass(2 * MINUTE_MS))['listAccounts']).toBe(1);
  });

  test('somebody who deletes the token file each time', async () => {
    const { cachePath, pass } = await createDay({ hasNativeProfile: true });
    const counts = await pass(DAY_MS, () => rmSync(cachePath, { recursive: true, force: true }));
    report('a token file that is deleted each time', counts);
    expect(counts['listAccounts']).toBeLessThanOrEqual(105);
    expect(counts['createTokenByRefreshToken']).toBeLessThanOrEqual(REFRESHES_OF_A_DAY);
  });

  test.each([
    ['unusable-response', 32],
    // Six tries a listing.
    ['unreachable', 32 * 6],
  ] as const)('a listing that is %s', async (kind, most) => {
    const { broker, failAtFirst, pass, world } = await createDay();
    await pass(MINUTE_MS);
    world.clock.jump(DAY_MS);
    failAtFirst('listAccounts', kind);
    const counts = await pass(DAY_MS);
    report(`a listing that is ${kind}`, counts);
    expect(counts['listAccounts']).toBeGreaterThan(20);
    expect(counts['listAccounts']).toBeLessThanOrEqual(most);
    // The other session is listed once a day as ever.
    expect(counts['other listAccounts']).toBe(1);
    world.identityCenter.recover();
    await pass(61 * MINUTE_MS);
    expect(world.clock.nowMs() - ((await broker.cachedCatalog(SESSION))?.asOfMs ?? 0)).toBeLessThan(61 * MINUTE_MS);
  });

  test('a clock that is set back lists once, though the list is of a time to come', async () => {
    const { pass, world } = await createDay();
    world.clock.jump(-30 * DAY_MS);
    expect(await pass(10 * MINUTE_MS)).toMatchObject({ listAccounts: 1, 'other listAccounts': 1 });
  });

  test('a token refresh that is refused, with a role in use and a native profile', async () => {
    const { broker, failAtFirst, pass, world } = await createDay({ hasNativeProfile: true });
    await broker.credentials(SESSION, ROLE);
    failAtFirst('createTokenByRefreshToken', 'unusable-response');
    const counts = await pass(DAY_MS);
    report('a token refresh that is refused', counts);
    // Once a minute for as long as it lasts.
    expect(counts['createTokenByRefreshToken']).toBeLessThanOrEqual(24 * 60 + 40);
    world.identityCenter.recover();
    await pass(2 * MINUTE_MS);
    expect(await broker.describe(SESSION)).toMatchObject({ state: 'live' });
  });

  test('keys that are refused, of a role that nobody asks for any more', async () => {
    const { broker, failAtFirst, pass } = await createDay();
    await broker.credentials(SESSION, ROLE);
    failAtFirst('getRoleCredentials', 'unusable-response');
    const counts = await pass(DAY_MS);
    report('keys that are refused', counts);
    expect(counts['getRoleCredentials']).toBeGreaterThan(5);
    expect(counts['getRoleCredentials']).toBeLessThanOrEqual(40);
  });

  test('an STS that refuses to say who signed in', async () => {
    const { pass, userChecks } = await createDay();
    for (const session of [SESSION, OTHER]) await userChecks.check(session, { justSignedIn: true });
    const counts = await pass(DAY_MS);
    report('an STS that refuses', counts);
    // Of both sessions; the keys that were fetched for it serve until they expire.
    expect(counts['sts']).toBeGreaterThan(20);
    expect(counts['sts']).toBeLessThanOrEqual(2 * 30);
    expect(counts['getRoleCredentials']).toBeLessThanOrEqual(2 * 30);
  });
});
