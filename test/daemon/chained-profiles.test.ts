// Chained roles in a running daemon: which profiles lead to one, and what is said of those that do not.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { toRolecallError } from '../../src/core/errors.ts';
import { CONFIG, createRig, SESSION, writePrivate, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig;
afterEach(() => rig.remove());

const ARN = 'arn:aws:iam::222222222222:role/ops/Deploy';
const DEPLOY = `
[profile deploy]
role_arn = ${ARN}
source_profile = account1
duration_seconds = 43200
region = eu-central-1
`;
const profile = (name: string) => rig.client.call('profile', { query: { name } });

describe('GET /v1/profile', () => {
  test('finds a hand-written profile that assumes a role, before any sign-in', async () => {
    rig = await createRig({ config: CONFIG + DEPLOY });
    expect(await profile('deploy')).toEqual({
      profileName: 'deploy',
      followsCurrent: false,
      session: SESSION,
      accountId: '222222222222',
      permissionSet: 'chain:deploy',
      region: 'eu-central-1',
      chain: {
        name: 'deploy',
        roleArn: ARN,
        roleName: 'Deploy',
        sourceProfile: 'account1',
        sourceAccountId: '111111111111',
        sourcePermissionSet: 'Admin-AF-Permission-Set',
        lifetimeSeconds: 3600,
        cappedFrom: 43_200,
        policy: false,
      },
    });
  });

  test('reads the file again when it has changed', async () => {
    rig = await createRig({ config: CONFIG });
    await expect(profile('deploy')).rejects.toMatchObject({ code: 'profile-not-found' });
    writeFileSync(rig.configPath, CONFIG + DEPLOY);
    expect(await profile('deploy')).toMatchObject({ permissionSet: 'chain:deploy' });
    writeFileSync(rig.configPath, CONFIG + DEPLOY.replace('account1', 'account22'));
    const line = CONFIG.split('\n').length + 3;
    const refused = await profile('deploy').catch((error: unknown) => toRolecallError(error).toBody());
    expect(refused).toEqual({
      code: 'chain-unavailable',
      message: `${rig.configPath}, line ${line}: the profile "deploy" cannot be used: its source_profile "account22" does not exist. Did you mean "account1"?`,
      hint: `\${EDITOR:-vi} +${line} ${rig.configPath}`,
    });
  });

  test('finds no role for a profile whose credentials come from elsewhere, and says from where', async () => {
    rig = await createRig({ config: `${CONFIG}\n[profile ci]\nrole_arn = ${ARN}\ncredential_source = Environment\n` });
    await expect(profile('ci')).rejects.toMatchObject({
      code: 'profile-not-found',
      message: expect.stringContaining('its credential_source takes credentials from the environment') as string,
    });
  });
});

const RULE = `[[chain]]
account_id = "111111111111"
permission_set = "Admin-*"
role_arn = "arn:{partition}:iam::{account_id}:role/Audit"
duration_seconds = 900
policy = '{ "Statement": [] }'
`;
const AUDIT = 'taylor.Audit';

describe('a [[chain]] of the settings', () => {
  test('gives each role that matches a profile, which is in the lists and in the file', async () => {
    rig = await createRig({ settings: RULE });
    expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
    const { profiles } = await rig.client.call('profiles', {});
    const chained = profiles.filter(({ chain }) => chain !== undefined);
    expect(chained).toEqual([
      {
        profileName: AUDIT,
        session: SESSION,
        accountId: '111111111111',
        accountName: 'taylor',
        permissionSet: `chain:${AUDIT}`,
        region: 'us-east-1',
        chain: {
          name: AUDIT,
          roleArn: 'arn:aws:iam::111111111111:role/Audit',
          roleName: 'Audit',
          sourceProfile: 'taylor.Admin-AF-Permission-Set',
          sourceAccountId: '111111111111',
          sourcePermissionSet: 'Admin-AF-Permission-Set',
          lifetimeSeconds: 900,
          cappedFrom: null,
          policy: true,
        },
      },
    ]);
    expect(await profile(AUDIT)).toMatchObject({ permissionSet: `chain:${AUDIT}`, chain: chained[0]?.chain });
    expect(readFileSync(rig.configPath, 'utf8')).toContain(`--role chain:${AUDIT}\n`);
  });

  test('is assumed as the rule says, in the name of the user who signed in', async () => {
    const more = `external_id = "ticket:42"
source_identity = "taylor"
tags = { team = "a b", Stage = "prod" }
transitive_tags = ["team"]
policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
`;
    rig = await createRig({ settings: RULE + more, checksUsers: true });
    expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
    await waitFor('the user', async () => {
      const { sessions } = await rig.client.call('status', {});
      return sessions[0]?.user !== undefined;
    });
    await rig.client.call('credentials', {
      query: { session: SESSION, account: '111111111111', role: `chain:${AUDIT}` },
    });
    expect(rig.emulator.requests().flatMap(({ assumeRole }) => assumeRole ?? [])).toEqual([
      {
        roleArn: 'arn:aws:iam::111111111111:role/Audit',
        roleSessionName: 'taylor',
        durationSeconds: '900',
        externalId: 'ticket:42',
        sourceIdentity: 'taylor',
        tags: { team: 'a b', Stage: 'prod' },
        transitiveTagKeys: ['team'],
        policy: '{"Statement":[]}',
        policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
      },
    ]);
  });

  test('can be the source of a hand-written profile', async () => {
    rig = await createRig({ settings: RULE, config: CONFIG + DEPLOY.replace('account1', AUDIT) });
    await expect(profile('deploy')).rejects.toMatchObject({ code: 'chain-unavailable' });
    expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
    expect(await profile('deploy')).toMatchObject({
      chain: { sourceProfile: AUDIT, sourceAccountId: '111111111111', sourcePermissionSet: `chain:${AUDIT}` },
    });
  });

  test('is gone with its rule, and its profile with the next sync', async () => {
    rig = await createRig({ settings: RULE });
    expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
    writePrivate(rig.paths.settingsFile, '');
    await rig.restartDaemon();
    await expect(profile(AUDIT)).rejects.toMatchObject({
      code: 'chain-unavailable',
      hint: 'rolecall profiles sync',
    });
    expect(await rig.client.call('syncProfiles', {})).toMatchObject({ removed: [AUDIT] });
    await expect(profile(AUDIT)).rejects.toMatchObject({ code: 'profile-not-found' });
  });

  test('has a name before its profile is written, and so has the profile that a hand-written one starts from', async () => {
    rig = await createRig({
      settings: `[profiles]\nwrite = "used"\n${RULE}`,
      config: CONFIG + DEPLOY.replace('account1', 'taylor.Admin-AF-Permission-Set'),
    });
    await expect(profile('deploy')).rejects.toMatchObject({ code: 'chain-unavailable' });
    expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
    expect(await profile('deploy')).toMatchObject({ permissionSet: 'chain:deploy' });
    expect(await profile(AUDIT)).toMatchObject({ unwritten: true, chain: { name: AUDIT } });
    const written = await rig.client.call('writeProfile', { body: { name: AUDIT } });
    expect(written).toMatchObject({ profileName: AUDIT, chain: { name: AUDIT } });
    expect(written).not.toHaveProperty('unwritten');
  });
});

describe('status', () => {
  test('shows the first chain that cannot be used, but none whose credentials come from elsewhere', async () => {
    const foreign = `\n[profile ci]\nrole_arn = ${ARN}\ncredential_source = Environment\n`;
    rig = await createRig({ config: CONFIG + foreign + DEPLOY });
    const problems = async () => {
      const status = await rig.client.call('status', {});
      return status.problems.filter(({ code }) => code === 'chain-unavailable');
    };
    expect(await problems()).toEqual([]);
    const broken = `${DEPLOY}mfa_serial = arn:aws:iam::111111111111:mfa/x\n`;
    writeFileSync(rig.configPath, CONFIG + broken);
    const line = (CONFIG + broken).split('\n').length - 1;
    const hint = `\${EDITOR:-vi} +${line} ${rig.configPath}`;
    expect(await problems()).toEqual([
      {
        code: 'chain-unavailable',
        message: expect.stringMatching(/, line \d+: .* its mfa_serial asks /) as string,
        hint,
      },
    ]);
    writeFileSync(rig.configPath, CONFIG + broken + broken.replace('deploy', 'again'));
    expect(await problems()).toEqual([
      {
        code: 'chain-unavailable',
        message: expect.stringMatching(/\. 1 more profile has a similar problem\.$/) as string,
        hint: 'rolecall doctor',
      },
    ]);
  });
});
