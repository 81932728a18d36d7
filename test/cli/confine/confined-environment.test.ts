// Which variables a confined command gets.
import { expect, test } from 'vitest';
import { confinedVariables, fixedVariables } from '../../../src/cli/confine/confined-environment.ts';

const SECRET_OR_WAY_OUT = {
  GITHUB_TOKEN: 'x',
  NPM_TOKEN: 'x',
  ANTHROPIC_API_KEY: 'x',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_PROFILE: 'x',
  AWS_CONFIG_FILE: '/x',
  AWS_CONTAINER_AUTHORIZATION_TOKEN: 'x',
  KRB5CCNAME: 'KEYRING:persistent:1000',
  SSH_AUTH_SOCK: '/x',
  SSH_AGENT_PID: '1',
  GPG_AGENT_INFO: '/x',
  DBUS_SESSION_BUS_ADDRESS: 'unix:path=/x',
  XDG_RUNTIME_DIR: '/x',
  XDG_CONFIG_HOME: '/x',
  DISPLAY: ':0',
  WAYLAND_DISPLAY: 'wayland-0',
  XAUTHORITY: '/x',
  TMUX: '/x',
  VSCODE_IPC_HOOK_CLI: '/x',
  DOCKER_HOST: 'unix:///x',
  ROLECALL_SOCKET: '/x',
  ROLECALL_PASSPHRASE: 'x',
  LD_PRELOAD: '/x',
  NODE_OPTIONS: '--require /x',
  npm_config__auth: 'x',
  TMPDIR: '/x',
  BASH_ENV: '/x',
};
const USUAL = {
  PATH: '/usr/bin',
  LANG: 'C.UTF-8',
  LC_ALL: 'C',
  TERM: 'xterm',
  CI: 'true',
  AWS_REGION: 'eu-west-1',
  AWS_ENDPOINT_URL_S3: 'http://localhost:9000',
  NO_PROXY: 'localhost',
  HTTPS_PROXY: 'http://proxy:3128',
};

test('passes what programs need, and nothing with a secret or a way out', () => {
  expect(confinedVariables({ ...SECRET_OR_WAY_OUT, ...USUAL }, [])).toEqual({
    variables: USUAL,
    insideOnly: {},
    withheld: [],
  });
});

test('passes what the user names', () => {
  const { variables } = confinedVariables({ ...SECRET_OR_WAY_OUT, ...USUAL }, ['GITHUB_TOKEN', 'SSH_AUTH_SOCK']);
  expect(variables).toEqual({ ...USUAL, GITHUB_TOKEN: 'x', SSH_AUTH_SOCK: '/x' });
});

test('keeps what changes every program away from bubblewrap, which runs outside', () => {
  expect(confinedVariables({ ...SECRET_OR_WAY_OUT, ...USUAL }, ['LD_PRELOAD', 'BASH_ENV'])).toEqual({
    variables: USUAL,
    insideOnly: { LD_PRELOAD: '/x', BASH_ENV: '/x' },
    withheld: [],
  });
});

test('leaves out a proxy with a password, unless the user names it', () => {
  const environment = { HTTPS_PROXY: 'http://me:secret@proxy:3128', http_proxy: 'http://proxy:3128' };
  expect(confinedVariables(environment, [])).toEqual({
    variables: { http_proxy: 'http://proxy:3128' },
    insideOnly: {},
    withheld: ['HTTPS_PROXY'],
  });
  expect(confinedVariables(environment, ['HTTPS_PROXY'])).toEqual({
    variables: environment,
    insideOnly: {},
    withheld: [],
  });
});

test.each([
  ['HOME', /can't pass HOME/],
  ['AWS_PROFILE', /can't pass AWS_PROFILE/],
  ['AWS_ACCESS_KEY_ID', /can't pass/],
  ['AWS_BEARER_TOKEN_BEDROCK', /can't pass/],
  ['AWS_CONFIG_FILE', /can't pass/],
  ['DBUS_SESSION_BUS_ADDRESS', /can't pass/],
  ['ROLECALL_SOCKET', /can't pass/],
  ['GITHUB_TOKEN=x', /without its value, which would be visible in ps/],
  ['a b', /takes the name of a variable/],
  ['NOT_SET', /this variable is not set/],
])('refuses --env %s', (name, message) => {
  expect(() => confinedVariables({ ...SECRET_OR_WAY_OUT, AWS_BEARER_TOKEN_BEDROCK: 'x', HOME: '/x' }, [name])).toThrow(
    message,
  );
});

test('points every SDK to no files', () => {
  expect(fixedVariables('/home/taylor')).toEqual({
    HOME: '/home/taylor',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_CREDENTIAL_PROFILES_FILE: '/dev/null',
    BOTO_CONFIG: '/dev/null',
    ROLECALL_NO_AUTOSTART: '1',
  });
});
