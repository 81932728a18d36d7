// The JS SDK parses the config file differently from botocore and must get credentials through every profile that we write.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromIni, fromProcess } from '@aws-sdk/credential-providers';
import { expect, it } from 'vitest';
import { parseConfigDocument } from '../../src/aws-config/document/document.ts';
import { readLoginProfiles } from '../../src/aws-config/document/login-session.ts';
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

it('prefers a credential_process to a login_session, unlike the AWS CLI, so such a profile is ambiguous', async () => {
  const home = createTemporaryHome();
  const configFilepath = join(home.path, 'config');
  const login = 'login_session = arn:aws:iam::123456789012:user/taylor\n';
  const process = `credential_process = echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s"}'\n`;
  const text = `[profile both]\n${login}${process}[profile login]\n${login}`;
  writeFileSync(configFilepath, text);
  const run = (profile: string) => fromIni({ profile, configFilepath, filepath: join(home.path, 'none') })();
  expect(await run('both')).toMatchObject({ accessKeyId: 'A' });
  await expect(run('login')).rejects.toThrow(/Failed to load token from/u);
  expect(readLoginProfiles(parseConfigDocument(text, 'config')).map(({ otherKeys }) => otherKeys)).toEqual([
    ['credential_process'],
    [],
  ]);
  await home.remove();
});
