// The witness for profiles with role_arn: botocore refuses the files that rolecall calls broken, and takes the others.
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readChainProfiles } from '../../src/aws-config/chains/chain-profiles.ts';
import { parseConfigDocument } from '../../src/aws-config/document/document.ts';
import { readCredentialsNames } from '../../src/aws-config/document/credentials-names.ts';
import { readSsoSessions } from '../../src/aws-config/sessions/sso-sessions.ts';
import { SESSION_NAME, sessionSection } from '../aws-config/builders.ts';
import { systemPartByCheck } from '../helpers/system.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';

const PYTHON = '/usr/bin/python3';
const hasBotocore = systemPartByCheck('botocore', PYTHON, () => {
  execFileSync(PYTHON, ['-c', 'import botocore.session'], { stdio: 'ignore' });
});

/** The method by which botocore gets the credentials of the profile `a`, or what it raises. It asks AWS only later. */
const FIND_EACH = `
import json, os, sys
import botocore.session
folder, texts = json.load(sys.stdin)
os.environ['AWS_CONFIG_FILE'] = os.path.join(folder, 'config')
os.environ['AWS_SHARED_CREDENTIALS_FILE'] = os.path.join(folder, 'credentials')
results = []
for text in texts:
    with open(os.environ['AWS_CONFIG_FILE'], 'w') as file:
        file.write(text)
    try:
        credentials = botocore.session.Session(profile='a').get_credentials()
        results.append(credentials and credentials.method)
    except Exception as error:
        results.append(type(error).__name__)
json.dump(results, sys.stdout)
`;

const ARN = 'role_arn = arn:aws:iam::222222222222:role/Deploy';
const chain = (name: string, source: string, more = '') =>
  `[profile ${name}]\n${ARN}\nsource_profile = ${source}\n${more}`;
const KEYS = 'aws_access_key_id = x\naws_secret_access_key = y\n';

const CASES: readonly (readonly [string, string, botocore: string, ours: string])[] = [
  ['a profile of ours', chain('a', 'ours'), 'assume-role', 'works'],
  ['another chain', chain('a', 'b') + chain('b', 'ours'), 'assume-role', 'works'],
  ['more than an hour', chain('a', 'ours', 'duration_seconds = 7200\n'), 'assume-role', 'works'],
  ['a device for MFA', chain('a', 'ours', 'mfa_serial = arn:aws:iam::1:mfa/x\n'), 'assume-role', 'ours'],
  ['the current role', chain('a', 'current'), 'assume-role', 'ours'],
  ['keys in the credentials file', chain('a', 'keys'), 'assume-role', 'foreign'],
  [
    'keys in the config file',
    `${chain('a', 'b')}[profile b]\naws_access_key_id = x\naws_secret_access_key = y\n`,
    'assume-role',
    'foreign',
  ],
  ['the environment', `[profile a]\n${ARN}\ncredential_source = Environment\n`, 'assume-role', 'foreign'],
  ['itself with keys of its own', chain('a', 'a', KEYS), 'assume-role', 'foreign'],
  ['a chain with keys of its own', chain('a', 'b') + chain('b', 'a', KEYS), 'assume-role', 'foreign'],
  ['a chain with keys in the credentials file', chain('a', 'keys') + chain('keys', 'a'), 'assume-role', 'foreign'],
  ['a region here, keys there', `${chain('a', 'keys')}[profile keys]\nregion = x\n`, 'assume-role', 'foreign'],
  [
    'an sso profile of the old format',
    `${chain('a', 'b')}[profile b]\nsso_start_url = https://x/start\nsso_region = x\nsso_account_id = 111111111111\nsso_role_name = Admin\n`,
    'assume-role',
    'foreign',
  ],
  ['itself', chain('a', 'a'), 'InfiniteLoopConfigError', 'broken'],
  ['a loop', chain('a', 'b') + chain('b', 'c') + chain('c', 'a'), 'InfiniteLoopConfigError', 'broken'],
  ['nothing', `[profile a]\n${ARN}\n`, 'PartialCredentialsError', 'broken'],
  ['a profile that does not exist', chain('a', 'b'), 'InvalidConfigError', 'broken'],
  ['a profile without credentials', `${chain('a', 'b')}[profile b]\nregion = x\n`, 'InvalidConfigError', 'broken'],
  ['two sources', chain('a', 'ours', 'credential_source = Environment\n'), 'InvalidConfigError', 'broken'],
  [
    'an sso-session that does not exist',
    `${chain('a', 'b')}[profile b]\nsso_session = x\nsso_account_id = 111111111111\nsso_role_name = Admin\n`,
    'InvalidConfigError',
    'broken',
  ],
];

test.skipIf(!hasBotocore)('every kind of source, in botocore’s own reading', async () => {
  const home = createTemporaryHome();
  const folder = home.path;
  const program = join(folder, 'rolecall-credential-process');
  writeFileSync(program, '#!/bin/sh\necho \'{"Version":1,"AccessKeyId":"x","SecretAccessKey":"y"}\'\n');
  chmodSync(program, 0o755);
  const credentials = '[keys]\naws_access_key_id = x\naws_secret_access_key = y\n';
  writeFileSync(join(folder, 'credentials'), credentials);
  const rest = `${sessionSection()}[profile ours]
credential_process = ${program} --session ${SESSION_NAME} --account 111111111111 --role Admin
[profile current]
credential_process = ${program} --current
`;
  const texts = CASES.map(([, text]) => text + rest);
  const output = execFileSync(PYTHON, ['-c', FIND_EACH], {
    input: JSON.stringify([folder, texts]),
    encoding: 'utf8',
    env: { HOME: folder, PATH: '/usr/bin:/bin', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' },
  });
  const found = JSON.parse(output) as readonly string[];
  const seen = CASES.map(([name, text], index) => {
    const document = parseConfigDocument(text + rest, join(folder, 'config'));
    const profile = readChainProfiles(document, {
      sessions: readSsoSessions(document).sessions,
      credentialsFile: { path: join(folder, 'credentials'), names: readCredentialsNames(credentials) },
      isUnwritten: () => false,
      defaultSessionName: () => 'rolecall',
    }).find(({ profileName }) => profileName === 'a');
    const ours = profile !== undefined && 'fault' in profile ? profile.fault.kind : 'works';
    return [name, text, found[index], ours];
  });
  await home.remove();
  expect(seen).toEqual(CASES);
});
