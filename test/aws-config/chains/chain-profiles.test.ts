// Hand-written profiles with role_arn: what they lead to, and why some of them cannot be used.
import { describe, expect, it } from 'vitest';
import { readChainProfiles, type ChainProfile } from '../../../src/aws-config/chains/chain-profiles.ts';
import { parseConfigDocument } from '../../../src/aws-config/document/document.ts';
import { readSsoSessions } from '../../../src/aws-config/sessions/sso-sessions.ts';
import { COMMAND, SESSION_NAME, sessionSection } from '../builders.ts';

const PATH = '/home/taylor/.aws/config';
const CREDENTIALS = '/home/taylor/.aws/credentials';
const ARN = 'arn:aws:iam::222222222222:role/ops/Deploy';
const ADMIN = { sessionName: SESSION_NAME, accountId: '111111111111', permissionSet: 'Admin' };

const BLOCK = `# >>> rolecall >>>
[profile taylor.Admin]
region = us-east-1
credential_process = ${COMMAND} --session ${SESSION_NAME} --account 111111111111 --role Admin
# <<< rolecall <<<
`;

interface Around {
  readonly inCredentialsFile?: Readonly<Record<string, number>>;
  readonly unwritten?: readonly string[];
}

function read(text: string, { inCredentialsFile = {}, unwritten = [] }: Around = {}): readonly ChainProfile[] {
  const document = parseConfigDocument(text + sessionSection() + BLOCK, PATH);
  return readChainProfiles(document, {
    sessions: readSsoSessions(document).sessions,
    credentialsFile: { path: CREDENTIALS, names: new Map(Object.entries(inCredentialsFile)) },
    isUnwritten: (name) => unwritten.includes(name),
    defaultSessionName: () => 'taylor',
  });
}

/** A profile that assumes `ARN`, and the keys below it. */
function chain(name: string, source: string, ...keys: readonly string[]): string {
  return [`[profile ${name}]`, `role_arn = ${ARN}`, `source_profile = ${source}`, ...keys, ''].join('\n');
}

/** Kind, line and reason of each profile that cannot be used. */
function faults(text: string, around?: Around): readonly string[] {
  return read(text, around).map((profile) => {
    if ('definition' in profile) return `${profile.profileName}: works`;
    const { kind, line, reason } = profile.fault;
    return `${profile.profileName}: ${kind}, line ${line}: ${reason}`;
  });
}

describe('a profile with role_arn and source_profile', () => {
  it('starts from a profile of rolecall', () => {
    expect(read(chain('deploy', 'taylor.Admin'))).toEqual([
      {
        profileName: 'deploy',
        line: 1,
        sourceName: 'taylor.Admin',
        definition: {
          name: 'deploy',
          source: ADMIN,
          roleArn: ARN,
          roleSessionName: 'taylor',
          durationSeconds: 3600,
          origin: 'config',
        },
      },
    ]);
  });

  it('has the options that AWS clients know, and a source identity', () => {
    const text = chain(
      'deploy',
      'taylor.Admin',
      'external_id = 1:a/b',
      'role_session_name = ci@build',
      'duration_seconds = 7200',
      'source_identity = taylor',
      'region = eu-central-1',
    );
    expect(read(text)).toMatchObject([
      {
        definition: {
          externalId: '1:a/b',
          roleSessionName: 'ci@build',
          durationSeconds: 3600,
          requestedSeconds: 7200,
          sourceIdentity: 'taylor',
          region: 'eu-central-1',
        },
      },
    ]);
    expect(read(chain('deploy', 'taylor.Admin', 'duration_seconds = 900'))).toMatchObject([
      { definition: { durationSeconds: 900 } },
    ]);
  });

  it.each([
    [
      'adopted',
      `credential_process = "/opt/my tools/rolecall-credential-process" --session ${SESSION_NAME} --account 111111111111 --role Admin`,
    ],
    ['native', `sso_session = ${SESSION_NAME}\nsso_account_id = 111111111111\nsso_role_name = Admin`],
  ])('starts from a hand-written profile that is %s', (_, keys) => {
    const [profile] = read(`${chain('deploy', 'mine')}[profile mine]\n${keys}\n`);
    expect(profile).toMatchObject({ definition: { source: ADMIN } });
  });

  it('starts from another one, in any order', () => {
    const text = chain('c', 'b') + chain('b', 'a') + chain('a', 'taylor.Admin');
    const source = (name: string) => ({ sessionName: SESSION_NAME, accountId: '222222222222', permissionSet: name });
    expect(read(text)).toMatchObject([
      { profileName: 'c', definition: { source: source('chain:b') } },
      { profileName: 'b', definition: { source: source('chain:a') } },
      { profileName: 'a', definition: { source: ADMIN } },
    ]);
  });

  it('is left alone inside our block', () => {
    const text = `${sessionSection()}${BLOCK.replace('# <<<', `${chain('deploy', 'taylor.Admin')}# <<<`)}`;
    const document = parseConfigDocument(text, PATH);
    const around = {
      sessions: readSsoSessions(document).sessions,
      credentialsFile: { path: CREDENTIALS, names: new Map<string, number>() },
      isUnwritten: () => false,
      defaultSessionName: () => 'rolecall',
    };
    expect(readChainProfiles(document, around)).toEqual([]);
  });
});

describe('a profile with role_arn is refused', () => {
  it.each<[string, string, Around, string[]]>([
    ['that is its own source', chain('a', 'a'), {}, ['a: broken, line 3: its source_profile is the profile itself']],
    [
      'in a loop over several profiles, and so is one that needs it',
      chain('d', 'a') + chain('a', 'b') + chain('b', 'c') + chain('c', 'a'),
      {},
      [
        'd: broken, line 3: it needs the profile "a" (line 4), which cannot be used: its source profiles form a loop: a -> b -> c -> a',
        'a: broken, line 6: its source profiles form a loop: a -> b -> c -> a',
        'b: broken, line 9: its source profiles form a loop: b -> c -> a -> b',
        'c: broken, line 12: its source profiles form a loop: c -> a -> b -> c',
      ],
    ],
    [
      'without its source',
      chain('a', 'taylor.admin'),
      {},
      ['a: broken, line 3: its source_profile "taylor.admin" does not exist. Did you mean "taylor.Admin"?'],
    ],
    [
      'with a source that a sync would write',
      chain('a', 'taylor.View'),
      { unwritten: ['taylor.View'] },
      ['a: ours, line 3: its source_profile "taylor.View" is not written to the file yet'],
    ],
    [
      'without any source',
      `[profile a]\nrole_arn = ${ARN}\n`,
      {},
      ['a: broken, line 2: it has a role_arn but no source_profile'],
    ],
    [
      'with credentials of the machine',
      `[profile a]\nrole_arn = ${ARN}\ncredential_source = Environment\n`,
      {},
      [
        'a: foreign, line 3: its credential_source takes credentials from the environment or the machine, not from an sso-session',
      ],
    ],
    [
      'with a web identity',
      `[profile a]\nrole_arn = ${ARN}\nweb_identity_token_file = /token\n`,
      {},
      ['a: foreign, line 3: its web_identity_token_file gives the credentials, not an sso-session'],
    ],
    [
      'with a source that has keys',
      `${chain('a', 'iam')}[profile iam]\naws_access_key_id = AKIA\naws_secret_access_key = x\n`,
      {},
      ['a: foreign, line 3: its source_profile "iam" (line 4) has keys of an IAM user, not a role of an sso-session'],
    ],
    [
      'that is its own source and has keys, in either file',
      chain('a', 'a', 'aws_access_key_id = AKIA', 'aws_secret_access_key = x') + chain('b', 'b') + chain('c', 'b'),
      { inCredentialsFile: { b: 7 } },
      [
        'a: foreign, line 3: its source_profile "a" (line 1) has keys of an IAM user, not a role of an sso-session',
        `b: foreign, line 8: its source_profile "b" is also in ${CREDENTIALS}, line 7, and AWS clients use the keys there`,
        `c: foreign, line 11: its source_profile "b" is also in ${CREDENTIALS}, line 7, and AWS clients use the keys there`,
      ],
    ],
    [
      'with a source that has its region here and its keys in the credentials file',
      `${chain('a', 'iam')}[profile iam]\nregion = us-east-1\n`,
      { inCredentialsFile: { iam: 7 } },
      [
        `a: foreign, line 3: its source_profile "iam" is also in ${CREDENTIALS}, line 7, and AWS clients use the keys there`,
      ],
    ],
    [
      'with a source in the credentials file',
      chain('a', 'iam') + chain('b', 'taylor.Admin'),
      { inCredentialsFile: { iam: 7, 'taylor.Admin': 9, b: 11 } },
      [
        `a: foreign, line 3: its source_profile "iam" is also in ${CREDENTIALS}, line 7, and AWS clients use the keys there`,
        `b: ours, line 6: its source_profile "taylor.Admin" is also in ${CREDENTIALS}, line 9, and AWS clients use the keys there`,
      ],
    ],
    [
      'whose own name is in the credentials file',
      chain('a', 'taylor.Admin'),
      { inCredentialsFile: { a: 11 } },
      [`a: ours, line 1: AWS clients also read it from ${CREDENTIALS}, line 11`],
    ],
    [
      "with a source that is another program's",
      `${chain('a', 'other')}[profile other]\ncredential_process = /opt/other --session x --account 111111111111 --role Admin\n`,
      {},
      [
        'a: foreign, line 3: its source_profile "other" (line 4) gets its credentials from another program. If that is a role of an sso-session, adopt the profile',
      ],
    ],
    [
      'with a source that follows the current role',
      `${chain('a', 'current')}[profile current]\ncredential_process = ${COMMAND} --current\n`,
      {},
      [
        'a: ours, line 3: its source_profile "current" (line 4) follows the current role. Name the profile of a role instead',
      ],
    ],
    [
      'with a source of a session that the file does not have',
      `${chain('a', 'lab')}[profile lab]\nsso_session = lab\nsso_account_id = 111111111111\nsso_role_name = Admin\n`,
      {},
      ['a: broken, line 3: its source_profile "lab" (line 4) uses the sso-session "lab", which the file does not have'],
    ],
    [
      'with a device for MFA',
      chain('a', 'taylor.Admin', 'mfa_serial = arn:aws:iam::111111111111:mfa/taylor'),
      {},
      [
        'a: ours, line 4: its mfa_serial asks for a code, which AWS clients cannot do without a terminal. Delete the line: the sign-in to IAM Identity Center has MFA already',
      ],
    ],
    [
      'in another partition than its source',
      `[profile a]\nrole_arn = arn:aws-cn:iam::222222222222:role/Deploy\nsource_profile = taylor.Admin\n`,
      {},
      ['a: broken, line 2: its role_arn is in the partition aws-cn, its source in aws'],
    ],
    [
      'with a value that AWS would refuse',
      [
        chain('a', 'taylor.Admin', 'duration_seconds = 60'),
        chain('b', 'taylor.Admin', 'role_session_name = two words'),
        chain('c', 'taylor.Admin', 'external_id = x'),
        '[profile d]\nrole_arn = arn:aws:iam::222222222222:user/Deploy\nsource_profile = taylor.Admin\n',
      ].join(''),
      {},
      [
        'a: ours, line 4: its duration_seconds must be a whole number of seconds from 900 to 43200',
        'b: ours, line 8: its role_session_name must have 2 to 64 characters, of letters, digits and + = , . @ _ -',
        'c: ours, line 12: its external_id must have 2 to 1224 characters, of letters, digits and + = , . @ : / _ -',
        'd: broken, line 14: its role_arn is not the ARN of an IAM role',
      ],
    ],
  ])('%s', (_, text, around, expected) => {
    expect(faults(text, around)).toEqual(expected);
  });

  it('behind more than eight others, however long the row is', () => {
    const count = 3000;
    const text = Array.from({ length: count }, (_, index) =>
      chain(`p${index}`, index === count - 1 ? 'taylor.Admin' : `p${index + 1}`),
    ).join('');
    const outcomes = faults(text);
    expect(outcomes.filter((outcome) => outcome.endsWith('works'))).toHaveLength(8);
    expect(outcomes[0]).toContain('more than 8 roles would have to be assumed one after the other');
  });
});
