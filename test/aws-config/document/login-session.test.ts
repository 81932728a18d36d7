// Recognizing the profiles that `aws login` writes, and values and neighbours of `login_session` that it would never write.
import { describe, expect, test } from 'vitest';
import {
  awsLoginCommand,
  describePrincipal,
  findLoginProfile,
  parsePrincipal,
  readLoginProfiles,
} from '../../../src/aws-config/document/login-session.ts';
import { parseConfigDocument } from '../../../src/aws-config/document/document.ts';

const ARN = 'arn:aws:iam::123456789012:user/dev/taylor';
const read = (text: string) => readLoginProfiles(parseConfigDocument(text, 'config'));

test.each([
  ['arn:aws:iam::123456789012:root', 'root'],
  [ARN, 'user/dev/taylor'],
  ['arn:aws-us-gov:sts::123456789012:assumed-role/Admin/taylor@example.org', 'assumed-role/Admin/taylor@example.org'],
  ['arn:aws-cn:sts::123456789012:federated-user/x', 'federated-user/x'],
])('%s is a principal', (arn, name) => {
  expect(parsePrincipal(arn)).toEqual({ arn, accountId: '123456789012', name });
});

test.each([
  ['no ARN', 'taylor'],
  ['a shorter account', 'arn:aws:iam::12345678901:user/x'],
  ['a longer account', 'arn:aws:iam::0123456789012:user/x'],
  ['another service', 'arn:aws:s3:::bucket'],
  ['a role', 'arn:aws:iam::123456789012:role/x'],
  ['a user without a name', 'arn:aws:iam::123456789012:user/'],
  ['what a terminal obeys', 'arn:aws:iam::123456789012:user/\u001b[31mx'],
  ['a shell command', 'arn:aws:iam::123456789012:user/$(touch x)'],
  ['a second line', `${ARN}\nx`],
  ['very long text', `${ARN}${'x'.repeat(1_000_000)}`],
])('%s is not a principal', (_, value) => {
  expect(parsePrincipal(value)).toBeUndefined();
});

test('reads profiles and [default], and no other section', () => {
  const login = `login_session = ${ARN}\n`;
  const text = `[default]\n${login}[profile a]\nregion = us-east-1\nLOGIN_SESSION=${ARN}\n[services s]\n${login}[profile b]\nlogin_session =\n[c]\n${login}`;
  const principal = { arn: ARN, accountId: '123456789012', name: 'user/dev/taylor' };
  const found = { loginSession: ARN, principal, otherKeys: [], isUsed: true };
  expect(read(text)).toEqual([
    { profileName: 'default', line: 1, ...found },
    { profileName: 'a', line: 3, ...found },
  ]);
});

describe('next to other keys', () => {
  const wins = [['credential_process = /bin/x'], ['aws_access_key_id = A'], ['sso_session = s']];
  const loses = [['role_arn = arn:aws:iam::1:role/x'], ['sso_account_id = 1'], ['web_identity_token_file = /t']];

  test.each(wins)('the AWS CLI prefers it to "%s"', (line) => {
    const document = parseConfigDocument(`[profile a]\nlogin_session = ${ARN}\n${line}\n`, 'config');
    expect(findLoginProfile(document, 'a')).toMatchObject({ otherKeys: [line.split(' ')[0]] });
    expect(findLoginProfile(document, 'b')).toBeUndefined();
  });

  test.each(loses)('the AWS CLI prefers "%s"', (line) => {
    const document = parseConfigDocument(`[profile a]\n${line}\nlogin_session = ${ARN}\n`, 'config');
    expect(findLoginProfile(document, 'a')).toBeUndefined();
    expect(readLoginProfiles(document)).toMatchObject([{ otherKeys: [line.split(' ')[0]], isUsed: false }]);
  });

  test('account and region say nothing about where keys come from', () => {
    expect(read(`[profile a]\nlogin_session = ${ARN}\naws_account_id = 1\nregion = x\n`)).toMatchObject([
      { otherKeys: [] },
    ]);
  });
});

test('the description and the command contain nothing that a shell or a terminal obeys', () => {
  const [profile] = read(`[profile x]\nlogin_session = ${'\u001b[2J'.repeat(1000)}\n`);
  expect(describePrincipal(profile ?? {})).toBe('a login_session that is not an ARN');
  expect(awsLoginCommand('default')).toBe('aws login');
  expect(awsLoginCommand('demo')).toBe('aws login --profile demo');
  expect(awsLoginCommand('a b$(touch x)')).toBe("aws login --profile 'a b$(touch x)'");
});
