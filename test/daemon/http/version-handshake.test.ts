// A newer client meets an older daemon: it is refused before any work starts, and the next daemon serves it.
import { afterEach, expect, test } from 'vitest';
import { createSystemClock } from '../../../src/core/clock.ts';
import { createVersionCheck, readGuarded } from '../../../src/daemon/http/guard.ts';
import { createLocalApiClient, type LocalApiClient } from '../../../src/local-api/client.ts';
import { createRig, SESSION, type Rig } from '../../helpers/rig.ts';

let rig: Rig | undefined;
afterEach(() => rig?.remove());

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
/** Sign-ins that a restart does not lose. */
const SAVED = { environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse battery staple' } };
const QUERY = { session: SESSION, account: '111111111111', role: 'Admin-AF-Permission-Set' };

function createClient(version: string, options: { readonly mayStart?: boolean; readonly seen?: string[] } = {}) {
  const its = rig as Rig;
  const seen = options.seen ?? [];
  const client: LocalApiClient = createLocalApiClient({
    socketCandidates: its.paths.socketCandidates,
    mayStart: options.mayStart ?? true,
    startDaemon: async () => {
      seen.push('started');
      await its.restartDaemon();
      return { failure: () => undefined, hasEnded: () => true, release: () => undefined };
    },
    version,
    onReplaced: () => seen.push('replaced'),
    onKept: (losses) => seen.push(losses),
    clock: createSystemClock(),
  });
  return client;
}

test.each(['0.4.9', '0.5.0', '0.5.0-rc.1', 'nonsense'])('a client of version %s is served', async (version) => {
  rig = await createRig({ version: '0.5.0' });
  const seen: string[] = [];
  expect(await createClient(version, { seen }).call('status', {})).toMatchObject({ version: '0.5.0' });
  expect(seen).toEqual([]);
});

test('a newer client is refused before any work starts, and the next daemon answers it', async () => {
  rig = await createRig({ version: '0.5.0', emulator: { autoApprove: false } });
  const its = rig;
  const seen: string[] = [];
  const client = createClient('0.6.0', { seen });
  // The successor says the same version here, so it is turned away again until the deadline.
  await expect(client.call('startSignIn', { session: SESSION, body: {} }, { timeoutMs: 3000 })).rejects.toMatchObject({
    code: 'daemon-version-mismatch',
    message: expect.stringContaining('0.5.0'),
    hint: 'rolecall daemon restart',
    exitCode: 3,
  });
  expect(seen).toContain('started');
  expect(seen).not.toContain('replaced');
  expect(its.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
  expect(its.logLines).toContain('info a newer client connected: version 0.5.0 stops for the newer version');
});

test('a client that may not start a daemon does not replace the older one', async () => {
  rig = await createRig({ version: '0.5.0' });
  const its = rig;
  const call = (client: LocalApiClient, options = {}) => client.call('status', {}, options);
  expect(await call(createClient('0.6.0', { mayStart: false }))).toMatchObject({ version: '0.5.0' });
  expect(await call(createClient('0.6.0'), { autostart: false })).toMatchObject({ version: '0.5.0' });
  expect(its.logLines.filter((line) => line.includes('stops for the newer version'))).toEqual([]);
});

test('pending answers are sent although the daemon stops', async () => {
  rig = await createRig({ version: '0.5.0', ...SAVED });
  const its = rig;
  await its.runCli(['login']);
  its.emulator.addFault({ operation: 'GetRoleCredentials', kind: 'delay', delayMs: 800 });
  const credentials = its.client.call('credentials', { query: QUERY }, { waitSeconds: 10 });
  await expect(createClient('0.6.0').call('status', {}, { timeoutMs: 2000 })).rejects.toMatchObject({
    code: 'daemon-version-mismatch',
  });
  expect(await credentials).toMatchObject({ Version: 1 });
});

test('an older daemon answers and stays while its restart would lose something', async () => {
  rig = await createRig({ version: '0.5.0', ...SAVED });
  const its = rig;
  await its.runCli(['login']);
  const seen: string[] = [];
  const ask = () => createClient('0.6.0', { seen }).call('status', {}, { timeoutMs: 2000 });
  const { id } = await its.client.call('createGrant', { body: { ...ROLE, processId: process.pid } });
  await its.client.call('createGrant', { body: ROLE });
  its.emulator.turnKnobs({ autoApprove: false });
  await its.client.call('startSignIn', { session: SESSION, body: { force: true } });
  expect(await ask()).toMatchObject({ version: '0.5.0' });
  await its.client.call('cancelSignIn', { session: SESSION });
  expect(await ask()).toMatchObject({ version: '0.5.0' });
  expect(seen).toEqual(['1 pending sign-in, 1 grant in use', '1 grant in use']);
  await its.client.call('revokeGrant', { id });
  await expect(ask()).rejects.toMatchObject({ code: 'daemon-version-mismatch' });
});

test('a sign-in that is only in memory keeps the older daemon', async () => {
  rig = await createRig({ version: '0.5.0' });
  await rig.runCli(['login']);
  const seen: string[] = [];
  expect(await createClient('0.6.0', { seen }).call('status', {})).toMatchObject({ version: '0.5.0' });
  expect(seen).toEqual(['1 sign-in in memory only']);
});

test('the check calls leave for each newer client, but not for a stop request or if something would be lost', async () => {
  let left = 0;
  let losses: string | undefined;
  const check = createVersionCheck({
    ownVersion: '0.5.0',
    leave: () => (left += 1),
    findLosses: async () => losses,
  });
  const ask = (url: string, ...versions: readonly string[]) =>
    check(readGuarded({ url, rawHeaders: versions.flatMap((version) => ['Rolecall-Version', version]) })).catch(
      (error: unknown) => (error as { code: string }).code,
    );
  expect([
    await ask('/v1/status'),
    await ask('/v1/status', '0.5.0'),
    await ask('/v1/daemon/stop', '0.6.0'),
    await ask('/v1/status', '0.6.0', '0.6.0'),
  ]).toEqual([undefined, undefined, undefined, undefined]);
  losses = '1 pending sign-in';
  expect(await ask('/v1/status', '0.6.0')).toBe('1 pending sign-in');
  expect(left).toBe(0);
  losses = undefined;
  expect(await ask('/v1/status', '0.6.0')).toBe('daemon-version-mismatch');
  expect(left).toBe(1);
});
