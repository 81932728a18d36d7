// The commands of other tools, as their documentation and users write them.
import { expect, test } from 'vitest';
import { readForeignCommand } from '../../../src/aws-config/adoption/foreign-command.ts';

const ROLE = { accountId: '000000000001', permissionSet: 'TestRole' };

test.each([
  ['granted credential-process --profile dev/Admin', { source: 'granted', profileName: 'dev/Admin' }],
  ['granted credential-process --auto-login --profile=dev', { source: 'granted', profileName: 'dev' }],
  [
    '/usr/local/bin/dgranted credential-process --window 15m --profile "two words"',
    { source: 'granted', profileName: 'two words' },
  ],
  ['granted credential-process', { source: 'granted', unreadable: 'its command names no profile' }],
  ['aws-vault exec dev --json', { source: 'aws-vault', profileName: 'dev' }],
  ['aws-vault exec --json --duration=8h --prompt ykman dev', { source: 'aws-vault', profileName: 'dev' }],
  ['aws-vault exec dev -j', { source: 'aws-vault', profileName: 'dev' }],
  ['/opt/homebrew/bin/aws-vault export --format=json dev', { source: 'aws-vault', profileName: 'dev' }],
  ['aws-vault export --format json --no-session dev', { source: 'aws-vault', profileName: 'dev' }],
  ['aws-vault exec --json', { source: 'aws-vault', unreadable: 'its command names no profile' }],
  [
    'aws-sso -u open -S "Default" process --arn arn:aws:iam::000000000001:role/TestRole',
    { source: 'aws-sso', ssoName: 'Default', ...ROLE },
  ],
  [
    '"/opt/my tools/aws-sso" -S "My Corp" process --arn arn:aws-us-gov:iam::000000000001:role/TestRole',
    { source: 'aws-sso', ssoName: 'My Corp', ...ROLE },
  ],
  ['aws-sso process -A 1 -R TestRole', { source: 'aws-sso', ssoName: undefined, ...ROLE }],
  ['aws-sso process --profile x', { source: 'aws-sso', unreadable: 'its command names no account and role' }],
  [
    'leapp session generate 0a1b2c3d-4e5f',
    { source: 'leapp', unreadable: 'Leapp stores the role in its own encrypted file' },
  ],
])('%s', (command, meaning) => {
  expect(readForeignCommand(command)).toEqual(meaning);
});

test.each([
  '',
  'my-own-helper --profile x',
  'granted sso login',
  'aws-vault exec dev -- aws s3 ls',
  'aws-sso exec --arn arn:aws:iam::000000000001:role/TestRole',
  '/home/x/.local/share/rolecall/bin/rolecall-credential-process --session s --account 000000000001 --role R',
  'echo "unclosed',
])('does not recognize %s', (command) => {
  expect(readForeignCommand(command)).toBeUndefined();
});
