// A listing that suddenly lost many roles: profiles stay until the user confirms; another user's roles do not.
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { createDefaultDirectory } from '../../src/emulator/directory/default-directory.ts';
import { CONFIG, createRig, SESSION, type Rig, type RigOptions } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig;
afterEach(() => rig.remove());

async function createSignedInRig(options: RigOptions = {}): Promise<Rig> {
  rig = await createRig({ config: CONFIG.slice(0, CONFIG.indexOf('[profile')), ...options });
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  return rig;
}

const KEYS = ['credential-process', '--session', SESSION, '--account', '111111111111', '--role'];
const ASSIGNMENTS = createDefaultDirectory().assignments ?? [];
const readConfig = () => readFileSync(rig.configPath, 'utf8');
const sync = (...argv: string[]) => rig.runCli(['profiles', 'sync', ...argv]);

/** Makes AWS, or whatever answers in its place, list no accounts. */
function loseEverything(): void {
  for (const assignment of ASSIGNMENTS) rig.emulator.directory.unassign(assignment);
}

function bringBack(): void {
  for (const assignment of ASSIGNMENTS) rig.emulator.directory.assign(assignment);
}

const KEPT =
  'Kept 5 profiles although their roles are missing from the last listing: too many went missing at once to be sure.\n' +
  'If you lost that access for good, run: rolecall profiles sync --prune\n';

test('a listing without roles keeps profiles and credentials, and reports how to remove them', async () => {
  await createSignedInRig();
  const config = readConfig();
  const keys = await rig.runCli([...KEYS, 'Admin-AF-Permission-Set']);
  await rig.client.call('setCurrent', {
    body: { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' },
  });
  loseEverything();

  const login = await rig.runCli(['login']);
  expect(login).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(KEPT) });
  // Nothing is reported as removed.
  expect(login.stdout).toBe('0 accounts, 0 permission sets.\n~/.aws/config: 5 profiles, up to date.\n');
  expect(readConfig()).toBe(config);
  expect(await rig.runCli([...KEYS, 'Admin-AF-Permission-Set'])).toEqual(keys);
  const says = `The last listing of ${SESSION} lost 5 roles at once; 5 profiles were kept. Remove them only if you lost that access for good.`;
  expect((await rig.runCli(['status'])).stdout).toContain(`! ${says}\n  Run: rolecall profiles sync --prune\n`);
  expect((await rig.client.call('status', {})).problems).toEqual([
    { code: 'roles-lost', message: says, hint: 'rolecall profiles sync --prune', session: SESSION },
  ]);
  const { stdout: lines } = await rig.runCli(['login', '--json']);
  expect(JSON.parse(lines.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
    type: 'done',
    setup: { removed: [], profiles: { removed: [], kept: { length: 5 } } },
  });

  // A sync, a restart or another listing does not remove them.
  await rig.restartDaemon();
  await rig.runCli(['login']);
  await rig.runCli(['ls', '--refresh']);
  expect(await sync()).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(KEPT) });
  expect((await rig.runCli(['profiles', 'list'])).stderr).toBe(KEPT);
  expect(readConfig()).toBe(config);

  const dryRun = await sync('--prune', '--dry-run');
  expect(dryRun).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('Kept') });
  expect(dryRun.stdout.match(/^-\[profile /gm)).toHaveLength(5);
  expect(readConfig()).toBe(config);
  expect((await sync('--prune')).stdout).toBe('~/.aws/config: 0 profiles, 5 gone.\n');
  expect(readConfig()).not.toContain('--account');
  expect((await rig.client.call('status', {})).problems).toMatchObject([{ code: 'current-role-gone' }]);
  expect((await sync()).stdout).toBe('~/.aws/config: 0 profiles, up to date.\n');
});

test('roles that come back need no confirmation', async () => {
  await createSignedInRig();
  const config = readConfig();
  loseEverything();
  await rig.runCli(['login']);
  bringBack();
  const login = await rig.runCli(['login']);
  expect(login.stderr).not.toContain('Kept');
  expect((await rig.client.call('status', {})).problems).toEqual([]);
  expect(readConfig()).toBe(config);
  // A single lost role is removed without confirmation.
  rig.emulator.directory.unassign({ accountId: '333333333333', permissionSet: 'ReadOnly', user: 'taylor' });
  expect((await rig.runCli(['login'])).stdout).toContain('4 profiles, 1 gone');
});

test('a profile of a lost role still works if AWS returns credentials', async () => {
  await createSignedInRig();
  loseEverything();
  await rig.runCli(['login']);
  bringBack();
  const grant = { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' };
  expect(await rig.client.call('createGrant', { body: grant })).toMatchObject({ url: expect.any(String) });
});

test('another user does not keep roles in accounts that could not be listed', async () => {
  await createSignedInRig({ checksUsers: true });
  const { directory } = rig.emulator;
  directory.addUser({ userName: 'mallory' });
  for (const accountId of ['222222222222', '333333333333']) {
    directory.assign({ accountId, permissionSet: 'ReadOnly', user: 'mallory' });
  }
  const before = readConfig();
  rig.emulator.addFault({ operation: 'ListAccountRoles', detail: '333333333333', kind: 'html' });
  rig.emulator.turnKnobs({ autoApprove: false });
  const login = rig.runCli(['login', '--force', '--accept-user', 'mallory']);
  const code = await waitFor('a code', () => rig.emulator.pendingDeviceAuthorizations()[0]?.userCode);
  rig.emulator.approve(code, 'mallory');
  expect(await login).toMatchObject({ exitCode: 0 });
  // Taylor's roles in account 333333333333 were carried over until it was known who signed in.
  await waitFor(
    'the profiles of mallory alone',
    () => /--account/.test(readConfig()) && !/333333333333/.test(readConfig()),
  );
  const list = JSON.parse((await rig.runCli(['ls', '--json'])).stdout) as {
    accounts: { accountId: string; permissionSets: string[] }[];
  };
  expect(list.accounts.map(({ accountId, permissionSets }) => [accountId, permissionSets])).toEqual([
    ['222222222222', ['ReadOnly']],
    ['333333333333', []],
  ]);
  expect((await rig.client.call('status', {})).problems.map(({ code: of }) => of)).not.toContain('roles-lost');
  expect(before).toContain('333333333333');
});
