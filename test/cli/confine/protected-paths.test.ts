// Which paths a confined command may have: none that leads to another role, the keychain or another program.
import { describe, expect, test } from 'vitest';
import { checkHome, checkSharedPath, createPathRules, isHidden } from '../../../src/cli/confine/protected-paths.ts';
import { resolvePaths } from '../../../src/local-api/paths.ts';

const HOME = '/home/taylor';
const ENVIRONMENT = {
  XDG_RUNTIME_DIR: '/run/user/4711',
  DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/4711/bus;unix:path=/var/lib/my-bus/socket,guid=1',
  SSH_AUTH_SOCK: '/run/user/4711/keyring/ssh',
  DOCKER_HOST: 'unix:///srv/docker/engine.sock',
  AWS_CONFIG_FILE: '/srv/aws/config',
  ROLECALL_SOCKET: '/srv/rolecall/own.sock',
};
const sources = { environment: ENVIRONMENT, homeDirectory: HOME, platform: 'linux', userId: 4711 } as const;
const rules = createPathRules({ ...sources, paths: resolvePaths(sources) }, (path) => path);
const check = (path: string, isWritable = false) =>
  checkSharedPath(path, { option: isWritable ? '--writable' : '--readable', isWritable }, rules);

describe('refuses to share', () => {
  test.each([
    [HOME, 'it is your home'],
    ['/home', 'it contains your home'],
    ['/', 'it contains your home'],
    ['/run', 'it contains the sockets of other programs'],
    ['/tmp', 'it contains the sockets of other programs'],
    [`${HOME}/.aws`, 'it is the AWS files'],
    [`${HOME}/.aws/sso/cache`, 'it is part of the AWS files'],
    ['/srv/aws', 'it contains the AWS files'],
    [`${HOME}/.local`, 'it contains'],
    [`${HOME}/.local/state`, 'it contains'],
    [`${HOME}/.local/state/rolecall`, 'it is the state of rolecall'],
    [`${HOME}/.local/state/rolecall/grants`, 'it is part of the state of rolecall'],
    [`${HOME}/.config`, 'it contains the settings of rolecall'],
    [`${HOME}/.config/rolecall/config.toml`, 'it is the settings of rolecall'],
    [`${HOME}/.local/share/rolecall`, 'it contains the program that serves your profiles'],
    [`${HOME}/.local/share/keyrings/login.keyring`, 'it is part of the keychain'],
    ['/srv/rolecall', 'it contains the socket of rolecall'],
    ['/run/user/4711', 'it is the sockets of your session'],
    ['/run/user/4711/bus', 'it is part of the sockets of your session'],
    ['/run/user', 'it contains the sockets of your session'],
    ['/var/lib/my-bus', 'it contains the session bus'],
    ['/run/dbus/system_bus_socket', 'it is part of the sockets of the system'],
    ['/run/docker.sock', 'it is the socket of a container engine'],
    ['/srv/docker', 'it contains the socket of a container engine'],
    ['/tmp/.X11-unix/X0', 'it is part of the sockets of your desktop'],
    ['/tmp/tmux-4711/default', 'it is part of the sockets of your desktop'],
    ['/proc/1/root', 'it is part of the processes and devices'],
    ['/dev/sda', 'it is part of the processes and devices'],
  ])('%s: %s', (path, reason) => {
    expect(() => check(path)).toThrow(reason);
    expect(() => check(path, true)).toThrow(reason);
  });

  test.each(['/usr', '/etc', '/etc/profile.d', '/opt'])('%s for writing, but for reading', (path) => {
    expect(() => check(path, true)).toThrow('stays read-only');
    expect(() => check(path)).not.toThrow();
  });
});

test.each([
  `${HOME}/src/project`,
  `${HOME}/.nvm`,
  `${HOME}/.local/bin`,
  `${HOME}/.npm`,
  `${HOME}/.awscli-tools`,
  '/srv/data',
  '/tmp/build',
  '/opt/tool/cache',
  ENVIRONMENT.SSH_AUTH_SOCK,
])('shares %s', (path) => {
  expect(() => check(path, true)).not.toThrow();
});

test('names the working directory, and where to go instead', () => {
  expect(() => checkSharedPath(HOME, { option: '', isWritable: true }, rules)).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: `A confined command can't have the working directory ${HOME}: it is your home.`,
      hint: 'cd FOLDER_OF_YOUR_PROJECT',
    }),
  );
});

test('applies to the places behind symlinks, too', () => {
  const linked = createPathRules({ ...sources, paths: resolvePaths(sources) }, (path) =>
    path.replace(HOME, '/data/people/taylor'),
  );
  const share = { option: '--readable', isWritable: false };
  expect(() => checkSharedPath('/data/people/taylor', share, linked)).toThrow('it is your home');
  expect(() => checkSharedPath('/data/people/taylor/.aws', share, linked)).toThrow('it is the AWS files');
  expect(() => checkSharedPath('/data', share, linked)).toThrow('it contains your home');
});

test('a home that is a system folder can not be hidden', () => {
  for (const home of ['/', '/usr', '', 'relative']) expect(() => checkHome(home)).toThrow('while HOME is');
  for (const home of [HOME, '/root', '/opt/jenkins', '/nonexistent']) expect(() => checkHome(home)).not.toThrow();
});

test('the home is hidden where it is not shared, also below a system folder', () => {
  const visible = ['/usr', '/opt', `${HOME}/project`];
  expect(isHidden('/usr/bin/node', visible, HOME)).toBe(false);
  expect(isHidden(`${HOME}/.nvm/node`, visible, HOME)).toBe(true);
  expect(isHidden(`${HOME}/project/run`, visible, HOME)).toBe(false);
  expect(isHidden('/srv/run', visible, HOME)).toBe(true);
  expect(isHidden('/opt/me/run', visible, '/opt/me')).toBe(true);
  expect(isHidden('/opt/me/shared/run', [...visible, '/opt/me/shared'], '/opt/me')).toBe(false);
});
