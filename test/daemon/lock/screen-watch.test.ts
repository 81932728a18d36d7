// Watches a logind and screen savers on a private bus: what locks, what unlocks, and what a forger can do.
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProblems, type Problems } from '../../../src/core/problems.ts';
import type { DesktopIdle } from '../../../src/daemon/lock/idle.ts';
import type { LockEvent } from '../../../src/daemon/lock/lock-state.ts';
import { watchScreen, type ScreenWatch } from '../../../src/daemon/lock/screen-watch.ts';
import { BUS } from '../../../src/platform/bus/bus-connection.ts';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.ts';
import {
  joinBus,
  pathOf,
  startLogind,
  type LogindStandIn,
  type StandInSession,
} from '../../helpers/logind-stand-in.ts';
import { createSignedInRig, SESSION, writePrivate, type Rig } from '../../helpers/rig.ts';
import { hasSessionBus, startSessionBus, type SessionBus } from '../../helpers/session-bus.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const UID = 4711;
const SAVER_PATH = '/org/freedesktop/ScreenSaver';

function describeEvent(event: LockEvent): string {
  if (event.kind === 'lock') return event.reason;
  return 'isKnown' in event && event.isKnown ? `${event.kind} by logind` : event.kind;
}

function describeIdle(desktop: DesktopIdle | undefined): string {
  if (desktop === undefined) return 'no desktop';
  return desktop.isIdle ? `idle since ${desktop.idleSinceMs}` : 'in use';
}

describe.skipIf(!hasSessionBus())('the screen', () => {
  let home: TemporaryHome;
  let bus: SessionBus;
  let logind: LogindStandIn | undefined;
  let watch: ScreenWatch | undefined;
  let clock: FakeClock;
  let problems: Problems;
  let heard: string[];
  beforeEach(async () => {
    home = createTemporaryHome();
    bus = await startSessionBus(home.environment);
    clock = createFakeClock();
    problems = createProblems();
    heard = [];
  });
  afterEach(async () => {
    watch?.close();
    logind?.end();
    bus.end();
    await home.remove();
  });

  async function start(sessions: StandInSession[], { hasSystemBus = true } = {}): Promise<void> {
    if (hasSystemBus) logind = await startLogind(bus.socketPath, sessions);
    watch = watchScreen({
      listener: {
        onScreen: (event) => void heard.push(describeEvent(event)),
        onIdle: (desktop) => void heard.push(describeIdle(desktop)),
      },
      locksWithScreen: true,
      environment: {
        DBUS_SESSION_BUS_ADDRESS: `unix:path=${bus.socketPath}`,
        DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${hasSystemBus ? bus.socketPath : `${home.path}/none`}`,
      },
      userId: UID,
      settingsFile: '/config.toml',
      platform: 'linux',
      problems,
      clock,
      log: () => undefined,
    });
  }
  /** What comes next, without what came before. */
  async function next(what: string): Promise<void> {
    await waitFor(what, () => heard.includes(what));
    heard = [];
  }
  /** As another program of the bus sends it to one connection. */
  function forge(name: string, path: string, signal: string, ...args: readonly string[]): void {
    const address = ['--address', `unix:path=${bus.socketPath}`];
    execFileSync('/usr/bin/gdbus', [
      'emit',
      ...address,
      '--dest',
      name,
      '--object-path',
      path,
      '--signal',
      signal,
      ...args,
    ]);
  }
  /** Of a logind that answers all that came before. */
  async function settled(): Promise<void> {
    logind?.set('2', { idleSince: 77_000_000 });
    await next('idle since 77000');
  }
  const problemTexts = () => problems.list().map(({ code, message }) => `${code}: ${message}`);

  it('that is locked and unlocked again is followed, and that of another user is not', async () => {
    await start([
      { id: '2', userId: UID },
      { id: '3', userId: UID + 1, isLocked: true },
      { id: '4', userId: UID, type: 'tty', isLocked: true },
    ]);
    await next('screen-unlocked');
    logind?.set('2', { isLocked: true });
    await next('screen-locked by logind');
    logind?.set('2', { isLocked: false });
    await next('screen-unlocked');
    expect(problemTexts()).toEqual([]);
  });

  it('that is to be locked, and a machine that is about to sleep, lock', async () => {
    await start([{ id: '2', userId: UID }]);
    await next('screen-unlocked');
    logind?.askForLock('2');
    await next('screen-locked');
    logind?.sleep(true);
    await next('sleep');
    logind?.sleep(false);
    logind?.askForLock('3');
    await settled();
    expect(heard).toEqual([]);
  });

  it('that any program of the session bus claims to be active locks, and never unlocks', async () => {
    await start([{ id: '2', userId: UID }]);
    await next('screen-unlocked');
    const forger = await joinBus(bus.socketPath);
    const claim = (isActive: boolean) =>
      forger.emit(SAVER_PATH, 'org.freedesktop.ScreenSaver', 'ActiveChanged', 'b', [isActive]);
    claim(true);
    await next('screen-locked');
    claim(false);
    logind?.set('2', { isLocked: true });
    await next('screen-locked by logind');
    // Addressed to each connection: match rules keep only broadcasts of others away.
    const [names] = (await forger.call(BUS, 'ListNames')) as [string[]];
    const unique = names.filter((name) => name.startsWith(':'));
    for (const name of unique) {
      forge(name, '/org/freedesktop/login1', 'org.freedesktop.login1.Manager.PrepareForSleep', 'true');
      forge(name, pathOf('2'), 'org.freedesktop.login1.Session.Lock');
      forge(name, pathOf('2'), 'org.freedesktop.login1.Session.Unlock');
    }
    // It goes through the same connections, after the forged ones.
    claim(true);
    await waitFor('the claim', () => heard.includes('screen-locked'));
    const unlocksAndSleeps = heard.filter((line) => line === 'screen-unlocked' || line === 'sleep');
    expect(heard.filter((line) => line === 'screen-locked')).toHaveLength(1);
    await settled();
    expect(unique.length).toBeGreaterThan(3);
    expect(unlocksAndSleeps).toEqual([]);
    forger.close();
  });

  it('can’t be watched without a bus, without a session, or after logind has gone; the status says why', async () => {
    await start([], { hasSystemBus: false });
    await next('no desktop');
    expect(problemTexts()).toEqual([
      expect.stringMatching(
        /^screen-not-watched: lock_with_screen has no effect: the system bus can't be used: connect ENOENT/,
      ),
    ]);
    watch?.close();
    await start([]);
    await next('no desktop');
    expect(problemTexts()).toEqual([expect.stringContaining('logind knows no graphical session of yours')]);
    logind?.sessions.push({ id: '2', userId: UID });
    logind?.set('2', {});
    await next('screen-unlocked');
    expect(problemTexts()).toEqual([]);
    logind?.end();
    await next('no desktop');
    expect(problemTexts()).toEqual([expect.stringContaining('logind does not answer')]);
    logind = await startLogind(bus.socketPath, [{ id: '2', userId: UID, isLocked: true }]);
    await next('screen-locked by logind');
    expect(problemTexts()).toEqual([]);
  });

  it('is watched again after the bus was restarted, with growing pauses', async () => {
    await start([{ id: '2', userId: UID }]);
    await next('screen-unlocked');
    const { socketPath } = bus;
    bus.end();
    await next('no desktop');
    expect(problemTexts()).toEqual([expect.stringContaining("the system bus can't be used")]);
    await clock.advance(1000);
    await next('no desktop');
    bus = await startSessionBus(home.environment, socketPath);
    logind = await startLogind(bus.socketPath, [{ id: '2', userId: UID, isLocked: true }]);
    await waitFor('the next attempt', () => clock.pendingSleeps() > 0);
    await clock.advance(2000);
    await next('screen-locked by logind');
    expect(problemTexts()).toEqual([]);
  });

  /** A daemon with these settings, whose screen is on the bus. */
  async function startDaemon(settings: string, sessions: StandInSession[]): Promise<Rig> {
    logind = await startLogind(bus.socketPath, sessions);
    const address = `unix:path=${bus.socketPath}`;
    return createSignedInRig({
      settings: `lock_with_screen = true\n${settings}`,
      environment: { DBUS_SESSION_BUS_ADDRESS: address, DBUS_SYSTEM_BUS_ADDRESS: address },
    });
  }
  const query = { session: SESSION, account: '111111111111', role: 'Admin-AF-Permission-Set' };
  const outcomeOf = async (rig: Rig) =>
    rig.client.call('credentials', { query }).then(
      () => 'served',
      (error: unknown) => (error as { readonly code: string }).code,
    );
  const untilOutcomeIs = (rig: Rig, outcome: string) =>
    waitFor(`a caller to be ${outcome}`, async () => (await outcomeOf(rig)) === outcome);

  const untilLocked = (rig: Rig, isLocked: boolean) =>
    waitFor(
      `isLocked to be ${isLocked}`,
      async () => (await rig.client.call('status', {})).lock?.isLocked === isLocked,
    );

  it('locks a whole daemon, and unlocks it again, but not what a person has locked', async () => {
    const session: StandInSession = { id: '2', userId: process.getuid?.() ?? 0 };
    const rig = await startDaemon('', [session]);
    try {
      expect(await outcomeOf(rig)).toBe('served');
      logind?.set('2', { isLocked: true });
      await untilOutcomeIs(rig, 'locked');
      expect((await rig.client.call('status', {})).lock).toMatchObject({
        isLocked: true,
        reason: 'screen',
        scope: 'all',
      });
      logind?.set('2', { isLocked: false });
      await untilOutcomeIs(rig, 'served');
      await rig.client.call('lock', {});
      logind?.set('2', { isLocked: true });
      logind?.set('2', { isLocked: false });
      // By the same connection, so after these.
      logind?.end();
      await waitFor('the end of logind', async () => (await rig.client.call('status', {})).problems.length > 0);
      expect(await outcomeOf(rig)).toBe('locked');
    } finally {
      await rig.remove();
    }
  });

  it('does not unlock where an unlock needs a click, and a restart finds a screen that was unlocked meanwhile', async () => {
    const session: StandInSession = { id: '2', userId: process.getuid?.() ?? 0, isLocked: true };
    const rig = await startDaemon('', [session]);
    try {
      await untilLocked(rig, true);
      session.isLocked = false;
      await rig.restartDaemon();
      await untilLocked(rig, false);
      writePrivate(rig.paths.settingsFile, 'lock_with_screen = true\nunlock = "click"\n');
      session.isLocked = true;
      await rig.restartDaemon();
      await untilLocked(rig, true);
      logind?.set('2', { isLocked: false });
      logind?.end();
      await waitFor('the end of logind', async () => (await rig.client.call('status', {})).problems.length > 0);
      expect((await rig.client.call('status', {})).lock).toMatchObject({ isLocked: true });
    } finally {
      await rig.remove();
    }
  });
});
