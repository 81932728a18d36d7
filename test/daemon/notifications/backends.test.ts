// What each desktop's own program is given, by stand-ins for those programs on a PATH of their own.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isDesktopAttended } from '../../../src/daemon/notifications/attendance.ts';
import type { PlainNotification } from '../../../src/daemon/notifications/backend.ts';
import { chooseNotificationBackend, type DesktopSources } from '../../../src/daemon/notifications/choose-backend.ts';
import { createDesktop, findProgram } from '../../../src/daemon/notifications/desktop.ts';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.ts';
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
const isNow = (name: string) => waitFor(name, () => existsSync(fileOf(name)));

/** A program that writes its arguments, one a line, to NAME.args, the number of runs to NAME.runs, and then does `script`. */
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
const runsOf = (name: string) =>
  readFileSync(fileOf(`${name}.runs`), 'utf8')
    .trimEnd()
    .split('\n').length;

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
    // Only the stand-ins count: a real notify-send would speak to the developer's own desktop.
    findProgram: (name) => findProgram(name, { PATH: join(home.path, 'bin') }),
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

describe('notify-send', () => {
  /** As 0.8 behaves: an id, then it stays until it is interrupted. */
  const STAYS = `trap 'touch closed; exit 0' INT; echo 7; while :; do sleep 0.02; done`;

  test('is given text that is neither option, markup nor escape to it', async () => {
    standIn('notify-send', STAYS);
    const shown = await show({
      title: HOSTILE,
      body: HOSTILE,
      action: { label: 'Sign in', onClick: () => undefined },
    });
    expect(argsOf('notify-send')).toEqual([
      '--app-name=rolecall',
      '--print-id',
      '--wait',
      '--action=act=Sign in',
      '--',
      HOSTILE,
      HOSTILE.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\\', '\\\\'),
    ]);
    expect(readFileSync(fileOf('notify-send.env'), 'utf8')).not.toContain('correct horse');
    expect(existsSync(fileOf('pwned'))).toBe(false);
    shown?.withdraw();
    await clock.advance(1000);
    await isNow('closed');
  });

  test('tells of a click, and of nothing else', async () => {
    standIn('notify-send', `echo 7; while [ ! -e go ]; do sleep 0.02; done; echo act; exit 0`);
    let clicks = 0;
    const action = {
      label: 'Sign in',
      onClick: () => {
        clicks += 1;
      },
    };
    await show({ title: 'a', body: 'b', action });
    expect(clicks).toBe(0);
    writeFileSync(fileOf('go'), '');
    await waitFor('the click', () => clicks === 1);
  });

  test('that has no server on its bus is ended, and counts as not shown', async () => {
    // As of 0.8.6 it prints 0 then and waits for ever.
    standIn('notify-send', `[ "$2" = --print-id ] || exit 1; echo 0; exec sleep 600`);
    expect(await show({ title: 'a', body: 'b' })).toBeUndefined();
    expect(runsOf('notify-send')).toBe(2);
  });

  test('that is too old for a button shows the text', async () => {
    standIn(
      'notify-send',
      `for a; do [ "$a" = --print-id ] && { echo 'Unknown option --print-id' >&2; exit 1; }; done; exit 0`,
    );
    const shown = await show({ title: 'a', body: 'b', action: { label: 'Sign in', onClick: () => undefined } });
    expect(shown).toBeDefined();
    expect(argsOf('notify-send')).toEqual(['--app-name=rolecall', '--', 'a', 'b']);
  });

  test('that hangs is ended after five seconds', async () => {
    standIn('notify-send', 'exec sleep 600');
    const showing = show({ title: 'a', body: 'b' });
    for (const run of [1, 2]) {
      await waitFor(`run ${run}`, () => existsSync(fileOf('notify-send.runs')) && runsOf('notify-send') === run);
      await clock.advance(5000);
    }
    expect(await showing).toBeUndefined();
  });
});

test('osascript gets the text as arguments of a fixed script', async () => {
  standIn('osascript', 'exit 0');
  expect(await show({ title: 'Sign in to work', body: HOSTILE }, { platform: 'darwin' })).toBeDefined();
  expect(argsOf('osascript')).toEqual([
    '-e',
    'on run argv',
    '-e',
    'display notification (item 2 of argv) with title "rolecall" subtitle (item 1 of argv)',
    '-e',
    'end run',
    'Sign in to work',
    HOSTILE,
  ]);
});

test('powershell.exe gets the text as ASCII JSON on its stdin, and a script without it', async () => {
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

describe('the choice', () => {
  const nameOf = async (changes: Partial<DesktopSources>) => (await chooseNotificationBackend(sources(changes)))?.name;
  const all: Partial<DesktopSources> = { findProgram: (name) => `/usr/bin/${name}` };
  const wsl = { kernelRelease: '5.15.167.4-microsoft-standard-WSL2' };
  const nowhere = { DISPLAY: '', WAYLAND_DISPLAY: '', DBUS_SESSION_BUS_ADDRESS: '' };

  test.each<[string, Partial<DesktopSources>, string | undefined]>([
    ['a desktop under X', all, 'notify-send'],
    [
      'a desktop under Wayland',
      { ...all, environment: { ...nowhere, WAYLAND_DISPLAY: 'wayland-0', DBUS_SESSION_BUS_ADDRESS: 'x' } },
      'notify-send',
    ],
    [
      'a bus that is where systemd puts it',
      { ...all, environment: { ...nowhere, DISPLAY: ':0' }, isThere: (path) => path.endsWith('/run/bus') },
      'notify-send',
    ],
    ['no display', { ...all, environment: { ...nowhere, DBUS_SESSION_BUS_ADDRESS: 'x' } }, undefined],
    ['no bus', { ...all, environment: { ...nowhere, DISPLAY: ':0' } }, undefined],
    ['no notify-send', { findProgram: () => undefined }, undefined],
    ['macOS', { ...all, platform: 'darwin', environment: nowhere }, 'osascript'],
    ['WSL', { ...all, ...wsl, environment: nowhere }, 'powershell.exe'],
    [
      'WSL with a PATH of its own',
      { ...wsl, findProgram: () => undefined, isThere: (path) => path.startsWith('/mnt/c/Windows/') },
      'powershell.exe',
    ],
    [
      'WSL that may start no Windows program',
      { ...wsl, findProgram: (name) => (name === 'notify-send' ? '/usr/bin/notify-send' : undefined) },
      'notify-send',
    ],
  ])('%s', async (_, changes, name) => {
    expect(await nameOf(changes)).toBe(name);
  });
});

describe('whether somebody is there', () => {
  const loginctl = (session: string) =>
    standIn('loginctl', `case "$*" in show-user*) echo 2;; show-session\\ 2*) printf '${session}';; *) exit 1;; esac`);

  test.each([
    ['in front and not locked', 'Active=yes\\nLockedHint=no\\nRemote=no\\n', true],
    ['locked', 'Active=yes\\nLockedHint=yes\\nRemote=no\\n', false],
    ['another user in front', 'Active=no\\nLockedHint=no\\nRemote=no\\n', false],
    ['remote', 'Active=yes\\nLockedHint=no\\nRemote=yes\\n', false],
    ['nothing told', '', false],
  ])('%s', async (_, session, isAttended) => {
    loginctl(session);
    expect(await isDesktopAttended(sources(), 1000)).toBe(isAttended);
  });

  test('is no when the system does not say: no loginctl, no graphical session, no display, WSL', async () => {
    expect(await isDesktopAttended(sources(), 1000)).toBe(false);
    standIn('loginctl', 'echo');
    expect(await isDesktopAttended(sources(), 1000)).toBe(false);
    loginctl('Active=yes\\nLockedHint=no\\nRemote=no\\n');
    expect(await isDesktopAttended(sources({ environment: { DISPLAY: '' } }), 1000)).toBe(false);
    expect(await isDesktopAttended(sources({ kernelRelease: '5.15-microsoft' }), 1000)).toBe(false);
  });

  test('on macOS by the console', async () => {
    standIn('ioreg', `echo '  | "IOConsoleLocked" = No'`);
    expect(await isDesktopAttended(sources({ platform: 'darwin' }), 501)).toBe(true);
    standIn('ioreg', `echo '  | "IOConsoleLocked" = Yes'`);
    expect(await isDesktopAttended(sources({ platform: 'darwin' }), 501)).toBe(false);
  });
});

test('a page is opened only where there is a screen, and a browser that fails is told as such', async () => {
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
