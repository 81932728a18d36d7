// What each notification program receives, tested with fake programs on a separate PATH.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isDesktopAttended } from '../../../src/daemon/notifications/attendance.ts';
import type { PlainNotification } from '../../../src/daemon/notifications/backend.ts';
import { chooseNotificationBackend, type DesktopSources } from '../../../src/daemon/notifications/choose-backend.ts';
import { chooseDialogs } from '../../../src/daemon/notifications/choose-dialog.ts';
import { createDesktop } from '../../../src/daemon/notifications/desktop.ts';
import { findProgram } from '../../../src/platform/programs/find-program.ts';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.ts';
import {
  startNotificationStandIn,
  type NotificationStandIn,
  type StandInOptions,
} from '../../helpers/notification-stand-in.ts';
import { createTemporaryHome, type TemporaryHome } from '../../helpers/temporary-home.ts';
import { waitFor } from '../../helpers/wait-for.ts';

let home: TemporaryHome;
let clock: FakeClock;
beforeEach(() => {
  home = createTemporaryHome();
  clock = createFakeClock();
  mkdirSync(join(home.path, 'bin'));
});
afterEach(() => home.remove());

const fileOf = (name: string) => join(home.path, name);

/** A program that writes its arguments to NAME.args, one per line, counts its runs in NAME.runs, then runs `script`. */
function standIn(name: string, script: string): void {
  const path = join(home.path, 'bin', name);
  writeFileSync(
    path,
    `#!/bin/bash
cd '${home.path}'
echo run >> '${name}.runs'
printf '%s\\n' "$@" > '${name}.args.new' && mv '${name}.args.new' '${name}.args'
env > '${name}.env'
${script}
`,
  );
  chmodSync(path, 0o755);
}

const argsOf = (name: string) =>
  readFileSync(fileOf(`${name}.args`), 'utf8')
    .trimEnd()
    .split('\n');

function sources(changes: Partial<DesktopSources> = {}): DesktopSources {
  const environment = {
    ...home.environment,
    PATH: `${join(home.path, 'bin')}:/usr/bin:/bin`,
    DISPLAY: ':0',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
    ROLECALL_PASSPHRASE: 'correct horse',
    ...changes.environment,
  };
  return {
    platform: 'linux',
    kernelRelease: '6.12.0-amd64',
    // Find only the fake programs.
    findProgram: (name) =>
      findProgram(
        name,
        {
          environment: { PATH: join(home.path, 'bin') },
          homeDirectory: home.path,
          userId: process.getuid?.() ?? -1,
          platform: 'linux',
        },
        { pathOnly: true },
      ),
    findSystemProgram: () => undefined,
    isThere: () => false,
    spawn,
    clock,
    ...changes,
    environment,
  };
}

async function show(notification: PlainNotification, changes: Partial<DesktopSources> = {}) {
  const backend = await chooseNotificationBackend(sources(changes));
  if (backend === undefined) throw new Error('no backend was chosen');
  return backend.show(notification);
}

const HOSTILE = `-A & <img src="file:///x"> $(touch pwned) \`touch pwned\` "'; \\n\\033 %s`;

describe('the notification server on the session bus', () => {
  let bus: NotificationStandIn | undefined;
  afterEach(() => bus?.end());

  const busPath = () => join(home.path, 'bus');
  const start = async (options?: StandInOptions) => {
    bus = await startNotificationStandIn(busPath(), options);
    const backend = await chooseNotificationBackend(
      sources({ environment: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${busPath()}` } }),
    );
    if (backend === undefined) throw new Error('no backend was chosen');
    return { bus, backend };
  };

  test('receives the text over the bus, with the body escaped as markup, and starts no program', async () => {
    const { bus: its, backend } = await start();
    standIn('notify-send', 'exit 0');
    const action = { label: 'Sign in', onClick: () => undefined };
    const shown = await backend.show({ title: HOSTILE, body: HOSTILE, action });
    await backend.show({ title: 'Code ABCD-EFGH', body: 'b', stays: true });
    expect(its.shown).toEqual([
      {
        id: 1,
        title: HOSTILE,
        body: HOSTILE.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
        actions: ['act', 'Sign in'],
        expiryMs: -1,
        isClosed: false,
      },
      { id: 2, title: 'Code ABCD-EFGH', body: 'b', actions: [], expiryMs: 0, isClosed: false },
    ]);
    shown?.withdraw();
    await waitFor('the first to be closed', () => its.shown[0]?.isClosed === true);
    expect(its.shown[1]?.isClosed).toBe(false);
    expect(existsSync(fileOf('notify-send.runs'))).toBe(false);
  });

  test('reports clicks on notifications that are still shown, and no others', async () => {
    const { bus: its, backend } = await start();
    const clicked: string[] = [];
    const withButton = (title: string) =>
      backend.show({ title, body: 'b', action: { label: 'Sign in', onClick: () => clicked.push(title) } });
    await withButton('first');
    await backend.show({ title: 'second', body: 'b' });
    its.click();
    await waitFor('the click', () => clicked.length === 1);
    const third = await withButton('third');
    third?.withdraw();
    its.click();
    // The reply comes after any effect of the click.
    await backend.show({ title: 'last', body: 'b' });
    expect(clicked).toEqual(['first']);
  });

  test('works again after the bus was restarted', async () => {
    const { bus: its, backend } = await start();
    await backend.show({ title: 'a', body: 'b' });
    its.hangUp();
    await waitFor('another to be shown', async () => (await backend.show({ title: 'c', body: 'd' })) !== undefined);
    expect(its.shown.map(({ title }) => title)).toEqual(['a', 'c']);
  });

  test('reports a notification as not shown without a notification server or a bus', async () => {
    const { bus: its, backend } = await start({ isThere: false });
    expect(await backend.show({ title: 'a', body: 'b' })).toBeUndefined();
    await its.end();
    expect(await backend.show({ title: 'a', body: 'b' })).toBeUndefined();
  });

  test('times out after five seconds without an answer', async () => {
    const silent = createServer().listen(busPath());
    const backend = await chooseNotificationBackend(
      sources({ environment: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${busPath()}` } }),
    );
    const showing = backend?.show({ title: 'a', body: 'b' });
    await clock.advance(5000);
    expect(await showing).toBeUndefined();
    silent.close();
  });
});

test('passes the text to osascript in a script on stdin, not as arguments', async () => {
  standIn('osascript', 'cat > osascript.stdin; exit 0');
  expect(await show({ title: 'Sign in to work', body: HOSTILE }, { platform: 'darwin' })).toBeDefined();
  expect(argsOf('osascript')).toEqual(['-']);
  const body = HOSTILE.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  expect(readFileSync(fileOf('osascript.stdin'), 'utf8')).toBe(
    `display notification "${body}" with title "rolecall" subtitle "Sign in to work"\n`,
  );
});

test('passes the text to powershell.exe as ASCII JSON on stdin, not in the script', async () => {
  standIn('powershell.exe', 'cat > powershell.stdin; exit 0');
  const body = `${HOSTILE} Zoë 🦀`;
  expect(
    await show({ title: 'Sign in to work', body }, { kernelRelease: '5.15.167.4-microsoft-standard-WSL2' }),
  ).toBeDefined();
  const stdin = readFileSync(fileOf('powershell.stdin'), 'utf8');
  expect(stdin).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(stdin)).toEqual({ title: 'Sign in to work', body });
  const args = argsOf('powershell.exe');
  expect(args.slice(0, -1)).toEqual(['-NoProfile', '-NonInteractive', '-EncodedCommand']);
  const script = Buffer.from(args.at(-1) ?? '', 'base64').toString('utf16le');
  expect(script).toContain('CreateTextNode($text.body)');
  expect(script).not.toContain('work');
});

describe('the choice of backend', () => {
  const SERVER = 'the notification server';
  const BUS = 'unix:path=/run/user/1000/bus';
  const nameOf = async (changes: Partial<DesktopSources>) => (await chooseNotificationBackend(sources(changes)))?.name;
  const all: Partial<DesktopSources> = { findProgram: (name) => `/usr/bin/${name}` };
  const wsl = { kernelRelease: '5.15.167.4-microsoft-standard-WSL2' };
  const nowhere = { DISPLAY: '', WAYLAND_DISPLAY: '', DBUS_SESSION_BUS_ADDRESS: '' };

  test.each<[string, Partial<DesktopSources>, string | undefined]>([
    ['a desktop under X', all, SERVER],
    [
      'a desktop under Wayland',
      { ...all, environment: { ...nowhere, WAYLAND_DISPLAY: 'wayland-0', DBUS_SESSION_BUS_ADDRESS: BUS } },
      SERVER,
    ],
    [
      'a bus that is where systemd puts it',
      { ...all, environment: { ...nowhere, DISPLAY: ':0' }, isThere: (path) => path.endsWith('/run/bus') },
      SERVER,
    ],
    ['no display', { ...all, environment: { ...nowhere, DBUS_SESSION_BUS_ADDRESS: BUS } }, undefined],
    ['no bus', { ...all, environment: { ...nowhere, DISPLAY: ':0' } }, undefined],
    ['a bus that is not a socket', { environment: { DBUS_SESSION_BUS_ADDRESS: 'tcp:host=127.0.0.1' } }, undefined],
    ['macOS', { ...all, platform: 'darwin', environment: nowhere }, 'osascript'],
    ['WSL', { ...all, ...wsl, environment: nowhere }, 'powershell.exe'],
    [
      'WSL with a PATH of its own',
      { ...wsl, findProgram: () => undefined, isThere: (path) => path.startsWith('/mnt/c/Windows/') },
      'powershell.exe',
    ],
    ['WSL that may start no Windows program', { ...wsl, findProgram: () => undefined }, SERVER],
  ])('%s', async (_, changes, name) => {
    expect(await nameOf(changes)).toBe(name);
  });
});

describe('whether someone is using the desktop', () => {
  const loginctl = (session: string) =>
    standIn('loginctl', `case "$*" in show-user*) echo 2;; show-session\\ 2*) printf '${session}';; *) exit 1;; esac`);

  test.each([
    ['in front and not locked', 'Active=yes\\nLockedHint=no\\nRemote=no\\n', true],
    ['locked', 'Active=yes\\nLockedHint=yes\\nRemote=no\\n', false],
    ['another user in front', 'Active=no\\nLockedHint=no\\nRemote=no\\n', false],
    ['remote', 'Active=yes\\nLockedHint=no\\nRemote=yes\\n', false],
    ['no properties', '', false],
  ])('%s', async (_, session, isAttended) => {
    loginctl(session);
    expect(await isDesktopAttended(sources(), 1000)).toBe(isAttended);
  });

  test('is false when unknown: no loginctl, no graphical session, no display, WSL', async () => {
    expect(await isDesktopAttended(sources(), 1000)).toBe(false);
    standIn('loginctl', 'echo');
    expect(await isDesktopAttended(sources(), 1000)).toBe(false);
    loginctl('Active=yes\\nLockedHint=no\\nRemote=no\\n');
    expect(await isDesktopAttended(sources({ environment: { DISPLAY: '' } }), 1000)).toBe(false);
    expect(await isDesktopAttended(sources({ kernelRelease: '5.15-microsoft' }), 1000)).toBe(false);
  });

  test('is read from the console state on macOS', async () => {
    standIn('ioreg', `echo '  | "IOConsoleLocked" = No'`);
    expect(await isDesktopAttended(sources({ platform: 'darwin' }), 501)).toBe(true);
    standIn('ioreg', `echo '  | "IOConsoleLocked" = Yes'`);
    expect(await isDesktopAttended(sources({ platform: 'darwin' }), 501)).toBe(false);
  });
});

test('opens a page only with a display, and reports a browser that fails', async () => {
  const opened: string[] = [];
  const open = async (changes: Partial<DesktopSources>, startBrowser: (url: string) => Promise<void>) =>
    (await createDesktop({ ...sources(changes), userId: 1000, startBrowser })).openPage('https://example.com/');
  const browser = async (url: string) => void opened.push(url);
  expect(await open({}, browser)).toBe(true);
  expect(await open({ environment: { DISPLAY: '', WAYLAND_DISPLAY: '' } }, browser)).toBe(false);
  expect(opened).toHaveLength(1);
  expect(
    await open({}, async () => {
      throw new Error('no browser');
    }),
  ).toBe(false);
});

describe('the programs that ask on the screen', () => {
  test('are none of the user’s own, which would answer in place of the person', async () => {
    standIn('zenity', 'exit 0');
    const own = sources({ findProgram: (name) => join(home.path, 'bin', name) });
    expect(await chooseDialogs(own)).toEqual([]);
    const installed = { ...own, findSystemProgram: (name: string) => `/usr/bin/${name}` };
    expect((await chooseDialogs(installed)).map(({ name }) => name)).toContain('zenity');
  });

  test('end with what they have started when the question is withdrawn', async () => {
    standIn('zenity', 'sleep 600 & touch started; wait');
    const path = join(home.path, 'bin', 'zenity');
    const [dialog] = await chooseDialogs(
      sources({ findSystemProgram: (name) => (name === 'zenity' ? path : undefined) }),
    );
    const withdrawn = new AbortController();
    const answer = dialog?.ask({ heading: 'Allow?', lines: [], timeoutMs: 60_000 }, withdrawn.signal);
    await waitFor('the program', () => (existsSync(fileOf('started')) ? true : undefined));
    withdrawn.abort();
    expect(await answer).toBe('closed');
  });

  test('show the name of the role whole, however long the paths are', async () => {
    standIn('pinentry-gtk-2', 'cat > commands');
    const path = join(home.path, 'bin', 'pinentry-gtk-2');
    const findSystemProgram = (name: string) => (name === 'pinentry-gtk-2' ? path : undefined);
    const [dialog] = await chooseDialogs(sources({ findSystemProgram }));
    const role = `Permission set: ${'AdministratorAccess-Production'.padEnd(32, '9')}`;
    const lines = [role, ...Array.from({ length: 6 }, () => `Folder: “${'𝔸'.repeat(60)}”`)];
    await dialog?.ask({ heading: 'Allow?', lines, timeoutMs: 60_000 }, new AbortController().signal);
    const shown = readFileSync(fileOf('commands'), 'utf8')
      .split('\n')
      .find((line) => line.startsWith('SETDESC'));
    expect(shown).toContain(role);
    expect(Buffer.byteLength(shown ?? '')).toBeLessThan(1000);
  });
});
