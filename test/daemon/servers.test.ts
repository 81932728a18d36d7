// Opening and closing the servers: a port that is taken, answers that are under way when the daemon stops.
import { readFileSync, rmSync, mkdirSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createConfigFile } from '../../src/aws-config/files/config-file.ts';
import { createSystemClock } from '../../src/core/clock.ts';
import { findCaBundle } from '../../src/daemon/shared-config/ca-bundle.ts';
import { createSharedConfig } from '../../src/daemon/shared-config/shared-config.ts';
import { createFakeClock } from '../helpers/fake-clock.ts';
import { createHurriedClock } from '../helpers/hurried-clock.ts';
import { createRig, SESSION, writePrivate, type Rig } from '../helpers/rig.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

test('a web port in use is a problem, the page gets another port, and credentials work', async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  const { port } = squatter.address() as AddressInfo;
  try {
    rig = await createRig({ settings: `web_port = ${port}\n` });
    expect((await rig.client.call('status', {})).problems).toEqual([
      {
        code: 'web-port-not-usable',
        message: `Port ${port} (web_port in the settings) can't be used: EADDRINUSE. The page uses another port until the next start.`,
        hint: 'rolecall daemon restart',
      },
    ]);
    const address = JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as { port: number; url: string };
    expect(address.port).not.toBe(port);
    expect(rig.daemon().webUrl).toBe(address.url);
  } finally {
    await new Promise((resolve) => squatter.close(resolve));
  }
  await rig.restartDaemon();
  expect(new URL(rig.daemon().webUrl ?? '').port).toBe(String(port));
  expect((await rig.client.call('status', {})).problems).toEqual([]);
});

test("an address file that can't be written disables only the page", async () => {
  rig = await createRig();
  await rig.daemon().stop();
  mkdirSync(join(rig.paths.webAddressFile, 'in-the-way'), { recursive: true });
  await rig.restartDaemon();
  expect(rig.daemon().webUrl).toBeUndefined();
  expect((await rig.client.call('status', {})).problems).toEqual([
    expect.objectContaining({ code: 'file-not-writable', message: expect.stringContaining(rig.paths.webAddressFile) }),
  ]);
  rmSync(rig.paths.webAddressFile, { recursive: true });
});

test('opens a page that could not be opened once the disk has room', async () => {
  rig = await createRig({ clock: createHurriedClock(30) });
  const its = rig;
  await its.daemon().stop();
  for (const path of [its.paths.webAddressFile, its.paths.credentialProcessPath]) {
    rmSync(path, { force: true });
    mkdirSync(join(path, 'in-the-way'), { recursive: true });
  }
  await its.restartDaemon();
  expect((await its.client.call('status', {})).problems).toHaveLength(2);
  for (const path of [its.paths.webAddressFile, its.paths.credentialProcessPath]) rmSync(path, { recursive: true });
  await waitFor('the page and the copy', async () => (await its.client.call('status', {})).problems.length === 0);
  expect(JSON.parse(readFileSync(its.paths.webAddressFile, 'utf8'))).toMatchObject({ url: its.daemon().webUrl });
  expect(existsSync(its.paths.credentialProcessPath)).toBe(true);
  expect((await its.client.call('webCode', {})).url).toContain(its.daemon().webUrl ?? 'an address');
  await its.daemon().stop();
  expect(existsSync(its.paths.webAddressFile)).toBe(false);
});

test("a socket that can't be opened closes the page as well, and leaves no address file", async () => {
  rig = await createRig();
  await rig.daemon().stop();
  rmSync(rig.paths.socketPath, { force: true });
  writeFileSync(rig.paths.socketPath, 'precious');
  await expect(rig.restartDaemon()).rejects.toMatchObject({ code: 'file-not-writable' });
  expect(existsSync(rig.paths.webAddressFile)).toBe(false);
  expect(readFileSync(rig.paths.socketPath, 'utf8')).toBe('precious');
});

test('keeps the copy at the usual place up to date with XDG_DATA_HOME elsewhere, as long as it is there', async () => {
  const elsewhere = createTemporaryHome();
  try {
    rig = await createRig({ environment: { XDG_DATA_HOME: join(elsewhere.path, 'data') } });
    const { credentialProcessPath, usualCredentialProcessPath } = rig.paths;
    expect(existsSync(usualCredentialProcessPath)).toBe(false);
    writePrivate(usualCredentialProcessPath, '#!/bin/sh\n# of an older version\n');
    await rig.restartDaemon();
    expect(readFileSync(usualCredentialProcessPath, 'utf8')).toBe(readFileSync(credentialProcessPath, 'utf8'));
    expect(statSync(usualCredentialProcessPath).mode & 0o777).toBe(0o700);
  } finally {
    await elsewhere.remove();
  }
});

test("a copy that can't be written is a problem, but the daemon starts", async () => {
  rig = await createRig();
  await rig.daemon().stop();
  rmSync(rig.paths.credentialProcessPath);
  mkdirSync(rig.paths.credentialProcessPath);
  await rig.restartDaemon();
  expect((await rig.client.call('status', {})).problems).toEqual([
    expect.objectContaining({
      code: 'file-not-writable',
      message: expect.stringContaining('rolecall-credential-process'),
    }),
  ]);
});

test('sends a pending answer during a stop, and accepts no new request', async () => {
  rig = await createRig();
  const its = rig;
  await its.runCli(['login']);
  its.emulator.addFault({ operation: 'GetRoleCredentials', kind: 'delay', delayMs: 1500 });
  const query = { session: SESSION, account: '111111111111', role: 'Admin-AF-Permission-Set' };
  const credentials = its.client.call('credentials', { query });
  await waitFor('the call to AWS', () => its.emulator.countCalls('GetRoleCredentials') === 1);
  const stopped = its.client.call('stop', {});
  await stopped;
  await waitFor('the socket to go', () => !existsSync(its.paths.socketPath));
  // Requests that had connected by then are still answered, and this client keeps its connection.
  await waitFor('the socket server to be closed', () =>
    its.client.call('status', {}).then(
      () => false,
      (error: unknown) => (error as { code?: string }).code === 'daemon-not-running',
    ),
  );
  expect(await credentials).toMatchObject({ Version: 1, AccountId: '111111111111' });
  await its.daemon().stop();
  expect(its.logLines.at(-1)).toBe('info stopped');
});

test('answers all who connected before a stop, even if their request comes late', async () => {
  // The daemon's deadlines do not pass: a slow machine may need longer than the five seconds that a stop takes at most.
  rig = await createRig({ clock: { ...createSystemClock(), sleep: createFakeClock().sleep } });
  const its = rig;
  // More than are taken in by the way while the stop is on its way.
  const callers = Array.from({ length: 400 }, () => connect(its.paths.socketPath));
  await Promise.all(callers.map((socket) => once(socket, 'connect')));
  const stopped = its.daemon().stop();
  const answers = callers.map(async (socket, index) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    await sleep(index);
    socket.write('GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await once(socket, 'close');
    return text.split('\r\n')[0];
  });
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['HTTP/1.1 200 OK']));
  await stopped;
});

test('also waits for the last of them if its answer takes long', async () => {
  rig = await createRig();
  const its = rig;
  await its.runCli(['login']);
  its.emulator.addFault({ operation: 'GetRoleCredentials', kind: 'delay', delayMs: 600 });
  const socket = connect(its.paths.socketPath);
  await once(socket, 'connect');
  const stopped = its.daemon().stop();
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  await sleep(100);
  const query = `session=${SESSION}&account=111111111111&role=Admin-AF-Permission-Set`;
  socket.write(`GET /v1/credentials?${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  await once(socket, 'close');
  expect(text.split('\r\n')[0]).toBe('HTTP/1.1 200 OK');
  await stopped;
});

test('cancels a pending sign-in on a stop, and a second stop waits for the first', async () => {
  rig = await createRig({ emulator: { autoApprove: false } });
  const its = rig;
  await its.client.call('startSignIn', { session: SESSION, body: {} });
  its.emulator.addFault({ operation: 'CreateToken', kind: 'delay', delayMs: 60_000 });
  const startedAtMs = Date.now();
  await Promise.all([its.daemon().stop(), its.daemon().stop()]);
  expect(Date.now() - startedAtMs).toBeLessThan(30_000);
  expect(existsSync(its.paths.webAddressFile)).toBe(false);
});

test('takes the CA bundle from the settings, else the variable, else the config file', async () => {
  rig = await createRig({ config: '[default]\nca_bundle = /from/config.pem\n' });
  const sharedConfig = createSharedConfig(createConfigFile({ path: rig.configPath, clock: createSystemClock() }));
  const failureOf = async (setting: string | undefined, environment: Readonly<Record<string, string>>) => {
    const read = await findCaBundle(setting, environment, sharedConfig);
    try {
      return read();
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(await failureOf('/from/settings.pem', { AWS_CA_BUNDLE: '/from/variable.pem' })).toContain(
    '/from/settings.pem (network.ca_bundle)',
  );
  expect(await failureOf(undefined, { AWS_CA_BUNDLE: '/from/variable.pem' })).toContain(
    '/from/variable.pem (AWS_CA_BUNDLE)',
  );
  expect(await failureOf(undefined, { AWS_CA_BUNDLE: '' })).toContain(
    `/from/config.pem (ca_bundle in ${rig.configPath})`,
  );
  writeFileSync(rig.configPath, '');
  expect(await failureOf(undefined, {})).toBeUndefined();
});
