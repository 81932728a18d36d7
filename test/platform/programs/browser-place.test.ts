// Where the browser of the person who signs in is, for the environments that rolecall is used in.
import { describe, expect, test } from 'vitest';
import { findBrowserPlace, findNamedBrowser, readPlaceFacts } from '../../../src/platform/programs/browser-place.ts';
import type { PlaceFacts } from '../../../src/platform/programs/browser-place.ts';

const WSL_KERNEL = '5.15.167.4-microsoft-standard-WSL2';
const DESKTOP = { DISPLAY: ':0', WAYLAND_DISPLAY: 'wayland-0' } as const;
const EDITOR_HELPER = '/home/dev/.vscode-server/cli/servers/Stable-1/server/bin/helpers/browser.sh';

interface Machine {
  readonly platform?: NodeJS.Platform;
  readonly kernel?: string;
  /** Files by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly setting?: string;
}

function find(environment: Readonly<Record<string, string>>, machine: Machine = {}): string {
  const { files = {} } = machine;
  const facts: PlaceFacts = {
    platform: machine.platform ?? 'linux',
    kernelRelease: machine.kernel ?? '6.12.0-amd64',
    isThere: (path) => Object.hasOwn(files, path),
    readText: (path) => (Object.hasOwn(files, path) ? files[path] : undefined),
  };
  return findBrowserPlace(environment, facts, machine.setting);
}

describe('on a desktop', () => {
  test.each<[string, Readonly<Record<string, string>>, Machine]>([
    ['X11', { DISPLAY: ':0' }, {}],
    ['Wayland', { WAYLAND_DISPLAY: 'wayland-0' }, {}],
    ['a remote desktop session', { DISPLAY: ':10.0' }, {}],
    ['macOS, which needs no variable', {}, { platform: 'darwin' }],
    ['tmux', { ...DESKTOP, TMUX: '/tmp/tmux-1000/default,1,0' }, {}],
    ['sudo, which keeps DISPLAY', { DISPLAY: ':0', SUDO_USER: 'dev' }, {}],
    ['a flatpak', { ...DESKTOP, container: 'flatpak' }, { files: { '/.flatpak-info': '' } }],
    ['a snap', { ...DESKTOP, SNAP: '/snap/code/1' }, {}],
    ['toolbox', DESKTOP, { files: { '/run/.containerenv': '', '/run/.toolboxenv': '' } }],
    [
      'distrobox',
      { ...DESKTOP, DISTROBOX_ENTER_PATH: '/usr/bin/distrobox-enter' },
      { files: { '/run/.containerenv': '' } },
    ],
    ['empty SSH variables', { ...DESKTOP, SSH_CONNECTION: '' }, {}],
    ['cgroups of systemd', DESKTOP, { files: { '/proc/1/cgroup': '0::/init.scope\n' } }],
    ['a setting that needs the display', DESKTOP, { setting: 'xdg-open' }],
  ])('is here: %s', (_, environment, machine) => {
    expect(find(environment, machine)).toBe('here');
  });
});

describe('over SSH', () => {
  test.each<[string, Readonly<Record<string, string>>, Machine]>([
    ['a shell', { SSH_CONNECTION: '10.0.0.2 5000 10.0.0.1 22', SSH_TTY: '/dev/pts/1' }, {}],
    ['a command', { SSH_CLIENT: '10.0.0.2 5000 22' }, {}],
    ['a forwarded display', { SSH_CONNECTION: '10.0.0.2 5000 10.0.0.1 22', DISPLAY: 'localhost:10.0' }, {}],
    ['sudo, which keeps only the display', { DISPLAY: 'localhost:10.0', SUDO_USER: 'dev' }, {}],
    ['a tmux pane that was opened over SSH', { ...DESKTOP, SSH_CLIENT: '10.0.0.2 5000 22', TMUX: '/tmp/t,1,0' }, {}],
    ['macOS', { SSH_TTY: '/dev/ttys001' }, { platform: 'darwin' }],
    ['into WSL', { SSH_CONNECTION: '10.0.0.2 5000 10.0.0.1 22' }, { kernel: WSL_KERNEL }],
    ['BROWSER, which dotfiles set everywhere', { SSH_TTY: '/dev/pts/1', BROWSER: 'firefox' }, {}],
    ['a browser in settings', { SSH_TTY: '/dev/pts/1' }, { setting: 'firefox -P work' }],
    ["a remote editor's terminal without SSH variables", { ...DESKTOP, BROWSER: EDITOR_HELPER }, {}],
  ])('is at the other end: %s', (_, environment, machine) => {
    expect(find(environment, machine)).toBe('ssh');
  });
});

describe('in a container or a cloud workspace', () => {
  test.each<[string, Readonly<Record<string, string>>, Machine]>([
    ['docker', DESKTOP, { files: { '/.dockerenv': '' } }],
    ['podman', { container: 'podman' }, { files: { '/run/.containerenv': '' } }],
    ['a dev container', { REMOTE_CONTAINERS: 'true', BROWSER: EDITOR_HELPER }, { files: { '/.dockerenv': '' } }],
    ['BROWSER', { BROWSER: 'firefox' }, { files: { '/.dockerenv': '' } }],
    ['Kubernetes', { KUBERNETES_SERVICE_HOST: '10.96.0.1' }, {}],
    ['systemd-nspawn', { container: 'systemd-nspawn' }, {}],
    ['LXC, from a shell', {}, { files: { '/run/systemd/container': 'lxc\n' } }],
    ['containerd', {}, { files: { '/proc/1/cgroup': '12:pids:/kubepods/burstable/pod1/cri-containerd-1\n' } }],
    ['docker with the old cgroups', {}, { files: { '/proc/1/cgroup': '12:pids:/docker/0123\n0::/system.slice\n' } }],
    ['docker on WSL', { DISPLAY: ':0' }, { kernel: WSL_KERNEL, files: { '/.dockerenv': '' } }],
    ['docker, over SSH', { SSH_TTY: '/dev/pts/1' }, { files: { '/.dockerenv': '' } }],
    ['Codespaces', { CODESPACES: 'true', BROWSER: EDITOR_HELPER }, {}],
    ['Gitpod', { GITPOD_WORKSPACE_ID: 'a-b' }, {}],
    ['Cloud9', { C9_PROJECT: 'work' }, {}],
    ['AWS CloudShell', { AWS_EXECUTION_ENV: 'CloudShell' }, {}],
    ['code-server', { VSCODE_PROXY_URI: 'https://ide.example/proxy/{{port}}/' }, {}],
    ['a Chromebook', { ...DESKTOP, SOMMELIER_VERSION: '0.20', BROWSER: '/usr/bin/garcon-url-handler' }, {}],
  ])('is outside: %s', (_, environment, machine) => {
    expect(find(environment, machine)).toBe('container');
  });
});

describe('under WSL', () => {
  test.each<[string, Readonly<Record<string, string>>, Machine]>([
    ['by its kernel, in a service without variables', {}, { kernel: WSL_KERNEL }],
    ['by its variable', { WSL_DISTRO_NAME: 'Debian' }, {}],
    ['WSLg, which has a display but opens pages in Windows', DESKTOP, { kernel: WSL_KERNEL }],
    ['WSL1', { WSL_DISTRO_NAME: 'Debian' }, { kernel: '4.4.0-19041-Microsoft' }],
    ['BROWSER that opens Windows’s', { BROWSER: 'wslview' }, { kernel: WSL_KERNEL }],
    ['BROWSER in Windows', { BROWSER: '/mnt/c/Program\\ Files/Mozilla\\ Firefox/firefox.exe' }, { kernel: WSL_KERNEL }],
    ['a setting in Windows', DESKTOP, { kernel: WSL_KERNEL, setting: '"/mnt/c/Apps/Edge/msedge.exe" {url}' }],
    ['a setting in Windows beside a BROWSER', { BROWSER: 'firefox' }, { kernel: WSL_KERNEL, setting: 'wslview' }],
    ['systemd’s own mark', {}, { kernel: WSL_KERNEL, files: { '/run/systemd/container': 'wsl' } }],
  ])('is in Windows: %s', (_, environment, machine) => {
    expect(find(environment, machine)).toBe('wsl');
  });

  test('is here with a browser that runs in Linux', () => {
    expect(find({ ...DESKTOP, BROWSER: '/usr/bin/firefox' }, { kernel: WSL_KERNEL })).toBe('here');
    expect(find(DESKTOP, { kernel: WSL_KERNEL, setting: 'firefox -P work' })).toBe('here');
  });
});

describe('without a display', () => {
  test.each<[string, Readonly<Record<string, string>>, Machine]>([
    ['a console', {}, {}],
    ['empty variables', { DISPLAY: '', WAYLAND_DISPLAY: '' }, {}],
    ['a text browser', { BROWSER: 'w3m' }, {}],
    ['BROWSER that needs a display', { BROWSER: 'xdg-open' }, {}],
    ['BROWSER that opens nothing', { BROWSER: 'true' }, {}],
    ['BROWSER that is not a command', { BROWSER: "'" }, {}],
    ['BROWSER in the working directory, which is never started', { BROWSER: './firefox %s' }, {}],
    ['Android', {}, { platform: 'android' }],
  ])('is nowhere: %s', (_, environment, machine) => {
    expect(find(environment, machine)).toBe('no-display');
  });

  test('is here if BROWSER or the setting names one', () => {
    expect(find({ BROWSER: 'firefox' })).toBe('here');
    expect(find({}, { setting: 'kiosk-browser --new-window {url}' })).toBe('here');
  });
});

test('takes the first graphical browser of BROWSER, as a template', () => {
  expect(findNamedBrowser({})).toBeUndefined();
  expect(findNamedBrowser({ BROWSER: 'w3m:true:firefox --new-tab %s:chromium' })).toBe('firefox --new-tab {url}');
});

test('reads the facts of this machine', () => {
  const facts = readPlaceFacts();
  expect(facts.platform).toBe(process.platform);
  expect(facts.isThere('/proc/self')).toBe(process.platform === 'linux');
  expect(facts.readText('/nowhere/at/all')).toBeUndefined();
  expect(facts.readText('/')).toBeUndefined();
});
