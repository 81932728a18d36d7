// Rules of config.toml that match no role: reported when every list is complete; team rules are not checked.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Catalog } from '../../../src/core/model.ts';
import { parseSettings } from '../../../src/daemon/settings/settings.ts';
import type { ChainRow } from '../../../src/daemon/roles/chain-rows.ts';
import { createUnmatchedRules } from '../../../src/daemon/roles/unmatched-rules.ts';
import { CHAIN } from '../../helpers/documents.ts';

const PATH = '/home/taylor/.config/rolecall/config.toml';
const SETTINGS = `
[[role]]
account_id = "22*"
region = "eu-west-1"

[[role]]
account_id = "11*"
permission_set = "Admn*"
pin = true

[[role]]
pin = false

[[role]]
account_id = "111111111111 "
alias = "billing"
`;

const catalog = (accountId: string, complete = true): Catalog => ({
  asOfMs: 0,
  complete,
  accounts: [{ sessionName: 's', accountId, accountName: 'taylor', permissionSets: ['Admin', 'ReadOnly'] }],
});

async function create(text: string, team?: string) {
  const settings = await parseSettings({
    path: PATH,
    text,
    environment: {},
    ...(team === undefined ? {} : { team: { path: '/home/taylor/.config/rolecall/team.toml', text: team } }),
  });
  return createUnmatchedRules({ settings, settingsFile: PATH });
}

test('are reported as one problem with the line of each', async () => {
  const unmatched = await create(SETTINGS);
  expect(await unmatched([catalog('111111111111'), catalog('222222222222')])).toEqual([
    {
      code: 'settings-without-effect',
      message: `${PATH} has [[role]] rules that match none of your roles: line 6 (11*, Admn*), line 14 (111111111111 , *).`,
      hint: `\${EDITOR:-vi} +6 ${PATH}`,
    },
  ]);
  expect((await unmatched([catalog('111111111111')]))[0]?.message).toContain('line 2 (22*, *), line 6');
});

test('are reported for [[protect]] too, where the session counts', async () => {
  const unmatched = await create(
    '[[protect]]\npermission_set = "Adm*"\n[[protect]]\npermission_set = "*Amdin*"\n[[protect]]\nsession = "t"\n',
  );
  expect(await unmatched([catalog('111111111111')])).toEqual([
    {
      code: 'settings-without-effect',
      message: `${PATH} has [[protect]] rules that match none of your roles: line 3 (*, *Amdin*), line 5 (*, *).`,
      hint: `\${EDITOR:-vi} +3 ${PATH}`,
    },
  ]);
});

test('are not reported while a list is missing or incomplete', async () => {
  const unmatched = await create(SETTINGS);
  expect(await unmatched([catalog('111111111111'), undefined])).toEqual([]);
  expect(await unmatched([catalog('111111111111'), catalog('222222222222', false)])).toEqual([]);
});

test('are not reported for the team file', async () => {
  const unmatched = await create(
    '[[role]]\naccount_id = "1*"\n',
    '[[role]]\naccount_id = "9*"\nregion = "eu-west-1"\n',
  );
  expect(await unmatched([catalog('111111111111')])).toEqual([]);
});

test('are computed once for the same lists', async () => {
  const unmatched = await create('[[role]]\naccount_id = "9*"\n'.repeat(50));
  const lists = [catalog('111111111111')];
  const found = await unmatched(lists);
  expect(found[0]?.message).toContain(' and 47 more.');
  expect(await unmatched([...lists])).toBe(found);
});

test('are computed in slices, with other work in between', async () => {
  const unmatched = await create('[[role]]\naccount_id = "9*"\n'.repeat(50));
  let turns = 0;
  const search = unmatched([catalog('111111111111')]);
  const isOver = search.then(() => true);
  while (!(await Promise.race([isOver, nextTurn(false)]))) turns += 1;
  expect(await search).toHaveLength(1);
  expect(turns).toBeGreaterThan(40);
});

test('may be about a chained role, and those for chains start from roles only', async () => {
  const text = `[[protect]]
account_id = "999999999999"
permission_set = "Deploy"
[[role]]
permission_set = "chain:dep*"
pin = true
[[chain]]
permission_set = "Admin"
role_arn = "arn:aws:iam::999999999999:role/Deploy"
[[chain]]
account_id = "999999999999"
role_arn = "arn:aws:iam::999999999999:role/Deploy"
`;
  const deploy: ChainRow = {
    role: { sessionName: 's', accountId: '999999999999', permissionSet: 'chain:deploy' },
    accountName: undefined,
    ownProfile: 'deploy',
    region: undefined,
    chain: { ...CHAIN, roleName: 'Deploy' },
  };
  const messages = async (chains: readonly ChainRow[]) => {
    const problems = await (await create(text))([catalog('111111111111')], chains);
    return problems.map(({ message }) => message.slice(PATH.length));
  };
  const ofChain = ' has [[chain]] rules that match none of your roles: line 10 (999999999999, *).';
  expect(await messages([deploy])).toEqual([ofChain]);
  expect(await messages([])).toEqual([
    ' has [[role]] rules that match none of your roles: line 4 (*, chain:dep*).',
    ' has [[protect]] rules that match none of your roles: line 1 (999999999999, Deploy).',
    ofChain,
  ]);
});
