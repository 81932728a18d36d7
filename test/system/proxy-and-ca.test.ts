// Behind a CONNECT proxy and a private CA, with real processes: sign-in and credentials as anywhere else.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { AT_ONCE } from '../helpers/approval.ts';
import { startConnectProxy, type ConnectProxy, type ConnectProxyOptions } from '../helpers/connect-proxy.ts';
import { createPrivateCa, type PrivateCa } from '../helpers/private-ca.ts';
import { CONFIG, SESSION } from '../helpers/rig.ts';
import { runRolecall } from '../helpers/run-process.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

let home: TemporaryHome;
let emulator: Emulator;
let authority: PrivateCa;
let proxy: ConnectProxy | undefined;
let environment: Record<string, string>;

beforeEach(async () => {
  home = createTemporaryHome();
  authority = createPrivateCa(home.path);
  emulator = createEmulator(AT_ONCE);
  await emulator.listen(0, '127.0.0.1', authority.issue(['127.0.0.1']));
  environment = { ...home.environment, ROLECALL_SECRET_STORE: 'memory', ...emulator.environment() };
  write(join(home.path, '.aws', 'config'), CONFIG);
});
afterEach(async () => {
  await runRolecall(['daemon', 'stop'], { environment });
  await proxy?.close();
  await emulator.close();
  await home.remove();
});

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
}

async function startProxy(options?: ConnectProxyOptions): Promise<ConnectProxy> {
  proxy = await startConnectProxy(options);
  return proxy;
}

const CREDENTIALS = [
  'credential-process',
  '--session',
  SESSION,
  '--account',
  '111111111111',
  '--role',
  'Admin-AF-Permission-Set',
];

async function expectStartOfDay(): Promise<void> {
  const login = await runRolecall(['login'], { environment });
  expect(login).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('4 accounts, 5 permission sets.') });
  const credentials = await runRolecall(CREDENTIALS, { environment });
  expect(credentials).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(credentials.stdout)).toMatchObject({ Version: 1, AccountId: '111111111111' });
}

test('HTTPS_PROXY and AWS_CA_BUNDLE of the shell that starts the daemon are enough', async () => {
  const { url, targets } = await startProxy();
  environment = { ...environment, HTTPS_PROXY: url, AWS_CA_BUNDLE: authority.path };
  await expectStartOfDay();
  expect(new Set(targets)).toEqual(new Set([new URL(emulator.url).host]));
});

test('so are the settings, with a proxy that asks for a password', async () => {
  const { url, targets } = await startProxy({ credentials: 'taylor:s3cret' });
  write(
    join(home.environment['XDG_CONFIG_HOME'] ?? '', 'rolecall', 'config.toml'),
    `[network]\nproxy = "${url.replace('//', '//taylor:s3cret@')}"\nca_bundle = "${authority.path}"\n`,
  );
  await expectStartOfDay();
  expect(targets.length).toBeGreaterThan(0);
});

test('so is ca_bundle in the config file', async () => {
  write(join(home.path, '.aws', 'config'), `[default]\nca_bundle = ${authority.path}\n\n${CONFIG}`);
  await expectStartOfDay();
});

test('NODE_EXTRA_CA_CERTS works beside another bundle', async () => {
  const other = join(home.path, 'other');
  mkdirSync(other);
  environment = {
    ...environment,
    AWS_CA_BUNDLE: createPrivateCa(other).path,
    NODE_EXTRA_CA_CERTS: authority.path,
  };
  await expectStartOfDay();
});

test('without the CA, the host and the setting are named', async () => {
  const login = await runRolecall(['login'], { environment });
  expect(login.exitCode).toBe(7);
  expect(login.stderr).toContain(new URL(emulator.url).host);
  expect(login.stderr).toContain('ca_bundle');
  expect(login.stderr).toMatch(/\nRun: rolecall /);
});

test('a proxy that refuses is named without its password, and nothing was asked around it', async () => {
  const { url, host } = await startProxy({ status: 403 });
  environment = {
    ...environment,
    HTTPS_PROXY: url.replace('//', '//taylor:s3cret@'),
    AWS_CA_BUNDLE: authority.path,
  };
  const login = await runRolecall(['login'], { environment });
  expect(login.exitCode).toBe(7);
  expect(login.stderr).toContain(host);
  expect(login.stderr).not.toContain('s3cret');
  expect(emulator.requests()).toEqual([]);
});
