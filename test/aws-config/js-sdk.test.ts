// The JS SDK parses the config file differently from botocore and must get credentials through every profile that we write.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromProcess } from '@aws-sdk/credential-providers';
import { expect, it } from 'vitest';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { catalog, planFor, sessionSection } from './builders.ts';

const EXTRA = new Map<string, string | Record<string, string>>([
  ['cli_pager', ''],
  ['s3', { addressing_style: 'path' }],
  ['output', 'a"b;c'],
  ['max_attempts', '5'],
]);

it('runs the command of each profile with exactly its session, account and permission set', async () => {
  const home = createTemporaryHome();
  const program = join(home.path, 'with space', 'give-arguments');
  mkdirSync(join(home.path, 'with space'));
  writeFileSync(program, `#!/bin/sh\necho '{"Version":1,"AccessKeyId":"'"$*"'","SecretAccessKey":"s"}'\n`);
  chmodSync(program, 0o755);
  const plan = planFor(`[profile "by hand"]\nregion = x\n${sessionSection()}${sessionSection('"Corp Ü"')}`, {
    credentialProcessPath: program,
    settings: { nameTemplate: '{account_name}', defaultFollowsCurrent: true, extraFor: () => EXTRA },
    catalogs: new Map([
      ['my-sso-session', catalog([{ accountName: '__proto__' }, { accountId: '000000000002', accountName: '; #x ]' }])],
      ['Corp Ü', catalog([{ permissionSets: ['a+b=c,d.e@f-g_h'] }])],
    ]),
  });
  const configFilepath = join(home.path, 'config');
  writeFileSync(configFilepath, plan.text);

  const run = async (profile: string) =>
    (await fromProcess({ profile, configFilepath, filepath: join(home.path, 'none') })()).accessKeyId;
  const names = [...plan.profiles, ...plan.followers].map(({ profileName }) => profileName);
  expect(await Promise.all(names.map(async (name) => [name, await run(name)]))).toEqual([
    ['__proto__-111111111111', '--session my-sso-session --account 111111111111 --role Admin'],
    ['taylor', '--session id-84e7d10de975 --account 111111111111 --role a+b=c,d.e@f-g_h'],
    ['x', '--session my-sso-session --account 000000000002 --role Admin'],
    ['current', '--current'],
    ['default', '--current'],
  ]);
  await home.remove();
});
