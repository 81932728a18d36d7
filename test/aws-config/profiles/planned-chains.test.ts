// The profiles of chained roles that the settings put behind the roles of the listings.
import { describe, expect, it } from 'vitest';
import type { ChainToPlan } from '../../../src/aws-config/profiles/plan-types.ts';
import type { Role } from '../../../src/core/model.ts';
import { createChainRules } from '../../../src/daemon/settings/chain-rules.ts';
import { parseSettings } from '../../../src/daemon/settings/settings.ts';
import { catalog, COMMAND, namesOf, planFor, SESSION_NAME, sessionSection, type PlanSketch } from '../builders.ts';

const ALPHA = { accountId: '111111111111', accountName: 'alpha', permissionSets: ['Admin', 'Read'] };
const BETA = { accountId: '222222222222', accountName: 'beta', permissionSets: ['Admin'] };
const DEPLOY = 'permission_set = "Admin"\nrole_arn = "arn:{partition}:iam::{account_id}:role/ops/Deploy"';
const HUB = 'permission_set = "Admin"\nrole_arn = "arn:aws:iam::999999999999:role/Hub"';

/** Settings with one `[[chain]]` for each text. */
async function chains(...rules: readonly string[]): Promise<NonNullable<PlanSketch['settings']>> {
  const text = rules.map((rule) => `[[chain]]\n${rule}\n`).join('');
  const settings = await parseSettings({ path: 'config.toml', text, environment: {} });
  const ruled = createChainRules(settings.chains);
  const chainsFor = (source: Role, partition: string): ChainToPlan[] =>
    ruled(source, partition).map(({ rule, roleArn }) => ({
      roleArn,
      nameTemplate: rule.name,
      ...(rule.region === undefined ? {} : { region: rule.region }),
    }));
  return { chainsFor };
}

const chained = (plan: ReturnType<typeof planFor>) => plan.profiles.filter(({ chain }) => chain !== undefined);

describe('a chain of the settings', () => {
  it('is a profile of our command behind each role that matches, in the account of its ARN', async () => {
    const settings = await chains(DEPLOY, `${HUB}\naccount_id = "2*"\nregion = "eu-west-1"`);
    const plan = planFor(sessionSection(), { settings, catalogs: catalog([ALPHA, BETA]) });
    expect(plan.text.split('\n').slice(7)).toEqual([
      '[profile alpha.Admin]',
      'region = us-east-1',
      `credential_process = ${COMMAND} --session my-sso-session --account 111111111111 --role Admin`,
      '[profile alpha.Deploy]',
      'region = us-east-1',
      `credential_process = ${COMMAND} --session my-sso-session --account 111111111111 --role chain:alpha.Deploy`,
      '[profile alpha.Read]',
      'region = us-east-1',
      `credential_process = ${COMMAND} --session my-sso-session --account 111111111111 --role Read`,
      '[profile beta.Admin]',
      'region = us-east-1',
      `credential_process = ${COMMAND} --session my-sso-session --account 222222222222 --role Admin`,
      '[profile beta.Deploy]',
      'region = us-east-1',
      `credential_process = ${COMMAND} --session my-sso-session --account 222222222222 --role chain:beta.Deploy`,
      '[profile beta.Hub]',
      'region = eu-west-1',
      `credential_process = ${COMMAND} --session my-sso-session --account 999999999999 --role chain:beta.Hub`,
      '[profile current]',
      'region = us-east-1',
      `credential_process = ${COMMAND} --current`,
      '# <<< rolecall <<<',
      '',
    ]);
    expect(chained(plan)).toMatchObject([
      {
        profileName: 'alpha.Deploy',
        permissionSet: 'chain:alpha.Deploy',
        accountName: 'alpha',
        chain: { source: { sessionName: SESSION_NAME, accountId: '111111111111', permissionSet: 'Admin' } },
      },
      { profileName: 'beta.Deploy' },
      { profileName: 'beta.Hub', accountId: '999999999999' },
    ]);
    expect(chained(plan)[2]).not.toHaveProperty('accountName');
    expect(planFor(plan.text, { settings, catalogs: catalog([ALPHA, BETA]) }).diff).toBe('');
  });

  it('has a name of its own where several roles of an account lead to it, and where a role has that name', async () => {
    const settings = await chains(
      'role_arn = "arn:aws:iam::{account_id}:role/Deploy"',
      'name = "{account_name}.Read"\nrole_arn = "arn:aws:iam::{account_id}:role/ReadOnly"\npermission_set = "Admin"',
    );
    const plan = planFor(sessionSection(), { settings, catalogs: catalog([ALPHA]) });
    expect(chained(plan).map(({ profileName }) => profileName)).toEqual([
      'alpha.Deploy-Admin',
      'alpha.Deploy-Read',
      'alpha.Read-Admin',
    ]);
    const names = namesOf(plan);
    expect(new Set(names).size).toBe(names.length);
  });

  it('keeps its name when the account is renamed or another one takes it, and loses it with the template', async () => {
    const settings = await chains(DEPLOY);
    const first = planFor(sessionSection(), { settings, catalogs: catalog([BETA]) });
    const previousNames = first.issuedNames;
    const renamed = { ...BETA, accountName: 'gamma' };
    const taker = { ...ALPHA, accountName: 'beta' };
    const second = planFor(first.text, { settings, previousNames, catalogs: catalog([renamed, taker]) });
    expect(chained(second).map(({ profileName, accountId }) => [profileName, accountId])).toEqual([
      ['beta.Deploy', '222222222222'],
      ['beta.Deploy-Admin', '111111111111'],
    ]);
    const other = await chains(`${DEPLOY}\nname = "x/{account_id}"`);
    const third = planFor(first.text, { settings: other, previousNames, catalogs: catalog([renamed]) });
    expect(chained(third).map(({ profileName }) => profileName)).toEqual(['x/222222222222']);
    expect(third.removed).toMatchObject([{ profileName: 'beta.Deploy', permissionSet: 'chain:beta.Deploy' }]);
  });

  it('goes with its rule and with its account, and stays while the list is incomplete', async () => {
    const settings = await chains(DEPLOY);
    const first = planFor(sessionSection(), { settings, catalogs: catalog([ALPHA, BETA]) });
    const previousNames = first.issuedNames;
    expect(planFor(first.text, { previousNames, catalogs: catalog([ALPHA, BETA]) }).removed).toMatchObject([
      { profileName: 'alpha.Deploy' },
      { profileName: 'beta.Deploy' },
    ]);
    const withoutBeta = planFor(first.text, { settings, previousNames, catalogs: catalog([ALPHA]) });
    expect(withoutBeta.removed.map(({ profileName }) => profileName)).toEqual(['beta.Admin', 'beta.Deploy']);
    expect(withoutBeta.issuedNames.chains).toHaveLength(1);
    for (const catalogs of [catalog([ALPHA], { complete: false }), new Map<string, never>()]) {
      expect(planFor(first.text, { settings, previousNames, catalogs })).toMatchObject({ removed: [], added: [] });
    }
    const lost = [{ sessionName: SESSION_NAME, accountId: '222222222222', permissionSet: 'Admin' }];
    expect(planFor(first.text, { settings, previousNames, catalogs: catalog([ALPHA], { lost }) })).toMatchObject({
      removed: [],
      keptLost: ['beta.Admin', 'beta.Deploy'],
    });
  });

  it('stays although its source has no profile in the file', async () => {
    const settings = await chains(DEPLOY);
    const selection = {
      write: 'used',
      include: [],
      isPinned: () => false,
      isUsed: ({ permissionSet }: Role) => permissionSet.startsWith('chain:'),
    } as const;
    const first = planFor(sessionSection(), { settings: { ...settings, selection }, catalogs: catalog([BETA]) });
    expect(namesOf(first)).toEqual(['beta.Deploy']);
    const again = planFor(first.text, {
      settings: { ...settings, selection },
      previousNames: first.issuedNames,
      catalogs: new Map(),
    });
    expect(again).toMatchObject({ removed: [], diff: '' });
  });

  it('is written at its first use, and can be excluded', async () => {
    const settings = await chains(DEPLOY);
    const selection = { write: 'used', include: [], isPinned: () => false, isUsed: () => false } as const;
    const unused = planFor(sessionSection(), { settings: { ...settings, selection }, catalogs: catalog([BETA]) });
    expect(unused.unwritten.map(({ profileName }) => profileName)).toEqual(['beta.Admin', 'beta.Deploy']);
    expect(unused.issuedNames.chains).toMatchObject([{ profileName: 'beta.Deploy', permissionSet: 'Admin' }]);
    const excluded = planFor(sessionSection(), {
      settings: { ...settings, exclude: ['*.Deploy'] },
      catalogs: catalog([BETA]),
    });
    expect(namesOf(excluded)).toEqual(['beta.Admin']);
    expect(excluded).toMatchObject({ excludedCount: 1, issuedNames: { profiles: [{ profileName: 'beta.Admin' }] } });
  });

  it('gives way to a hand-written profile, and to a name in the credentials file', async () => {
    const settings = await chains(DEPLOY);
    const mine = `${sessionSection()}[profile beta.Deploy]\nregion = x\n`;
    const plan = planFor(mine, { settings, catalogs: catalog([BETA]) });
    expect(namesOf(plan)).toEqual(['beta.Admin']);
    expect(plan.skipped).toMatchObject([{ profileName: 'beta.Deploy', reason: 'hand-written', line: 5 }]);
    expect(plan.issuedNames).not.toHaveProperty('chains');
    const inCredentialsFile = new Map([['beta.Deploy', 3]]);
    const displaced = planFor(sessionSection(), { settings, catalogs: catalog([BETA]), inCredentialsFile });
    expect(displaced.inCredentialsFile).toEqual([{ name: 'beta.Deploy', line: 3, profileName: 'beta.Deploy-Admin' }]);
  });

  it('has the alias that a rule for chains gives it', async () => {
    const settings = {
      ...(await chains(DEPLOY)),
      aliasFor: ({ permissionSet }: Role) =>
        permissionSet.startsWith('chain:') ? '{account_name}/{permission_set}' : undefined,
    };
    const plan = planFor(sessionSection(), { settings, catalogs: catalog([BETA]) });
    expect(plan.text).toContain(
      [
        '[profile beta/Admin]',
        '# alias of beta.Deploy',
        'region = us-east-1',
        `credential_process = ${COMMAND} --session my-sso-session --account 222222222222 --role chain:beta.Deploy`,
      ].join('\n'),
    );
    expect(planFor(plan.text, { settings, catalogs: catalog([BETA]) }).diff).toBe('');
  });

  it('is for the sessions of its partition', async () => {
    const settings = await chains('role_arn = "arn:aws-cn:iam::{account_id}:role/Deploy"');
    expect(chained(planFor(sessionSection(), { settings, catalogs: catalog([BETA]) }))).toEqual([]);
    const china = planFor(sessionSection(SESSION_NAME, 'cn-north-1'), { settings, catalogs: catalog([BETA]) });
    expect(chained(china)).toHaveLength(1);
    const any = planFor(sessionSection(SESSION_NAME, 'cn-north-1'), {
      settings: await chains(DEPLOY),
      catalogs: catalog([BETA]),
    });
    expect(chained(any)).toMatchObject([{ chain: { roleArn: 'arn:aws-cn:iam::222222222222:role/ops/Deploy' } }]);
  });
});
