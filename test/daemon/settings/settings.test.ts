// config.toml: every key and its effect, and every error with its line and the closest valid key.
import { describe, expect, test } from 'vitest';
import { nearest } from '../../../src/core/text/nearest.ts';
import { aliasFor, createExtraFor, isPinned, regionFor } from '../../../src/daemon/settings/role-rules.ts';
import { flowOf, parseSettings, renewOf, type Settings } from '../../../src/daemon/settings/settings.ts';
import { findTomlLine } from '../../../src/daemon/settings/toml-lines.ts';

const PATH = '/home/taylor/.config/rolecall/config.toml';

const parse = (text: string | undefined, environment: Readonly<Record<string, string>> = {}): Promise<Settings> =>
  parseSettings({ path: PATH, text, environment });

/** Every setting that there is, as the reference lists them. */
const COMPLETE = `
secret_store = "keychain"        # keychain | file | memory
flow         = "device"          # device | pkce | auto
on_expired   = "notify"          # notify | wait | login
wait_seconds = 50
renew        = "ask"             # never | ask
token_cache  = "auto"            # auto | never
web_port     = 0                 # 0: ephemeral
audit        = "required"        # best-effort | required
lock         = "protected"       # all | protected
lock_with_screen = true
lock_after_minutes = 30          # 0: never
unlock       = "click"           # command | click | passkey

[profiles]
name = "{account_name}.{permission_set}"
region = "us-east-1"
style = "credential_process"     # credential_process | sso
write = "auto"                   # all | used | auto
include = ["*-prod.*"]
sync = "on-login"                # on-login | manual
default_follows_current = false
exclude = ["sandbox-*"]

[session.my-sso-session]
label = "Work"
browser = "firefox -P work"
flow = "device"                  # over the global one
renew = "never"                  # likewise
session_hours = 10               # when your administrator told you; else observed

[endpoints]                      # for an emulator or a private link
sso_oidc = "http://127.0.0.1:4000"

[network]
proxy = "http://proxy.corp:3128" # else HTTPS_PROXY / NO_PROXY
ca_bundle = "/etc/ssl/corp.pem"  # else AWS_CA_BUNDLE, ca_bundle of the config file

[[role]]                         # per account and permission set, first match wins
account_id = "222222222222"
permission_set = "*"
region = "eu-central-1"
alias = "billing"                # an additional profile name
pin = true

[[protect]]                      # roles that ask for a click; matched on what AWS says, not on a name
session = "*"
account_id = "*"
permission_set = "AdministratorAccess"
approve = "passkey"
remember_minutes = 5
for = "program"

[[protect]]
session = "lab"
`;

const DEFAULTS: Settings = {
  file: expect.any(Object),
  secretStore: 'keychain',
  onExpired: 'notify',
  waitSeconds: 50,
  flow: 'auto',
  renew: 'never',
  tokenCache: 'auto',
  audit: 'best-effort',
  lock: 'all',
  lockWithScreen: false,
  lockAfterMinutes: 0,
  unlock: 'command',
  webPort: 0,
  profiles: {
    name: '{account_name}.{permission_set}',
    region: undefined,
    style: 'credential_process',
    write: 'all',
    include: [],
    sync: 'on-login',
    defaultFollowsCurrent: false,
    exclude: [],
  },
  sessionHours: {},
  sessionLabels: {},
  browsers: new Map(),
  sessionLines: new Map(),
  endpoints: {},
  network: { proxy: undefined, caBundle: undefined },
  roles: [],
  protect: [],
  chains: [],
  problems: [],
};

describe('settings', () => {
  test('are all optional, and so is the file', async () => {
    expect(await parse(undefined)).toEqual(DEFAULTS);
    expect(await parse('')).toEqual(DEFAULTS);
  });

  test('of a session win over the general ones', async () => {
    const settings = await parse(COMPLETE);
    expect([flowOf(settings, 'my-sso-session'), renewOf(settings, 'my-sso-session')]).toEqual(['device', 'never']);
    expect([flowOf(settings, 'constructor'), renewOf(settings, 'constructor')]).toEqual(['device', 'ask']);
  });

  test('can all be set at once', async () => {
    expect(await parse(COMPLETE)).toEqual({
      ...DEFAULTS,
      flow: 'device',
      renew: 'ask',
      profiles: {
        ...DEFAULTS.profiles,
        region: 'us-east-1',
        write: 'auto',
        include: ['*-prod.*'],
        exclude: ['sandbox-*'],
      },
      sessionHours: { 'my-sso-session': 10 },
      sessionLabels: { 'my-sso-session': 'Work' },
      sessionLines: new Map([['my-sso-session', 25]]),
      browsers: new Map([['my-sso-session', { template: 'firefox -P work', line: 27 }]]),
      endpoints: { ssoOidc: 'http://127.0.0.1:4000' },
      network: { proxy: 'http://proxy.corp:3128', caBundle: '/etc/ssl/corp.pem' },
      roles: [
        {
          line: 39,
          accountId: '222222222222',
          permissionSet: '*',
          region: 'eu-central-1',
          alias: 'billing',
          pin: true,
        },
      ],
      audit: 'required',
      lock: 'protected',
      lockWithScreen: true,
      lockAfterMinutes: 30,
      unlock: 'click',
      protect: [
        {
          line: 46,
          isOfTeam: false,
          session: '*',
          accountId: '*',
          permissionSet: 'AdministratorAccess',
          approve: 'passkey',
          rememberMinutes: 5,
          for: 'program',
        },
        {
          line: 54,
          isOfTeam: false,
          session: 'lab',
          accountId: '*',
          permissionSet: '*',
          approve: 'click',
          rememberMinutes: 15,
          for: 'role',
        },
      ],
    });
  });

  test('define chained roles, for an hour at most, and the team can too', async () => {
    const text = `[[chain]]
session = "work"
account_id = "1*"
permission_set = "Admin"
role_arn = "arn:{partition}:iam::{account_id}:role/Deploy"
name = "{account_id}/{role_name}"
external_id = "a:b"
role_session_name = "ci"
duration_seconds = 7200
source_identity = "taylor"
tags = { team = "a b" }
transitive_tags = ["team"]
region = "eu-central-1"
policy = """
{ "Statement": [] }
"""
policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
`;
    const team = { path: 'team.toml', text: '[[chain]]\nrole_arn = "arn:aws:iam::999999999999:role/Hub"\n' };
    const { chains } = await parseSettings({ path: PATH, text, environment: {}, team });
    expect(chains).toEqual([
      {
        line: 1,
        isOfTeam: false,
        session: 'work',
        accountId: '1*',
        permissionSet: 'Admin',
        roleArn: 'arn:{partition}:iam::{account_id}:role/Deploy',
        name: '{account_id}/{role_name}',
        externalId: 'a:b',
        roleSessionName: 'ci',
        durationSeconds: 3600,
        requestedSeconds: 7200,
        sourceIdentity: 'taylor',
        tags: [{ key: 'team', value: 'a b' }],
        transitiveTagKeys: ['team'],
        region: 'eu-central-1',
        policy: '{"Statement":[]}',
        policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
      },
      {
        isOfTeam: true,
        session: '*',
        accountId: '*',
        permissionSet: '*',
        roleArn: 'arn:aws:iam::999999999999:role/Hub',
        name: '{account_name}.{role_name}',
        durationSeconds: 3600,
      },
    ]);
  });

  test('have a flow for all sessions, and one for each session; unknown flows are refused', async () => {
    const text = 'flow = "pkce"\n[session."a b"]\nflow = "device"\n[session.__proto__]\nlabel = "A"\n';
    const settings = await parse(text);
    expect(['a b', 'other', '__proto__', 'toString'].map((name) => flowOf(settings, name))).toEqual([
      'device',
      'pkce',
      'pkce',
      'pkce',
    ]);
    expect(flowOf(await parse(undefined), 'other')).toBe('auto');
    await expect(parse('flow = "browser"\n')).rejects.toMatchObject({
      code: 'settings-invalid',
      message: expect.stringMatching(/flow" must be one of "device", "pkce", "auto"\.$/),
    });
  });

  test('offer renewals only where that is asked for; unknown values are refused', async () => {
    const settings = await parse('renew = "ask"\n[session.lab]\nrenew = "never"\n');
    expect(['lab', 'other', '__proto__'].map((name) => renewOf(settings, name))).toEqual(['never', 'ask', 'ask']);
    expect(renewOf(await parse('[session.lab]\nrenew = "ask"\n'), 'lab')).toBe('ask');
    expect(renewOf(await parse(undefined), 'lab')).toBe('never');
    await expect(parse('renew = "always"\n')).rejects.toMatchObject({
      code: 'settings-invalid',
      message: expect.stringMatching(/renew" must be one of "never", "ask"\.$/),
    });
  });

  test('ROLECALL_SECRET_STORE overrides the secret store of the file unless it is empty', async () => {
    const text = 'secret_store = "file"\n';
    expect((await parse(text, { ROLECALL_SECRET_STORE: 'memory' })).secretStore).toBe('memory');
    expect((await parse(text, { ROLECALL_SECRET_STORE: '' })).secretStore).toBe('file');
    await expect(parse(text, { ROLECALL_SECRET_STORE: 'vault' })).rejects.toMatchObject({
      code: 'settings-invalid',
      message: 'ROLECALL_SECRET_STORE must be "keychain", "file" or "memory".',
      hint: 'unset ROLECALL_SECRET_STORE',
    });
  });

  test('take the region of a role from the first matching rule that sets one, else from [profiles]', async () => {
    const settings = await parse(`
[profiles]
region = "us-east-1"
[[role]]
account_id = "222222222222"
permission_set = "Admin"
region = "eu-west-1"
[[role]]
account_id = "222222222222"
region = "eu-central-1"
[[role]]
permission_set = "Admin"
region = "ap-south-1"
`);
    const regions = [
      ['222222222222', 'Admin'],
      ['222222222222', 'ReadOnly'],
      ['333333333333', 'Admin'],
      ['333333333333', 'ReadOnly'],
    ].map(([accountId = '', permissionSet = '']) => regionFor(settings, { accountId, permissionSet }));
    expect(regions).toEqual(['eu-west-1', 'eu-central-1', 'ap-south-1', 'us-east-1']);
  });

  test('match roles by wildcards in both parts, for region, alias, pin and extra keys', async () => {
    const settings = await parse(`
[[role]]
account_id = "22*"
permission_set = "*Admin*"
region = "eu-west-1"
alias = "{account_id}-admin"
pin = true
extra = { output = "json" }
[[role]]
account_id = "?33333333333"
region = "eu-central-1"
`);
    const found = [
      ['222222222222', 'AWSAdministratorAccess'],
      ['222222222222', 'ReadOnly'],
      ['122222222222', 'Admin'],
      ['333333333333', 'Admin'],
    ].map(([accountId = '', permissionSet = '']) => {
      const role = { accountId, permissionSet };
      const extra = createExtraFor(settings)(role);
      return [regionFor(settings, role), aliasFor(settings, role), isPinned(settings, role), extra.size];
    });
    expect(found).toEqual([
      ['eu-west-1', '{account_id}-admin', true, 1],
      [undefined, undefined, false, 0],
      [undefined, undefined, false, 0],
      ['eu-central-1', undefined, false, 0],
    ]);
  });

  test('take each extra key from the first matching rule that sets it, and without a role from rules for all roles', async () => {
    const settings = await parse(`
[[role]]
account_id = "222222222222"
extra = { output = "json", s3 = { use_accelerate_endpoint = true, max_queue_size = 5 } }
[[role]]
extra = { output = "text", cli_pager = "" }
`);
    const ofRole = createExtraFor(settings)({ accountId: '222222222222', permissionSet: 'Admin' });
    expect([...ofRole]).toEqual([
      ['output', 'json'],
      ['s3', { use_accelerate_endpoint: 'true', max_queue_size: '5' }],
      ['cli_pager', ''],
    ]);
    expect([...createExtraFor(settings)(undefined)]).toEqual([
      ['output', 'text'],
      ['cli_pager', ''],
    ]);
  });

  test('pin a role by the first matching rule that sets pin', async () => {
    const settings = await parse(`
[[role]]
account_id = "111111111111"
region = "eu-west-1"
[[role]]
account_id = "111111111111"
permission_set = "ReadOnly"
pin = false
[[role]]
account_id = "111111111111"
pin = true
`);
    const pinned = [
      ['111111111111', 'Admin'],
      ['111111111111', 'ReadOnly'],
      ['222222222222', 'Admin'],
    ].map(([accountId = '', permissionSet = '']) => isPinned(settings, { accountId, permissionSet }));
    expect(pinned).toEqual([true, false, false]);
  });
});

describe('an error in the settings names the file, the line and what would be valid', () => {
  const VALID_AT_TOP =
    'secret_store, flow, on_expired, wait_seconds, renew, token_cache, audit, lock, lock_with_screen, lock_after_minutes, unlock, web_port, min_version, written_for, profiles, session, endpoints, network, role, protect, chain';

  test.each([
    // Unknown keys.
    ['# a comment\n\nsecret_stor = "file"', 3, 'unknown key "secret_stor". Did you mean "secret_store"?'],
    ['something_else_entirely = 1', 1, `unknown key "something_else_entirely". Valid here: ${VALID_AT_TOP}.`],
    ['[profile]\nname = "x"', 1, 'unknown key "profile". Did you mean "profiles"?'],
    ['[profiles]\nregion = "x"\nregon = "y"', 3, 'unknown key "regon". Did you mean "region"?'],
    ['web_port = 1\n[session.work]\nlabel = "a"\nlable = "b"', 4, 'unknown key "lable". Did you mean "label"?'],
    [
      '[session."a ] b".x]',
      1,
      'unknown key "x". Valid here: label, browser, flow, renew, session_hours, use_fips_endpoint, use_dualstack_endpoint, endpoints.',
    ],
    ['[session.2026]\nlable = "b"', 2, 'unknown key "lable". Did you mean "label"?'],
    ["[session.'single quoted']\n\"lable\" = 'b'", 2, 'unknown key "lable". Did you mean "label"?'],
    ['session.work.lable = "b"', 1, 'unknown key "lable". Did you mean "label"?'],
    ['[session]\nwork.label = "a"\nwork . "lable" = "b"', 3, 'unknown key "lable". Did you mean "label"?'],
    ['[[role]]\nregion = "a"\n[[role]]\nregion = "b"\nregoin = "c"', 5, 'unknown key "regoin". Did you mean "region"?'],
    ['[[role]]\npin = true\n\n[[protect]]\npinn = true', 5, /^unknown key "pinn"\. Valid here: session, account_id/],
    ['[[role]]\n[role.extras]\nx = 1', 2, 'unknown key "extras". Did you mean "extra"?'],
    ['[[role]]\n[role.added]\nx = 1', 2, /^unknown key "added"\. Valid here: account_id/],
    ['role = [\n  { regoin = "c" },\n]', 1, 'unknown key "regoin". Did you mean "region"?'],
    ['network = { proxi = "x" }', 1, 'unknown key "proxi". Did you mean "proxy"?'],
    ['[network]\r\nproxi = "x"\r\n', 2, 'unknown key "proxi". Did you mean "proxy"?'],
    ['"a\\u001bb" = 1', 1, `unknown key "a\\u001bb". Valid here: ${VALID_AT_TOP}.`],
    // Wrong types and values.
    ['secret_store = "vault"', 1, '"secret_store" must be one of "keychain", "file", "memory".'],
    ['token_cache = true', 1, '"token_cache" must be one of "auto", "never".'],
    ['\nwait_seconds = "50"', 2, '"wait_seconds" must be integer.'],
    ['wait_seconds = 60', 1, '"wait_seconds" must be <= 55.'],
    ['web_port = 70000', 1, '"web_port" must be <= 65535.'],
    ['web_port = 80.5', 1, '"web_port" must be integer.'],
    ['profiles = "x"', 1, '"profiles" must be object.'],
    ['[profiles]\nname = ""', 2, '"profiles.name" must NOT have fewer than 1 characters.'],
    ['[profiles]\nwrite = "some"', 2, '"profiles.write" must be one of "all", "used", "auto".'],
    ['[profiles]\nregion = "a"\nexclude = [\n  "a",\n  2,\n]', 3, '"profiles.exclude" must be string.'],
    ['[profiles]\nexclude = "a"', 2, '"profiles.exclude" must be array.'],
    ['[session.work]\nsession_hours = 0', 2, '"session.work.session_hours" must be > 0.'],
    [
      '[session.work]\nlabel = "x"\nbrowser = "firefox -P \'work"',
      3,
      '"session.work.browser" is not a command: it is empty or has an unclosed quote.',
    ],
    ['[session.work]\nbrowser = " "', 2, /^"session\.work\.browser" is not a command/],
    ['session = 1', 1, '"session" must be object.'],
    ['[[role]]\n[[role]]\npin = "yes"', 3, '"role.pin" must be boolean.'],
    ['[role]\npin = true', 1, '"role" must be array.'],
    ['[[protect]]\nremember_minutes = -1', 2, '"protect.remember_minutes" must be >= 0.'],
    // Extra keys of a profile.
    [
      '[[role]]\n[[role]]\nextra = { output = "a\\nregion = x" }',
      3,
      '"role.extra.output": a value must be one line without control characters.',
    ],
    [
      '[[role]]\n[role.extra]\nx = "a\\u0085b"',
      3,
      '"role.extra.x": a value must be one line without control characters.',
    ],
    [
      '[[role]]\nextra.output = "json # text"',
      2,
      '"role.extra.output": some AWS clients read "#" or ";" after a space as a comment.',
    ],
    [
      '[[role]]\nextra.output = " json"',
      2,
      '"role.extra.output": AWS clients ignore spaces at the start and end of a value.',
    ],
    [
      '[[role]]\nextra.Output = "json"',
      2,
      /^"role\.extra\.Output": a key may contain only lower-case letters, digits and _/,
    ],
    ['[[role]]\nextra."a = b\\n[x]" = "json"', 2, /^"role\.extra\..*": a key may contain only lower-case letters/],
    ['[[role]]\nextra.__proto__ = "json"', 2, /^"role\.extra\.__proto__": a key may contain only lower-case letters/],
    ['[[role]]\nextra.region = "json"', 2, '"role.extra.region": use the "region" key of the [[role]] instead.'],
    ...[
      'credential_process',
      'sso_session',
      'role_arn',
      'source_profile',
      'aws_access_key_id',
      'web_identity_token_file',
    ].map(
      (key) =>
        [
          `[[role]]\nextra = { ${key} = "x" }`,
          2,
          `"role.extra.${key}": keys that select the credentials of a profile cannot be set here.`,
        ] as const,
    ),
    [
      '[[role]]\nextra = { s3 = { a = "b\\u0000" } }',
      2,
      '"role.extra.s3.a": a value must be one line without control characters.',
    ],
    ['[[role]]\nextra = { s3 = { a = { b = 1 } } }', 2, '"role.extra.s3" must be string.'],
    ['[[role]]\nextra = { a = 1.5 }', 2, '"role.extra.a" must be string.'],
    ['[[role]]\nextra = { a = 2026-11-30 }', 2, '"role.extra.a": put a date in quotes.'],
    ['[[role]]\nextra = "json"', 2, '"role.extra" must be object.'],
    // Chained roles.
    ['[[chain]]\nname = "x"', 1, '"chain" must have required property \'role_arn\'.'],
    ...(
      [
        ['role_arn = "arn:aws:iam::1:role/x"', /^"chain\.role_arn": is not the ARN of an IAM role, like arn:/],
        [
          'role_arn = "arn:aws:iam::{account}:role/x"',
          /^"chain\.role_arn": has "\{account\}", which is not a placeholder/,
        ],
        [
          'name = "{role}"',
          /^"chain\.name": "\{role\}" in the setting chain\.name is not a placeholder\. .*\{role_name\}\.$/,
        ],
        ['role_session_name = "two words"', /^"chain\.role_session_name": must have 2 to 64 characters/],
        ['source_identity = "x"', /^"chain\.source_identity": must have 2 to 64 characters/],
        ['external_id = "x"', /^"chain\.external_id": must have 2 to 1224 characters/],
        ['duration_seconds = 60', '"chain.duration_seconds" must be >= 900.'],
        ['duration_seconds = 43201', '"chain.duration_seconds" must be <= 43200.'],
        ['region = "a b"', '"chain.region": is not the name of a region.'],
        ['tags = { "aws:x" = "y" }', /^"chain\.tags\.aws:x": a tag key must have 1 to 128 characters/],
        [`tags = { x = "${'y'.repeat(257)}" }`, /^"chain\.tags\.x": a tag value must have at most 256 characters/],
        ['tags = { Team = "a", team = "b" }', /^"chain\.tags": has "team" twice/],
        [
          `tags = { ${Array.from({ length: 51 }, (_, index) => `k${index} = "v"`).join(', ')} }`,
          '"chain.tags": has more than 50 tags.',
        ],
        ['tags = { a = "b" }\ntransitive_tags = ["c"]', '"chain.transitive_tags": names "c", which is not in "tags".'],
        ['policy = "{"', /^"chain\.policy": is not JSON/],
        [`policy = '{"Statement":"${'x'.repeat(2048)}"}'`, /^"chain\.policy": is no policy/],
        [`policy = '{"Statement":["${'x'.repeat(2048)}"]}'`, /^"chain\.policy": is too long/],
        ['policy_arns = ["ReadOnlyAccess"]', /^"chain\.policy_arns": has "ReadOnlyAccess", which is not the ARN/],
        [
          `policy_arns = [${Array.from({ length: 11 }, () => '"arn:aws:iam::aws:policy/ReadOnlyAccess"').join(', ')}]`,
          '"chain.policy_arns": has more than 10 ARNs.',
        ],
      ] as const
    ).map(([keys, expected]) => {
      const before = '[[chain]]\nrole_arn = "arn:aws:iam::{account_id}:role/A"\n[[chain]]\n';
      const arn = keys.startsWith('role_arn') ? '' : 'role_arn = "arn:{partition}:iam::{account_id}:role/B"\n';
      const line = (before + arn + keys).split('\n').length;
      return [`${before}${arn}${keys}`, line, expected] as const;
    }),
    // Not TOML.
    ['a = 1\nb = \n', 2, /^Invalid TOML document: /],
    ['[profiles\nname = "x"', 1, /^Invalid TOML document: /],
    ['a = 1\na = 2', 2, /^Invalid TOML document: /],
    ['name = "unclosed', 1, /^Invalid TOML document: /],
  ] as const)('%j: line %i', async (text, line, expected) => {
    const failure = await parse(text).catch((error: unknown) => error);
    expect(failure).toMatchObject({ errorClass: 'UsageError', code: 'settings-invalid', exitCode: 2 });
    const { message } = failure as Error;
    const prefix = `${PATH}, line ${line}: `;
    expect(message.slice(0, prefix.length)).toBe(prefix);
    if (typeof expected === 'string') expect(message.slice(prefix.length)).toBe(expected);
    else expect(message.slice(prefix.length)).toMatch(expected);
    expect(message).not.toMatch(/[\n\u001b]/);
  });
});

describe('the line of a key', () => {
  const TEXT = `a = 1
[b]
c.d = 2
[[e]]
f = 3
[e.g]
h = 4
[[e]]
[e.g]
h = 5
["q.u" . o]
x = 6
`;
  test.each([
    [['a'], 1],
    [['b'], 2],
    [['b', 'c'], 3],
    [['b', 'c', 'd'], 3],
    [['e', '0', 'f'], 5],
    [['e', '0', 'g', 'h'], 7],
    [['e', '1'], 8],
    [['e', '1', 'g', 'h'], 10],
    [['q.u', 'o', 'x'], 12],
    [['b', 'missing'], 2],
    [['missing'], 1],
    [[], 1],
  ])('%j is %i', (path, line) => {
    expect(findTomlLine(TEXT, path)).toBe(line);
  });

  // Of a hostile team file. Before there was a limit, these took all memory.
  test.each([
    ['a key with 200,000 parts', `${'a.'.repeat(200_000)}b = 1\n`],
    ['a table with 200,000 parts', `[${'a.'.repeat(200_000)}b]\n`],
  ])('is found at once for %s', (_, text) => {
    expect(findTomlLine(text, ['a', 'a'])).toBe(1);
  });
});

test('an error shows only the start of a very long key', async () => {
  const long = 'k'.repeat(2 ** 20);
  const shown = `${'k'.repeat(80)}…`;
  await expect(parse(`${long} = 1`)).rejects.toThrow(`unknown key "${shown}". Valid here:`);
  await expect(parse(`written_for = "99.0"\n${long} = 1`)).resolves.toMatchObject({
    problems: [{ message: expect.stringContaining(`Ignored: "${shown}" (line 2).`) as string }],
  });
});

describe('the closest valid word', () => {
  test.each([
    ['secret_stor', 'secret_store'],
    ['webport', 'web_port'],
    ['', undefined],
    ['completely_other', undefined],
    ['flwo', 'flow'],
  ])('for %j is %j', (word, expected) => {
    expect(nearest(word, ['secret_store', 'web_port', 'flow'])).toBe(expected);
  });

  test('is looked for at once if the word is a megabyte', () => {
    const startedMs = performance.now();
    expect(nearest('k'.repeat(2 ** 20), ['secret_store', 'web_port', 'flow'])).toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });

  test('is undefined when there are no candidates', () => {
    expect(nearest('word', [])).toBeUndefined();
  });
});
