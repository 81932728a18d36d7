// `audit = "required"` on a real daemon, whose disk is really full: nothing is served, and everything is after there is room.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { checkLog } from '../../../src/platform/files/check-log.ts';
import { createRig, SESSION, type Rig } from '../../helpers/rig.ts';
import { systemPartByCheck } from '../../helpers/system.ts';

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' } as const;
const query = { session: SESSION, account: ROLE.accountId, role: ROLE.permissionSet } as const;
const other = { session: SESSION, account: '222222222222', role: 'ReadOnly' } as const;

let rig: Rig | undefined;
let disk: string | undefined;
afterEach(async () => {
  await rig?.remove();
  if (disk !== undefined) {
    execFileSync('umount', ['-l', disk]);
    rmdirSync(disk);
  }
  [rig, disk] = [undefined, undefined];
});

async function mountDisk(): Promise<string> {
  disk = mkdtempSync('/tmp/rolecall-disk-');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=700', 'none', disk]);
  return disk;
}

const canMount = systemPartByCheck('mount, as root', 'mount', () => {
  const probe = mkdtempSync('/tmp/rolecall-probe-');
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'none', probe], { stdio: 'ignore' });
    execFileSync('umount', [probe]);
  } finally {
    rmdirSync(probe);
  }
});

async function askContainer({ url, token }: { readonly url: string; readonly token: string }) {
  const answer = await fetch(url, { headers: { authorization: token } });
  return { status: answer.status, code: ((await answer.json()) as { readonly Code?: string }).Code };
}

test.skipIf(!canMount)('serves nothing while the disk is full, and everything again once it is not', async () => {
  const stateHome = await mountDisk();
  rig = await createRig({ settings: 'audit = "required"\n', environment: { XDG_STATE_HOME: stateHome } });
  const { client, paths, runCli } = rig;
  expect(await runCli(['login', '--no-browser'])).toMatchObject({ exitCode: 0 });
  const grant = await client.call('createGrant', { body: { ...ROLE, processId: process.pid } });
  expect(await client.call('credentials', { query })).toMatchObject({ Version: 1 });
  expect(await askContainer(grant)).toEqual({ status: 200, code: undefined });
  expect(readFileSync(paths.auditFile, 'utf8').match(/"credentials-issued"/g)).toHaveLength(2);

  const filler = join(stateHome, 'filler');
  expect(() => {
    for (let size = 0; size < 100; size += 1) writeFileSync(filler, Buffer.alloc(65_536), { flag: 'a' });
  }).toThrow('ENOSPC');
  // The last page of the log still has room for some lines.
  const causeOf = (error: unknown) => (error as { readonly code?: string }).code;
  let code: string | undefined;
  for (let times = 0; times < 100 && code !== 'audit-unavailable'; times += 1) {
    code = await client
      .call('createGrant', { body: { ...ROLE, processId: process.pid } })
      .then(() => undefined, causeOf);
  }
  await expect(client.call('credentials', { query: other })).rejects.toMatchObject({
    code: 'audit-unavailable',
    message: expect.stringContaining('the disk is full') as string,
  });
  // Also those whose line is on disk.
  await expect(client.call('credentials', { query })).rejects.toMatchObject({ code: 'audit-unavailable' });
  expect(await askContainer(grant)).toEqual({ status: 403, code: 'audit-unavailable' });
  await expect(client.call('createGrant', { body: ROLE })).rejects.toMatchObject({ code: 'audit-unavailable' });
  await expect(client.call('console', { body: ROLE })).rejects.toMatchObject({ code: 'audit-unavailable' });
  expect((await client.call('status', {})).problems).toContainEqual(
    expect.objectContaining({
      message: expect.stringContaining('no credentials are served (audit = "required")') as string,
    }),
  );
  const { exitCode, stderr } = await runCli(['env', 'account1']);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 7,
    stderr: expect.stringContaining('[audit-unavailable]') as string,
  });

  rmSync(filler);
  expect(await client.call('credentials', { query })).toMatchObject({ Version: 1 });
  expect(await client.call('credentials', { query: other })).toMatchObject({ Version: 1 });
  expect(await askContainer(grant)).toEqual({ status: 200, code: undefined });
  expect(readFileSync(paths.auditFile, 'utf8')).toContain('"code":"audit-unavailable"');
  expect(await checkLog(paths.auditFile)).toMatchObject({ fault: undefined, torn: 0 });
});

test('serves nothing while a folder is in the place of the log', async () => {
  rig = await createRig({ settings: 'audit = "required"\n' });
  const { client, paths, runCli } = rig;
  await rig.daemon().stop();
  rmSync(paths.auditFile);
  mkdirSync(paths.auditFile);
  await rig.restartDaemon();
  // Signing in hands nothing out.
  expect(await runCli(['login', '--no-browser'])).toMatchObject({ exitCode: 0 });
  await expect(client.call('credentials', { query })).rejects.toMatchObject({ code: 'audit-unavailable' });
  rmdirSync(paths.auditFile);
  expect(await client.call('credentials', { query })).toMatchObject({ Version: 1 });
});
