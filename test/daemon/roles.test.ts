// GET /v1/roles: one row per account and permission set, in one order, with profile, label, pin and usage.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { generateDirectory } from '../../src/emulator/directory/generate-directory.ts';
import { CONFIG, createRig, SESSION, writePrivate, type Rig } from '../helpers/rig.ts';

let rig: Rig;
afterEach(() => rig.remove());

const CHAINS = `
[profile deploy]
role_arn = arn:aws:iam::222222222222:role/ops/Deploy
source_profile = account1
region = eu-central-1

[profile far.audit]
role_arn = arn:aws:iam::999999999999:role/Audit
source_profile = deploy
duration_seconds = 43200
`;

const row = (accountId: string, accountName: string, permissionSet: string, more: object = {}) => ({
  session: SESSION,
  label: SESSION,
  accountId,
  accountName,
  permissionSet,
  profile: null,
  protected: false,
  pinned: false,
  score: 0,
  ...more,
});

describe('/v1/roles', () => {
  test('is empty before the first sign-in, with no time of a listing', async () => {
    rig = await createRig();
    expect(await rig.client.call('roles', { query: {} })).toEqual({ asOf: null, complete: false, roles: [] });
  });

  test('marks a profile whose name was added to the credentials file, until a sync', async () => {
    rig = await createRig();
    await rig.runCli(['login']);
    const shadowed = async () =>
      (await rig.client.call('roles', { query: {} })).roles.flatMap((role) =>
        role.shadowed === true ? [role.profile] : [],
      );
    expect(await shadowed()).toEqual([]);
    writePrivate(join(rig.home.path, '.aws', 'credentials'), '[Log-Archive.ReadOnly]\naws_access_key_id = x\n');
    expect(await shadowed()).toEqual(['Log-Archive.ReadOnly']);
    await rig.client.call('syncProfiles', {});
    expect(await shadowed()).toEqual([]);
  });

  test('applies rules with wildcards; status and doctor report a rule that matches no role', async () => {
    rig = await createRig({
      settings: `
[[role]]
account_id = "22*"
permission_set = "Read*"
alias = "{account_name}-ro"
pin = true
[[role]]
permission_set = "Nobody*"
pin = true
`,
    });
    const problems = async () => (await rig.client.call('status', {})).problems;
    expect(await problems()).toEqual([]);
    await rig.runCli(['login']);
    const { roles } = await rig.client.call('roles', { query: {} });
    expect(roles.filter(({ pinned }) => pinned)).toEqual([
      row('222222222222', 'professional-af', 'ReadOnly', {
        pinned: true,
        profile: 'professional-af.ReadOnly',
        aliases: ['professional-af-ro'],
      }),
    ]);
    const message = `${rig.paths.settingsFile} has [[role]] rules that match none of your roles: line 7 (*, Nobody*).`;
    expect(await problems()).toEqual([
      { code: 'settings-without-effect', message, hint: `\${EDITOR:-vi} +7 ${rig.paths.settingsFile}` },
    ]);
    const doctor = (await rig.runCli(['doctor'])).stdout;
    expect(doctor).toContain('[[role]] rules that match none of your roles: line 7');
    expect(doctor).toContain(`$ \${EDITOR:-vi} +7 ${rig.paths.settingsFile}\n`);
  });

  test('joins the lists with profiles, labels, marks and pins', async () => {
    rig = await createRig({
      settings: `
[session.${SESSION}]
label = "Work"
[[role]]
account_id = "222222222222"
pin = true
[[role]]
pin = false
[[protect]]
permission_set = "Admin-*"
account_id = "1*"
[[protect]]
account_id = "0*"
approve = "none"
`,
    });
    await rig.runCli(['login']);
    const { asOf, complete, roles } = await rig.client.call('roles', { query: {} });
    const accounts = await rig.client.call('accounts', { query: {} });
    expect({ asOf, complete }).toEqual({ asOf: accounts.asOf, complete: true });
    const { profiles } = await rig.client.call('profiles', {});
    const nameOf = (accountId: string, permissionSet: string) =>
      profiles.find((profile) => profile.accountId === accountId && profile.permissionSet === permissionSet)
        ?.profileName;
    expect(roles).toEqual(
      accounts.accounts.flatMap(({ accountId, accountName, permissionSets }) =>
        permissionSets.map((permissionSet) =>
          row(accountId, accountName ?? '', permissionSet, {
            label: 'Work',
            profile: nameOf(accountId, permissionSet),
            pinned: accountId === '222222222222',
            protected: accountId === '044444444444',
            ...(accountId === '111111111111' && permissionSet.startsWith('Admin-')
              ? { protected: true, approve: 'click' }
              : {}),
          }),
        ),
      ),
    );
    // Each mark was seen set and unset.
    expect(new Set(roles.map((role) => role.pinned))).toEqual(new Set([true, false]));
    expect(new Set(roles.map((role) => role.protected))).toEqual(new Set([true, false]));
    expect(new Set(roles.map((role) => role.approve))).toEqual(new Set([undefined, 'click']));
    expect(roles.every(({ profile }) => profile !== null)).toBe(true);
  });

  test('has a row for each chained role, after the permission sets of its account or by the account id alone', async () => {
    rig = await createRig({
      config: CONFIG + CHAINS,
      settings: `
[[role]]
permission_set = "Audit"
pin = true
[[protect]]
account_id = "999999999999"
`,
    });
    expect(await rig.client.call('roles', { query: {} })).toMatchObject({ roles: [] });
    expect(await rig.client.call('accounts', { query: {} })).not.toHaveProperty('chains');
    await rig.runCli(['login']);
    const document = await rig.client.call('roles', { query: {} });
    const chained = { accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
    const deploy = {
      name: 'deploy',
      roleArn: 'arn:aws:iam::222222222222:role/ops/Deploy',
      roleName: 'Deploy',
      sourceProfile: 'account1',
      sourceAccountId: chained.accountId,
      sourcePermissionSet: chained.permissionSet,
      lifetimeSeconds: 3600,
      cappedFrom: null,
      policy: false,
    };
    const audit = {
      ...deploy,
      name: 'far.audit',
      roleArn: 'arn:aws:iam::999999999999:role/Audit',
      roleName: 'Audit',
      sourceProfile: 'deploy',
      sourceAccountId: '222222222222',
      sourcePermissionSet: 'chain:deploy',
      cappedFrom: 43_200,
    };
    const more = {
      profile: 'far.audit',
      chain: audit,
      pinned: true,
      protected: true,
      approve: 'click',
      accountName: null,
    };
    const rows = [
      row('999999999999', '', 'chain:far.audit', more),
      row('222222222222', 'professional-af', 'chain:deploy', { profile: 'deploy', chain: deploy }),
    ];
    expect(document.roles.filter(({ chain }) => chain !== undefined)).toEqual(rows);
    expect([
      document.chains,
      document.roles.map(({ accountId, permissionSet }) => `${accountId} ${permissionSet}`),
    ]).toEqual([
      2,
      [
        '999999999999 chain:far.audit',
        '044444444444 ReadOnly',
        '222222222222 Admin-AF-Permission-Set',
        '222222222222 ReadOnly',
        '222222222222 chain:deploy',
        '333333333333 ReadOnly',
        '111111111111 Admin-AF-Permission-Set',
      ],
    ]);
    const first = await rig.client.call('roles', { query: { first: true } });
    expect([first.total, first.chains]).toEqual([7, 2]);
    const accounts = await rig.client.call('accounts', { query: { session: SESSION } });
    expect([accounts.accounts.length, accounts.chains?.map(({ permissionSet }) => permissionSet)]).toEqual([
      4,
      ['chain:deploy', 'chain:far.audit'],
    ]);
    writeFileSync(
      rig.configPath,
      readFileSync(rig.configPath, 'utf8').replace('222222222222:role/ops', '333333333333:role'),
    );
    const moved = (await rig.client.call('roles', { query: {} })).roles.find(({ profile }) => profile === 'deploy');
    expect([moved?.accountId, moved?.accountName]).toEqual(['333333333333', 'Shop Staging']);
  });

  test('leaves out a chained role whose first source is not assigned', async () => {
    rig = await createRig({ config: (CONFIG + CHAINS).replaceAll('Admin-AF-Permission-Set', 'Nobody') });
    await rig.runCli(['login']);
    expect(await rig.client.call('roles', { query: {} })).not.toHaveProperty('chains');
  });

  test('has all roles of a short list in its first part', async () => {
    rig = await createRig();
    await rig.runCli(['login']);
    const all = await rig.client.call('roles', { query: {} });
    const total = all.roles.length;
    expect(await rig.client.call('roles', { query: { first: true } })).toEqual({ ...all, total, leading: total });
  });

  test('has pinned and used roles, the beginning of the list and the total in its first part', async () => {
    rig = await createRig({
      emulator: { directory: generateDirectory({ accountCount: 100, permissionSetCount: 4 }) },
      settings: '[[role]]\naccount_id = "100000000090"\npermission_set = "PermissionSet-002"\npin = true\n',
    });
    await rig.runCli(['login']);
    const { roles: before } = await rig.client.call('roles', { query: {} });
    await rig.runCli(['use', '--current', before.at(-1)?.profile ?? '']);
    const { roles, asOf, complete } = await rig.client.call('roles', { query: {} });
    const [pinned, used] = [roles.find((role) => role.pinned), roles.at(-1)];
    expect(pinned).toMatchObject({ accountId: '100000000090' });
    expect(used).toMatchObject({ score: 1 });
    expect(await rig.client.call('roles', { query: { first: true } })).toEqual({
      asOf,
      complete,
      total: 400,
      leading: 198,
      roles: [...roles.slice(0, 198), pinned, used],
    });
  });

  test('names the profiles in the file, not those that a sync would write', async () => {
    rig = await createRig({ settings: '[profiles]\nsync = "manual"\n' });
    await rig.runCli(['login']);
    const profilesOf = async () => (await rig.client.call('roles', { query: {} })).roles.map(({ profile }) => profile);
    expect(new Set(await profilesOf())).toEqual(new Set([null]));
    await rig.client.call('syncProfiles', {});
    expect((await profilesOf()).includes(null)).toBe(false);
    const text = readFileSync(rig.configPath, 'utf8');
    writeFileSync(rig.configPath, text.replace(/\[profile taylor\.[^\]]*\]\n(?:[^[#].*\n)*/, ''));
    expect((await profilesOf()).filter((profile) => profile === null)).toHaveLength(1);
  });

  test('is sorted by account name ignoring case, account id, permission set and session', async () => {
    rig = await createRig({
      config: `${CONFIG}\n[sso-session another]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = us-east-1\n`,
    });
    await rig.runCli(['login', SESSION]);
    await rig.runCli(['login', 'another']);
    const { roles } = await rig.client.call('roles', { query: {} });
    const keys = roles.map(({ accountName, accountId, permissionSet, session }) => [
      (accountName ?? accountId).toLowerCase(),
      accountId,
      permissionSet,
      session,
    ]);
    expect(keys).toEqual(
      keys.toSorted((a, b) => {
        const at = a.findIndex((part, index) => part !== b[index]);
        return at !== -1 && (a[at] ?? '') < (b[at] ?? '') ? -1 : 1;
      }),
    );
    expect(keys.slice(0, 2).map(([, , , session]) => session)).toEqual(['another', SESSION]);
    expect(new Set(roles.map(({ profile }) => profile)).size).toBe(roles.length);

    const { roles: only } = await rig.client.call('roles', { query: { session: 'another' } });
    expect(only).toEqual(roles.filter(({ session }) => session === 'another'));
    await expect(rig.client.call('roles', { query: { session: 'absent' } })).rejects.toMatchObject({
      code: 'session-not-found',
    });
  });

  test('counts switches of the current role and in a shell, also after a restart', async () => {
    rig = await createRig();
    await rig.runCli(['login']);
    const { roles } = await rig.client.call('roles', { query: {} });
    const [first, second] = roles;
    if (first === undefined || second === undefined) throw new Error('there are roles');
    writeFileSync(`${rig.paths.switchDirectory}/used`, `${second.profile}\n${second.profile}\nno such profile\n`, {
      flag: 'a',
    });
    const { session, accountId, permissionSet } = first;
    await rig.client.call('setCurrent', { body: { session, accountId, permissionSet, profile: null } });
    await expect
      .poll(
        async () => {
          const { roles: now } = await rig.client.call('roles', { query: {} });
          return now.slice(0, 3).map(({ score, lastUsedAt }) => [score, typeof lastUsedAt]);
        },
        { timeout: 25_000 },
      )
      .toEqual([
        [1, 'string'],
        [2, 'string'],
        [0, 'undefined'],
      ]);
    await rig.restartDaemon();
    const { roles: later } = await rig.client.call('roles', { query: {} });
    expect(later.slice(0, 3).map(({ score }) => score)).toEqual([1, 2, 0]);
  });
});
