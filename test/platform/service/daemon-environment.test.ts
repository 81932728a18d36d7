// What an auto-started daemon gets of its caller's environment.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  cleanEnvironment,
  daemonEnvironment,
  refuseChangedNode,
} from '../../../src/platform/service/daemon-environment.ts';
import { serviceEnvironment } from '../../../src/service/service-environment.ts';

const KEPT = {
  HOME: '/home/taylor',
  PATH: '/usr/bin',
  USER: 'taylor',
  LOGNAME: 'taylor',
  SHELL: '/bin/zsh',
  LANG: 'de_DE.UTF-8',
  LC_ALL: 'C',
  LC_TIME: 'C',
  TZ: 'UTC',
  TMPDIR: '/tmp',
  XDG_RUNTIME_DIR: '/run/user/1000',
  XDG_STATE_HOME: '/s',
  DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus',
  DISPLAY: ':0',
  WAYLAND_DISPLAY: 'wayland-0',
  HTTP_PROXY: 'a',
  HTTPS_PROXY: 'a',
  ALL_PROXY: 'a',
  NO_PROXY: 'a',
  http_proxy: 'a',
  https_proxy: 'a',
  all_proxy: 'a',
  no_proxy: 'a',
  AWS_CA_BUNDLE: '/ca.pem',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
  SSL_CERT_FILE: '/ca.pem',
  SSL_CERT_DIR: '/ca',
  AWS_CONFIG_FILE: '/config',
  AWS_SHARED_CREDENTIALS_FILE: '/credentials',
  AWS_ENDPOINT_URL_SSO_OIDC: 'http://127.0.0.1:1',
  AWS_ENDPOINT_URL_SSO: 'http://127.0.0.1:1',
  AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:1',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_USE_DUALSTACK_ENDPOINT: 'true',
  ROLECALL_PASSPHRASE: 'p',
  ROLECALL_SOCKET: '/d.sock',
} as const;

/** A shell full of other things: LocalStack, keys, what changes how Node itself runs. */
const LEFT_OUT = {
  AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
  AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:4566',
  AWS_ENDPOINT_URL_SSO_ADMIN: 'http://127.0.0.1:4566',
  AWS_ACCESS_KEY_ID: 'AKIA',
  AWS_SECRET_ACCESS_KEY: 's',
  AWS_SESSION_TOKEN: 't',
  AWS_PROFILE: 'p',
  AWS_DEFAULT_PROFILE: 'p',
  AWS_REGION: 'r',
  AWS_CONTAINER_CREDENTIALS_FULL_URI: 'u',
  LOCALSTACK_HOST: 'l',
  NODE_OPTIONS: '--inspect',
  NODE_TLS_REJECT_UNAUTHORIZED: '0',
  LD_PRELOAD: '/evil.so',
  PWD: '/somewhere',
  EDITOR: 'vi',
  SSH_AUTH_SOCK: '/agent',
  XDGX: 'x',
  rolecall_x: 'x',
} as const;

test('gives the daemon only what is on the list', () => {
  expect(daemonEnvironment({ ...LEFT_OUT, ...KEPT, TERM: undefined, LC_NAME: undefined })).toEqual(KEPT);
});

test("removes everything else from the daemon's environment, and returns the names that would have had an effect", () => {
  const environment: Record<string, string | undefined> = { ...LEFT_OUT, ...KEPT, NODE_DEBUG: '' };
  expect(cleanEnvironment(environment)).toEqual(['LD_PRELOAD', 'NODE_OPTIONS', 'NODE_TLS_REJECT_UNAUTHORIZED']);
  expect(environment).toEqual(KEPT);
});

test('refuses a Node that a variable has changed before its first line', () => {
  expect(() => refuseChangedNode(['LD_PRELOAD', 'NODE_DEBUG', 'NODE_OPTIONS'])).toThrow(
    'The daemon refuses to run with NODE_OPTIONS and LD_PRELOAD set.',
  );
  refuseChangedNode(['LD_LIBRARY_PATH', 'NODE_TLS_REJECT_UNAUTHORIZED']);
});

test('resolves file names that depend on other variables or the working directory of the caller', () => {
  const named = { AWS_CONFIG_FILE: '$DOTFILES/aws', AWS_SHARED_CREDENTIALS_FILE: 'keys', DOTFILES: '/dots' };
  const expected = { AWS_CONFIG_FILE: '/dots/aws', AWS_SHARED_CREDENTIALS_FILE: join(process.cwd(), 'keys') };
  expect(daemonEnvironment(named)).toEqual(expected);
  const own = { ...named };
  cleanEnvironment(own);
  expect(own).toEqual(expected);
  expect(serviceEnvironment(named)).toEqual(expected);
});
