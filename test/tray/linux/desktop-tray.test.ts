// The tray on a real session bus with a GLib tray host and a real daemon: what it shows, and what clicks do.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { BrowserFailure } from '../../../src/core/text/browser-command.ts';
import type { BrowserPlace } from '../../../src/core/aws/sign-in-flow.ts';
import { createSystemClock, type Clock } from '../../../src/core/clock.ts';
import { readEvents } from '../../../src/local-api/events.ts';
import { runDesktopTray } from '../../../src/tray/linux/desktop-tray.ts';
import { followDaemon } from '../../../src/tray/follow.ts';
import { createDefaultDirectory } from '../../../src/emulator/directory/default-directory.ts';
import { HOSTILE_NAMES } from '../../helpers/documents.ts';
import { createRig, SESSION, type Rig, type RigOptions } from '../../helpers/rig.ts';
import {
  describeLayout,
  hasSessionBus,
  startSessionBus,
  startTrayHost,
  type SessionBus,
  type TrayHost,
} from '../../helpers/session-bus.ts';
import { readLines } from '../../helpers/processes.ts';
import { runProcess } from '../../helpers/run-process.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const ITEM = 'org.kde.StatusNotifierItem';
const MENU = 'com.canonical.dbusmenu';
const NOTIFICATIONS = fileURLToPath(new URL('../../helpers/notification-server.py', import.meta.url));
const TAYLOR = 'taylor  111111111111  Admin-AF-Permission-Set';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** The system clock with short sleeps, so that deadlines pass immediately. */
const HURRIED: Clock = {
  nowMs: () => Date.now(),
  sleep: (durationMs, signal) => createSystemClock().sleep(Math.min(durationMs, 50), signal),
};

/** The system clock with long deadlines, for programs that have to start meanwhile. */
const PATIENT: Clock = {
  nowMs: () => Date.now(),
  sleep: (durationMs, signal) => createSystemClock().sleep(durationMs < 5000 ? durationMs : durationMs * 8, signal),
};

interface TrayOptions {
  readonly clock?: Clock;
  readonly waits?: boolean;
  readonly openBrowser?: (url: string) => Promise<boolean>;
  readonly browserPlace?: BrowserPlace;
}

interface RunningTray {
  readonly opened: readonly string[];
  readonly said: () => string;
  /** Settles as the tray does. */
  readonly ended: Promise<void>;
  stop(): void;
}

function startTray(rig: Rig, bus: SessionBus, options: TrayOptions = {}): RunningTray {
  const clock = options.clock ?? createSystemClock();
  const stop = new AbortController();
  const opened: string[] = [];
  let said = '';
  const { client, paths } = rig;
  const ended = runDesktopTray({
    busSocket: bus.socketPath,
    processId: process.pid,
    client,
    openBrowser:
      options.openBrowser ??
      (async (url) => {
        opened.push(url);
        return true;
      }),
    findBrowserPlace: async () => options.browserPlace ?? 'no-display',
    follow: (show, signal) =>
      followDaemon(
        {
          client,
          clock,
          readEvents: (until) => readEvents({ socketCandidates: paths.socketCandidates, clock, signal: until }),
        },
        show,
        signal,
      ),
    clock,
    signal: stop.signal,
    waits: options.waits ?? false,
    say: (text) => {
      said += text;
    },
  });
  ends.push(async () => {
    stop.abort();
    await ended.catch(() => undefined);
  });
  return { opened, said: () => said, ended, stop: () => stop.abort() };
}

async function createBus(rig: Rig): Promise<SessionBus> {
  const bus = await startSessionBus(rig.home.environment);
  ends.push(() => bus.end());
  return bus;
}

async function createHost(bus: SessionBus): Promise<TrayHost> {
  const host = await startTrayHost(bus.environment);
  ends.push(() => host.end());
  return host;
}

async function createScene(options: RigOptions = {}, login = true): Promise<Rig> {
  const rig = await createRig(options);
  ends.push(() => rig.remove());
  if (login) expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  return rig;
}

async function createShownTray(options: RigOptions = {}, login = true) {
  const rig = await createScene(options, login);
  const bus = await createBus(rig);
  const host = await createHost(bus);
  const tray = startTray(rig, bus);
  await waitFor('the tray to be in the panel', () => tray.said() === 'rolecall is in the tray.\n');
  return { rig, bus, host, tray };
}

const signalsOf = (host: TrayHost) =>
  host.events().flatMap(({ event, member }) => (event === 'signal' ? [String(member)] : []));

const layoutOf = async (host: TrayHost) => describeLayout(await host.layout());

describe.skipIf(!hasSessionBus())('the tray on a session bus', () => {
  test('registers a StatusNotifierItem with a menu', async () => {
    const { host } = await createShownTray();
    // Signals may arrive before it.
    const registered = host.events().filter(({ event }) => event === 'registered');
    expect(registered).toMatchObject([{ name: `${ITEM}-${process.pid}-1` }]);
    const { IconPixmap, AttentionIconPixmap, ToolTip, ...others } = await host.properties();
    expect(others).toEqual({
      Category: 'ApplicationStatus',
      Id: 'rolecall',
      Title: 'rolecall',
      Status: 'Active',
      WindowId: 0,
      IconThemePath: '',
      IconName: '',
      OverlayIconName: '',
      OverlayIconPixmap: [],
      AttentionIconName: '',
      AttentionMovieName: '',
      ItemIsMenu: true,
      Menu: '/MenuBar',
    });
    expect(AttentionIconPixmap).toEqual([]);
    const sizes = (IconPixmap as [number, number, number[]][]).map(([width, height, bytes]) => [
      width,
      height,
      bytes.length / 4,
    ]);
    expect(sizes).toEqual([22, 24, 32, 48].map((size) => [size, size, size * size]));
    expect(ToolTip).toEqual(['', [], 'rolecall', `No current role\nSigned in: ${SESSION}`]);
  });

  test('shows its menu, and a click switches the current role', async () => {
    const { rig, host } = await createShownTray();
    const before = await waitFor('the roles', async () => {
      const lines = await layoutOf(host);
      return lines.includes(`( ) ${TAYLOR}`) && lines;
    });
    expect(before).toEqual([
      '[No current role]',
      '---',
      `Signed in: ${SESSION}`,
      '  Sign in again…',
      '  Sign out',
      '---',
      '( ) Log Archive  044444444444  ReadOnly',
      '( ) professional-af  222222222222  Admin-AF-Permission-Set',
      '( ) professional-af  222222222222  ReadOnly',
      '( ) Shop Staging  333333333333  ReadOnly',
      `( ) ${TAYLOR}`,
      'Open the page…',
      '---',
      'Lock',
      'Quit',
    ]);
    const fileOf = (path: string) => ({ inode: statSync(path).ino, text: readFileSync(path, 'utf8') });
    const config = fileOf(rig.configPath);
    await host.click(TAYLOR);
    const current = await waitFor('the switch', () => rig.client.call('current', {}));
    expect(current).toMatchObject({ accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' });
    // Programs that use [profile current] follow, and no file is written for it.
    const keys = await runProcess(rig.paths.credentialProcessPath, ['--current'], { environment: rig.environment });
    expect(JSON.parse(keys.stdout)).toMatchObject({ Version: 1, AccountId: '111111111111' });
    expect(fileOf(rig.configPath)).toEqual(config);
    await waitFor('the menu to follow', async () => (await layoutOf(host)).includes(`(*) ${TAYLOR}`));
    expect((await layoutOf(host)).slice(0, 2)).toEqual([`[Current: ${TAYLOR}]`, 'Open the AWS console']);
    await waitFor('the signals', () => ['LayoutUpdated', 'NewToolTip'].every((name) => signalsOf(host).includes(name)));
  });

  test('follows a switch made elsewhere with a label update', async () => {
    const { rig, host } = await createShownTray();
    const role = { session: SESSION, permissionSet: 'Admin-AF-Permission-Set', profile: null };
    await rig.client.call('setCurrent', { body: { ...role, accountId: '111111111111' } });
    await waitFor('the first switch', async () => (await layoutOf(host)).includes(`(*) ${TAYLOR}`));
    const seen = host.events().length;
    await rig.client.call('setCurrent', { body: { ...role, accountId: '222222222222' } });
    await waitFor('the second switch', async () =>
      (await layoutOf(host)).includes('(*) professional-af  222222222222  Admin-AF-Permission-Set'),
    );
    // The host reports signals after its answer, so the one of the first switch may be among these.
    await waitFor('the words of the entry', () =>
      host
        .events()
        .slice(seen)
        .some(
          ({ member, body }) =>
            member === 'ItemsPropertiesUpdated' &&
            JSON.stringify(body).includes('Current: professional-af  222222222222'),
        ),
    );
  });

  test('changes icon and status when the session ends', async () => {
    const { rig, host } = await createShownTray();
    const { IconPixmap: before } = await host.properties();
    expect(await rig.runCli(['logout'])).toMatchObject({ exitCode: 0 });
    await waitFor('a new icon', () => signalsOf(host).includes('NewIcon'));
    const { IconPixmap: after, ToolTip } = await host.properties();
    expect(after).not.toEqual(before);
    expect(ToolTip).toEqual(['', [], 'rolecall', `No current role\nSigned out: ${SESSION}`]);
    expect((await layoutOf(host)).slice(2, 4)).toEqual([`[Signed out: ${SESSION}]`, `Sign in to ${SESSION}…`]);
  });

  test('shows an approval that waits, leads to its question, and refuses it by a click', async () => {
    const { rig, host, tray } = await createShownTray({ settings: '[[protect]]\npermission_set = "Admin-*"\n' });
    const { IconPixmap: before } = await host.properties();
    const body = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
    const { id } = await rig.client.call('askApproval', { body });
    const asks = await waitFor('the approval in the menu', async () =>
      (await layoutOf(host)).find((label) => label.startsWith(`[Approval needed: ${TAYLOR}`)),
    );
    expect((await layoutOf(host)).slice(0, 4)).toEqual([asks, expect.stringContaining('page'), 'Refuse', '---']);
    const { IconPixmap, AttentionIconPixmap, Status, ToolTip } = await host.properties();
    expect(IconPixmap).not.toEqual(before);
    expect(AttentionIconPixmap).toEqual(IconPixmap);
    expect(Status).toBe('NeedsAttention');
    expect((ToolTip as string[])[3]).toContain(`Approval needed: ${TAYLOR}`);

    await host.click((await layoutOf(host))[1] ?? '');
    await waitFor('the page', () => tray.opened.length > 0);
    await host.click('Refuse');
    await waitFor('the refusal', async () => (await rig.client.call('approval', { id })).state === 'refused');
    await waitFor('the menu to follow', async () => (await layoutOf(host))[0] === '[No current role]');
    await waitFor('the icon to follow', async () => (await host.properties())['Status'] === 'Active');
  });

  test('locks and unlocks by a click, and shows a lock from elsewhere', async () => {
    const { rig, host } = await createShownTray();
    const isLocked = async () => (await rig.client.call('status', {})).lock?.isLocked === true;
    await waitFor('the menu', async () => (await layoutOf(host)).includes('Lock'));
    await host.click('Lock');
    await waitFor('the lock', isLocked);
    await waitFor('the menu to follow', async () => (await layoutOf(host))[1] === 'Unlock…');
    expect((await layoutOf(host))[0]).toMatch(/^\[Locked for less than a minute\]$/);
    expect(((await host.properties())['ToolTip'] as string[])[3]).toMatch(/^Locked for less than a minute\n/);
    await host.click('Unlock…');
    await waitFor('the end of the lock', async () => !(await isLocked()));
    await waitFor('the menu to follow', async () => (await layoutOf(host)).includes('Lock'));
  });

  test('signs in by a click: shows the code as notification and in the menu, and opens the page', async () => {
    const { rig, bus, host, tray } = await createShownTray({ emulator: { autoApprove: false } }, false);
    const notifications = spawn('/usr/bin/python3', [NOTIFICATIONS], { env: bus.environment, stdio: 'pipe' });
    ends.push(() => notifications.kill('SIGKILL'));
    const lines = readLines(notifications);
    await waitFor('the notification server', () => lines.length === 1);
    await host.click(`Sign in to ${SESSION}…`);
    const [{ userCode } = { userCode: '' }] = await waitFor('the sign-in', () => {
      const pending = rig.emulator.pendingDeviceAuthorizations();
      return pending.length > 0 && tray.opened.length > 0 && pending;
    });
    expect(new URL(tray.opened[0] ?? '').origin).toBe(rig.environment['AWS_ENDPOINT_URL_SSO_OIDC']);
    await waitFor('the code in the menu', async () => (await layoutOf(host)).includes(`[Code: ${userCode}]`));
    await waitFor('the code on the screen', () => lines.length > 1);
    expect(JSON.parse(lines[1] ?? '')).toEqual({
      event: 'shown',
      title: `Code ${userCode} signs in to ${SESSION}`,
      body: 'Enter the code on the page. Approve only if you just started this and the page shows the same code.',
      actions: [],
    });
    rig.emulator.approve(userCode);
    await waitFor('the sign-in to be over', async () => (await layoutOf(host)).includes(`Signed in: ${SESSION}`));
    await waitFor('the code to be taken from the screen', () => lines.length === 3);
    expect(JSON.parse(lines[2] ?? '')).toEqual({ event: 'closed', id: 1 });
  });

  test('signs in without a code where the tray has a browser, and by a code if that does not come back', async () => {
    const rig = await createScene({ emulator: { autoApprove: false } }, false);
    const bus = await createBus(rig);
    const host = await createHost(bus);
    const tray = startTray(rig, bus, { browserPlace: 'here' });
    await waitFor('the menu', async () => (await layoutOf(host)).includes(`Sign in to ${SESSION}…`));
    await host.click(`Sign in to ${SESSION}…`);
    await waitFor('the page to be opened', () => tray.opened.length === 1);
    expect(new URL(tray.opened[0] ?? '').pathname).toBe('/authorize');
    const lines = await waitFor('the offer of a code', async () => {
      const seen = await layoutOf(host);
      return seen.includes('Use a code instead') && seen.includes(`[Waiting for approval: ${SESSION}]`) && seen;
    });
    expect(lines.slice(2, 6)).toEqual([
      `[Waiting for approval: ${SESSION}]`,
      'Open the sign-in page again',
      'Use a code instead',
      'Cancel this sign-in',
    ]);
    await host.click('Use a code instead');
    await waitFor('the page of the code', () => tray.opened.length === 2);
    const [{ userCode } = { userCode: '' }] = rig.emulator.pendingDeviceAuthorizations();
    await waitFor('the code in the menu', async () => (await layoutOf(host)).includes(`[Code: ${userCode}]`));
    rig.emulator.approve(userCode);
    await waitFor('the sign-in to be over', async () => (await layoutOf(host)).includes(`Signed in: ${SESSION}`));

    // Also if the session does not need a sign-in.
    await host.click('Sign in again…');
    await waitFor('the offer', async () => (await layoutOf(host)).includes('Use a code instead'));
    await host.click('Use a code instead');
    await waitFor('another code', async () => (await layoutOf(host)).some((line) => line.startsWith('[Code: ')));
  });

  test.each([
    ['there is none', async () => false, '⚠ No browser was found to open the page in.'],
    [
      'that of the settings fails',
      async () => {
        throw new BrowserFailure('firefox was not found');
      },
      '⚠ Could not start the browser from your settings: firefox was not found.',
    ],
  ])('still shows the code when %s', async (_, openBrowser, message) => {
    const rig = await createScene({ emulator: { autoApprove: false } }, false);
    const bus = await createBus(rig);
    const host = await createHost(bus);
    startTray(rig, bus, { openBrowser });
    await waitFor('the menu', async () => (await layoutOf(host)).includes(`Sign in to ${SESSION}…`));
    await host.click(`Sign in to ${SESSION}…`);
    const lines = await waitFor('the failure', async () => {
      const seen = await layoutOf(host);
      return seen[0]?.startsWith('⚠') && seen.some((line) => line.startsWith('[Code: ')) && seen;
    });
    expect(lines.slice(0, 2)).toEqual([message, '[Run: rolecall web --print]']);
  });

  test('opens the console of the current role, and the page', async () => {
    const { rig, host, tray } = await createShownTray();
    await waitFor('the roles', async () => (await layoutOf(host)).includes(`( ) ${TAYLOR}`));
    await host.click(TAYLOR);
    await waitFor('the switch', async () => (await layoutOf(host)).includes('Open the AWS console'));
    await host.click('Open the AWS console');
    await waitFor('the console', () => tray.opened.length === 1);
    expect(tray.opened[0]).toContain('account_id=111111111111&role_name=Admin-AF-Permission-Set');
    await host.click('Open the page…');
    await waitFor('the page', () => tray.opened.length === 2);
    const { port } = JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as { port: number };
    expect(tray.opened[1]).toMatch(new RegExp(`^http://localhost:${port}/#[A-Za-z0-9_-]{43}$`));
  });

  test('shows the error of a failed click until the next one', async () => {
    const { rig, host } = await createShownTray();
    await waitFor('the roles', async () => (await layoutOf(host)).includes(`( ) ${TAYLOR}`));
    // The daemon stops, and a click arrives before the tray knows.
    await rig.daemon().stop();
    await host.click(TAYLOR);
    const lines = await waitFor('the failure', async () => {
      const seen = await layoutOf(host);
      return seen[0]?.startsWith('⚠') && seen;
    });
    expect(lines.slice(0, 2)).toEqual(['⚠ The rolecall daemon is not running.', '[Run: rolecall daemon start]']);
    const { Status } = await host.properties();
    expect(Status).toBe('NeedsAttention');
    await host.click('⚠ The rolecall daemon is not running.');
    await waitFor('it to be forgotten', async () => !(await layoutOf(host)).join('').includes('⚠'));
  });

  test('survives a daemon restart, and shows when none is running', async () => {
    const { rig, host } = await createShownTray();
    await rig.restartDaemon();
    await rig.runCli(['login']);
    await waitFor('the new daemon', async () => (await layoutOf(host)).includes(`( ) ${TAYLOR}`));
    await rig.daemon().stop();
    const gone = ['[The rolecall daemon is not running]', 'Start the daemon', '---', 'Quit'];
    await waitFor('the end of the daemon', async () => (await layoutOf(host)).join() === gone.join());
    expect(await host.properties()).toMatchObject({ Status: 'NeedsAttention' });
    await waitFor('the signals', () =>
      ['NewIcon', 'NewAttentionIcon', 'NewStatus'].every((name) => signalsOf(host).includes(name)),
    );
  });

  test('registers again with a panel that was restarted', async () => {
    const { bus, host } = await createShownTray();
    host.end();
    const next = await createHost(bus);
    await waitFor('the second registration', () => next.events().some(({ event }) => event === 'registered'));
    expect(await next.properties()).toMatchObject({ Id: 'rolecall', Status: 'Active' });
  });

  test('runs once: a second tray says so and exits', async () => {
    const { rig, bus, tray } = await createShownTray();
    const second = startTray(rig, bus);
    await second.ended;
    expect(second.said()).toBe('The rolecall tray is already running.\n');
    expect(tray.said()).toBe('rolecall is in the tray.\n');
  });

  test('ends with Quit in its menu', async () => {
    const { host, tray } = await createShownTray();
    await host.click('Quit');
    await tray.ended;
  });

  test('shows any account name unchanged', async () => {
    const directory = createDefaultDirectory();
    const accounts = HOSTILE_NAMES.map((accountName, index) => ({ accountName, accountId: `${100000000000 + index}` }));
    const { host } = await createShownTray({
      emulator: {
        directory: {
          ...directory,
          accounts: [...directory.accounts, ...accounts],
          assignments: accounts.map(({ accountId }) => ({ accountId, permissionSet: 'ReadOnly', user: 'taylor' })),
        },
      },
    });
    const shown = await waitFor('the roles', async () => {
      const lines = await layoutOf(host);
      return lines.filter((line) => line.startsWith('( )')).length === HOSTILE_NAMES.length && lines;
    });
    // A host reads "__" as one underscore and no other markup.
    expect(shown).toContain('( ) __File ____Edit & (__x) Álvaro 日本 🚀  100000000010  ReadOnly');
    expect(shown).toContain('( ) <b>x</b> <span foreground="red">& &amp;</span>  100000000005  ReadOnly');
    expect(shown).toContain('( ) one two | href=http://x three four  100000000007  ReadOnly');
    expect(shown.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
  });

  test.each([
    ['/StatusNotifierItem', 'org.freedesktop.DBus.Properties', 'Get', `('${ITEM}', 'constructor')`, 'UnknownProperty'],
    ['/StatusNotifierItem', 'org.freedesktop.DBus.Properties', 'Get', `('x.y', 'Title')`, 'UnknownInterface'],
    [
      '/StatusNotifierItem',
      'org.freedesktop.DBus.Properties',
      'Set',
      `('${ITEM}', 'Title', <'x'>)`,
      'PropertyReadOnly',
    ],
    ['/StatusNotifierItem', ITEM, 'toString', '()', 'UnknownMethod'],
    ['/StatusNotifierItem', MENU, 'GetLayout', '(0, -1, @as [])', 'UnknownInterface'],
    ['/Elsewhere', ITEM, 'Activate', '(0, 0)', 'UnknownObject'],
    ['/MenuBar', MENU, 'GetLayout', `('zero',)`, 'InvalidArgs'],
    ['/MenuBar', MENU, 'GetLayout', '(4711, -1, @as [])', 'InvalidArgs'],
    ['/MenuBar', MENU, 'GetProperty', `(0, 'label')`, 'InvalidArgs'],
  ])('answers an invalid call of %s %s.%s%s with an error', async (path, interfaceName, method, args, error) => {
    const { host } = await createShownTray({}, false);
    expect(await host.call(path, interfaceName, method, args)).toBe(`org.freedesktop.DBus.Error.${error}`);
    expect(await host.properties()).toMatchObject({ Id: 'rolecall' });
  });

  test('returns the requested properties of entries, and ignores a click on an unknown entry', async () => {
    const { host } = await createShownTray({}, false);
    expect(await host.call('/MenuBar', MENU, 'GetGroupProperties', `([1, 4711], ['label'])`)).toBe(
      `([(1, {'label': <'No current role'>})],)`,
    );
    expect(await host.call('/MenuBar', MENU, 'GetProperty', `(1, 'label')`)).toBe(`(<'No current role'>,)`);
    expect(await host.call('/MenuBar', MENU, 'GetLayout', `(0, 0, ['label'])`)).toMatch(/^\(\d+, \(0, \{\}, \[\]\)\)$/);
    expect(
      await host.call('/MenuBar', MENU, 'EventGroup', `([(1, 'clicked', <0>, 0), (4711, 'clicked', <0>, 0)],)`),
    ).toBe('([4711],)');
    expect(await host.call('/MenuBar', MENU, 'AboutToShow', '(0,)')).toBe('(false,)');
    expect(await host.call('/MenuBar', MENU, 'AboutToShowGroup', '([0],)')).toBe('([], [])');
    expect(await host.call('/StatusNotifierItem', ITEM, 'Scroll', `(1, 'vertical')`)).toBe('()');
  });
});

describe.skipIf(!hasSessionBus())('without a tray', () => {
  test('says so on a bus without a panel', async () => {
    const rig = await createScene({}, false);
    const bus = await createBus(rig);
    await expect(startTray(rig, bus, { clock: HURRIED }).ended).rejects.toMatchObject({
      code: 'no-tray',
      exitCode: 7,
      message: 'No tray was found that shows icons.',
      hint: 'rolecall tray --help',
    });
  });

  test('can wait for a panel', async () => {
    const rig = await createScene({}, false);
    const bus = await createBus(rig);
    const tray = startTray(rig, bus, { clock: HURRIED, waits: true });
    const host = await createHost(bus);
    await waitFor('the registration', () => host.events().some(({ event }) => event === 'registered'));
    await waitFor('the tray to say so', () => tray.said() === 'rolecall is in the tray.\n');
  });

  test('reconnects when the bus is gone, then reports it', async () => {
    const rig = await createScene({}, false);
    const bus = await createBus(rig);
    const host = await createHost(bus);
    const tray = startTray(rig, bus, { clock: HURRIED });
    await waitFor('the registration', () => host.events().some(({ event }) => event === 'registered'));
    bus.end();
    await expect(tray.ended).rejects.toMatchObject({
      code: 'no-tray',
      message: 'The D-Bus session bus does not answer.',
    });
  });

  test('comes back after a restart of the bus', async () => {
    const rig = await createScene({}, false);
    const socketPath = join(rig.home.path, 'bus');
    const bus = await startSessionBus(rig.home.environment, socketPath);
    ends.push(() => bus.end());
    const host = await createHost(bus);
    const tray = startTray(rig, bus, { clock: PATIENT });
    await waitFor('the registration', () => tray.said() !== '');
    host.end();
    bus.end();
    rmSync(socketPath, { force: true });
    const next = await startSessionBus(rig.home.environment, socketPath);
    ends.push(() => next.end());
    const nextHost = await createHost(next);
    await waitFor('the second registration', () => nextHost.events().some(({ event }) => event === 'registered'));
    expect(await nextHost.properties()).toMatchObject({ Id: 'rolecall' });
    expect(tray.said()).toBe('rolecall is in the tray.\n');
  });

  test('says so on a machine without a bus', async () => {
    const rig = await createScene({}, false);
    const nowhere = { environment: {}, socketPath: `${rig.home.path}/bus`, end: () => undefined };
    await expect(startTray(rig, nowhere).ended).rejects.toMatchObject({ code: 'no-tray' });
  });
});
