// Where files and sockets are, by platform and environment, as the contract has it.
import { expect, test } from 'vitest';
import { resolvePaths } from '../../src/local-api/paths.ts';

/** No such user, so nothing of this machine's `/run/user` comes in. */
const NOBODY = 3_999_999_999;

function resolve(environment: Record<string, string>, platform: NodeJS.Platform = 'linux') {
  return resolvePaths({ environment, homeDirectory: '/home/t', platform, userId: NOBODY });
}

test('follow XDG on Linux', () => {
  const environment = { XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d', XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/r' };
  expect(resolve(environment)).toEqual({
    settingsFile: '/c/rolecall/config.toml',
    passphraseFile: '/c/rolecall/passphrase',
    stateDirectory: '/s/rolecall',
    socketPath: '/r/rolecall/daemon.sock',
    socketCandidates: ['/r/rolecall/daemon.sock', '/s/rolecall/run/daemon.sock'],
    lockFile: '/s/rolecall/daemon.lock',
    logFile: '/s/rolecall/daemon.log',
    auditFile: '/s/rolecall/audit.log',
    webAddressFile: '/s/rolecall/web.json',
    pageDirectory: '/r/rolecall/pages',
    switchDirectory: '/s/rolecall/switch',
    credentialProcessPath: '/d/rolecall/bin/rolecall-credential-process',
    usualCredentialProcessPath: '/home/t/.local/share/rolecall/bin/rolecall-credential-process',
    keptPortPipe: '/s/rolecall/container-port.pipe',
  });
});

test('use defaults on Linux without XDG, and ignore relative paths', () => {
  const plain = resolve({});
  expect(plain).toMatchObject({
    settingsFile: '/home/t/.config/rolecall/config.toml',
    stateDirectory: '/home/t/.local/state/rolecall',
    socketPath: '/home/t/.local/state/rolecall/run/daemon.sock',
    socketCandidates: ['/home/t/.local/state/rolecall/run/daemon.sock'],
    pageDirectory: '/home/t/.local/state/rolecall/run/pages',
    credentialProcessPath: '/home/t/.local/share/rolecall/bin/rolecall-credential-process',
    usualCredentialProcessPath: '/home/t/.local/share/rolecall/bin/rolecall-credential-process',
  });
  expect(resolve({ XDG_CONFIG_HOME: 'c', XDG_DATA_HOME: 'd', XDG_STATE_HOME: '', XDG_RUNTIME_DIR: './r' })).toEqual(
    plain,
  );
});

test('are below Application Support on macOS, whatever XDG says', () => {
  const root = '/home/t/Library/Application Support/rolecall';
  expect(resolve({ XDG_DATA_HOME: '/d', XDG_RUNTIME_DIR: '/r', XDG_STATE_HOME: '/s' }, 'darwin')).toMatchObject({
    settingsFile: `${root}/config.toml`,
    stateDirectory: root,
    socketCandidates: [`${root}/run/daemon.sock`],
    pageDirectory: `${root}/run/pages`,
    credentialProcessPath: '/home/t/.local/share/rolecall/bin/rolecall-credential-process',
  });
});

test('are overridden by our own variables, unless those are empty', () => {
  for (const platform of ['linux', 'darwin'] as const) {
    const { settingsFile, socketCandidates } = resolve(
      { ROLECALL_CONFIG: '/x.toml', ROLECALL_SOCKET: '/x.sock' },
      platform,
    );
    expect({ settingsFile, socketCandidates }).toEqual({ settingsFile: '/x.toml', socketCandidates: ['/x.sock'] });
  }
  expect(resolve({ ROLECALL_CONFIG: '', ROLECALL_SOCKET: '' })).toEqual(resolve({}));
});
