// The plan of a sync: which profiles are written, kept and removed; bytes outside the block never change.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfigDocument } from '../../../src/aws-config/document/document.ts';
import { BLOCK_END, BLOCK_START } from '../../../src/aws-config/document/managed-block.ts';
import { catalog, COMMAND, namesOf, planFor, SESSION_NAME, sessionSection, stepsFor } from '../builders.ts';
import { configText, wellFormedConfigText } from '../config-text.ts';

const ALPHA = { accountId: '111111111111', accountName: 'alpha', permissionSets: ['Admin', 'Read'] };
const BETA = { accountId: '222222222222', accountName: 'beta', permissionSets: ['Admin'] };

function withoutBlock(text: string): string {
  const start = text.indexOf(BLOCK_START);
  return start === -1 ? text : text.slice(0, start) + text.slice(text.indexOf(BLOCK_END) + BLOCK_END.length);
}

describe('what is written', () => {
  it('is a sorted block at the end: one section per role, and one that follows the current role', () => {
    const plan = planFor(sessionSection(), { catalogs: catalog([BETA, ALPHA]) });
    expect(plan.text).toBe(
      `${sessionSection()}${[
        '# >>> rolecall >>>',
        '# Written by rolecall, which overwrites changes between these two marks; extra in its settings adds keys to profiles.',
        '# names {account_name}.{permission_set}',
        '[profile alpha.Admin]',
        'region = us-east-1',
        `credential_process = ${COMMAND} --session my-sso-session --account 111111111111 --role Admin`,
        '[profile alpha.Read]',
        'region = us-east-1',
        `credential_process = ${COMMAND} --session my-sso-session --account 111111111111 --role Read`,
        '[profile beta.Admin]',
        'region = us-east-1',
        `credential_process = ${COMMAND} --session my-sso-session --account 222222222222 --role Admin`,
        '[profile current]',
        'region = us-east-1',
        `credential_process = ${COMMAND} --current`,
        '# <<< rolecall <<<',
        '',
      ].join('\n')}`,
    );
    expect({ ...plan, text: '', diff: '' }).toEqual({
      profiles: [
        {
          profileName: 'alpha.Admin',
          sessionName: SESSION_NAME,
          accountId: '111111111111',
          accountName: 'alpha',
          permissionSet: 'Admin',
          region: 'us-east-1',
          style: 'credential_process',
        },
        expect.objectContaining({ profileName: 'alpha.Read' }),
        expect.objectContaining({ profileName: 'beta.Admin' }),
      ],
      unwritten: [],
      writes: 'all',
      followers: [{ profileName: 'current', region: 'us-east-1' }],
      added: plan.profiles,
      removed: [],
      changed: [],
      skipped: [],
      excludedCount: 0,
      keptCount: 0,
      keptLost: [],
      issuedNames: {
        template: '{account_name}.{permission_set}',
        profiles: [
          { profileName: 'alpha.Admin', sessionName: SESSION_NAME, accountId: '111111111111', permissionSet: 'Admin' },
          expect.objectContaining({ profileName: 'alpha.Read' }),
          expect.objectContaining({ profileName: 'beta.Admin' }),
        ],
      },
      text: '',
      diff: '',
    });
    expect(plan.diff.split('\n').filter((line) => line.startsWith('-'))).toEqual(['--- /home/taylor/.aws/config']);
  });

  it('has no ":" or "=" above the first section, because `aws configure set` would write there', () => {
    const { text } = planFor(sessionSection());
    expect(text.slice(text.indexOf(BLOCK_START), text.indexOf('[profile'))).not.toMatch(/[:=]/u);
  });

  it('is the native form with style sso, and never both forms', () => {
    const { text } = planFor(sessionSection('"Corp Ü"'), {
      settings: { style: 'sso' },
      catalogs: new Map([['Corp Ü', catalog([ALPHA])]]),
    });
    expect(text).toContain(
      [
        '[profile alpha.Admin]',
        'region = us-east-1',
        'sso_session = Corp Ü',
        'sso_account_id = 111111111111',
        'sso_role_name = Admin',
        '[profile alpha.Read]',
      ].join('\n'),
    );
  });

  it('changes style in place and keeps the names', () => {
    const native = planFor(sessionSection(), { settings: { style: 'sso' }, catalogs: catalog([ALPHA]) });
    const process = planFor(native.text, { catalogs: catalog([ALPHA]) });
    expect(process).toMatchObject({ added: [], removed: [], changed: process.profiles });
    expect(process.text).toBe(planFor(sessionSection(), { catalogs: catalog([ALPHA]) }).text);
  });

  it('uses the id of a session whose name needs quoting, and quotes a path with a space', () => {
    const { text } = planFor(sessionSection('"Corp Ü"'), {
      catalogs: new Map([['Corp Ü', catalog()]]),
      credentialProcessPath: '/home/my user/rolecall-credential-process',
    });
    expect(text).toContain(
      'credential_process = "/home/my user/rolecall-credential-process" --session id-84e7d10de975 --account 111111111111 --role Admin\n',
    );
  });

  it('takes the region of the role, else of the settings, else of the session', () => {
    const regions = (sketch: Parameters<typeof planFor>[1]) =>
      planFor(sessionSection(), { catalogs: catalog([ALPHA, BETA]), ...sketch }).profiles.map(({ region }) => region);
    const regionFor = ({ accountId }: { accountId: string }) =>
      accountId.startsWith('2') ? 'eu-central-1' : undefined;
    expect([regions({}), regions({ settings: { region: 'us-west-2' } }), regions({ settings: { regionFor } })]).toEqual(
      [
        ['us-east-1', 'us-east-1', 'us-east-1'],
        ['us-west-2', 'us-west-2', 'us-west-2'],
        ['us-east-1', 'us-east-1', 'eu-central-1'],
      ],
    );
  });

  it('gives `current` the region of the current role', () => {
    const currentRole = { sessionName: 'b', accountId: '222222222222', permissionSet: 'Admin' };
    const text = sessionSection() + sessionSection('b', 'eu-west-1');
    const followers = (sketch: Parameters<typeof planFor>[1]) => planFor(text, sketch).followers;
    expect([
      followers({}),
      followers({ currentRole }),
      followers({ currentRole, settings: { regionFor: () => 'r' } }),
    ]).toEqual([
      [{ profileName: 'current', region: 'us-east-1' }],
      [{ profileName: 'current', region: 'eu-west-1' }],
      [{ profileName: 'current', region: 'r' }],
    ]);
    expect(planFor('').followers).toEqual([{ profileName: 'current' }]);
  });

  it('has [default] only if configured and not written by hand', () => {
    const settings = { defaultFollowsCurrent: true };
    expect(planFor(sessionSection(), { settings }).text).toContain(
      `[default]\nregion = us-east-1\ncredential_process = ${COMMAND} --current\n`,
    );
    for (const header of ['[default]', '[profile default]']) {
      const plan = planFor(`${header}\nregion = x\n${sessionSection()}`, { settings });
      expect(plan.skipped).toEqual([{ profileName: 'default', reason: 'hand-written', line: 1 }]);
      expect(plan.text.match(/default\]/gu)).toHaveLength(1);
    }
  });

  it('is safe with a hostile or missing account name', () => {
    const names = [
      `it's "x" $(id) \`id\``,
      'x]\n[profile evil]\nregion = y',
      '🚀',
      'n'.repeat(50),
      'taylor',
      'taylor',
      '# >>> rolecall >>>',
    ];
    const accounts = names.map((accountName, index) => ({ accountName, accountId: String(index).padStart(12, '0') }));
    const plan = planFor(sessionSection(), {
      catalogs: catalog([...accounts, { accountId: '999999999999', accountName: undefined } as never]),
    });
    expect(namesOf(plan)).toEqual([
      '000000000002.Admin',
      '999999999999.Admin',
      'it-s-x-id-id.Admin',
      `${'n'.repeat(50)}.Admin`,
      'rolecall.Admin',
      'taylor-000000000004.Admin',
      'taylor-000000000005.Admin',
      'x-profile-evil-region-y.Admin',
    ]);
    const reading = parseConfigDocument(plan.text, 'c');
    expect(reading.problems).toEqual([]);
    expect(reading.sections.filter(({ kind }) => kind === 'profile').map(({ name }) => name)).toEqual(
      [...namesOf(plan), 'current'].toSorted(),
    );
  });

  it('keeps every valid permission set name and leaves out invalid ones', () => {
    const plan = planFor(sessionSection(), {
      catalogs: catalog([
        { permissionSets: ['a+b=c,d.e@f-g_h', 'x y', 'a;b', '$(id)', ''] },
        { accountId: '12', accountName: 'short' },
      ]),
    });
    expect(plan.text).toContain('--role a+b=c,d.e@f-g_h\n');
    expect(namesOf(plan)).toEqual(['taylor.a-b-c-d.e@f-g_h']);
    expect(plan.skipped.map(({ reason, profileName }) => [reason, profileName])).toEqual([
      ['unusable-name', '111111111111.'],
      ['unusable-name', '111111111111.-id'],
      ['unusable-name', '111111111111.a-b'],
      ['unusable-name', '111111111111.x-y'],
      ['unusable-name', '12.Admin'],
    ]);
  });

  it('leaves out excluded names and counts them', () => {
    const plan = planFor(sessionSection(), {
      catalogs: catalog([ALPHA, BETA]),
      settings: { exclude: ['alpha.*', 'current'] },
    });
    expect([namesOf(plan), plan.excludedCount, plan.followers.length]).toEqual([['beta.Admin'], 2, 1]);
  });

  it('lists an account once even if the catalog has it twice', () => {
    expect(namesOf(planFor(sessionSection(), { catalogs: catalog([ALPHA, ALPHA]) }))).toEqual([
      'alpha.Admin',
      'alpha.Read',
    ]);
  });
});

describe('a hand-written profile of the same name', () => {
  it.each([
    '[profile alpha.Admin]',
    '[profile "alpha.Admin"]',
    "[profile  'alpha.Admin' ] # mine",
    '[profile\talpha.Admin]; x',
  ])('wins, written as %s', (header) => {
    const plan = planFor(`${header}\nregion = x\n${sessionSection()}`, { catalogs: catalog([ALPHA]) });
    expect(namesOf(plan)).toEqual(['alpha.Read']);
    expect(plan.skipped).toEqual([
      {
        profileName: 'alpha.Admin',
        sessionName: SESSION_NAME,
        accountId: '111111111111',
        permissionSet: 'Admin',
        reason: 'hand-written',
        line: 1,
      },
    ]);
  });

  it('wins over a rolecall profile that was there first, which repairs the file', () => {
    const { text } = planFor(sessionSection(), { catalogs: catalog([ALPHA]) });
    const broken = `${text}[profile alpha.Admin]\noutput = json\n`;
    expect(parseConfigDocument(broken, 'c').problems).toHaveLength(1);
    const plan = planFor(broken, { catalogs: catalog([ALPHA]) });
    expect(parseConfigDocument(plan.text, 'c').problems).toEqual([]);
    expect(plan.removed).toEqual([
      { profileName: 'alpha.Admin', sessionName: SESSION_NAME, accountId: '111111111111', permissionSet: 'Admin' },
    ]);
    expect(plan.text.endsWith('# <<< rolecall <<<\n[profile alpha.Admin]\noutput = json\n')).toBe(true);
  });

  it('called current wins too', () => {
    const plan = planFor(`[profile current]\nregion = x\n${sessionSection()}`);
    expect([plan.followers, plan.skipped]).toEqual([[], [{ profileName: 'current', reason: 'hand-written', line: 1 }]]);
  });

  it('can leave nothing to write: no block, or an empty one where there was one', () => {
    const hand = '[profile current]\nregion = x\n';
    expect(planFor(hand)).toMatchObject({ text: hand, diff: '' });
    const block = `${BLOCK_START}\n${BLOCK_END}\n`;
    expect(withoutBlock(planFor(hand + block).text)).toBe(`${hand}\n`);
  });
});

describe('a sync after the first', () => {
  const first = planFor(sessionSection(), { catalogs: catalog([ALPHA, BETA]) });

  it('changes nothing when nothing changed', () => {
    expect(planFor(first.text, { catalogs: catalog([BETA, ALPHA]) })).toMatchObject({
      text: first.text,
      diff: '',
      added: [],
      removed: [],
      changed: [],
    });
  });

  it('lists added, removed and changed profiles', () => {
    const plan = planFor(first.text, {
      catalogs: catalog([{ ...ALPHA, permissionSets: ['Admin', 'Power'] }]),
      settings: { regionFor: ({ permissionSet }) => (permissionSet === 'Admin' ? 'eu-west-1' : undefined) },
    });
    expect({
      added: plan.added.map(({ profileName }) => profileName),
      removed: plan.removed,
      changed: plan.changed.map(({ profileName }) => profileName),
    }).toEqual({
      added: ['alpha.Power'],
      removed: [
        { profileName: 'alpha.Read', sessionName: SESSION_NAME, accountId: '111111111111', permissionSet: 'Read' },
        { profileName: 'beta.Admin', sessionName: SESSION_NAME, accountId: '222222222222', permissionSet: 'Admin' },
      ],
      changed: ['alpha.Admin'],
    });
  });

  it('keeps the profiles of roles that a suspicious listing lost, and names them', () => {
    const lost = [{ sessionName: SESSION_NAME, accountId: BETA.accountId, permissionSet: 'Admin' }];
    const plan = planFor(first.text, { catalogs: { ...catalog([]), lost } });
    expect([namesOf(plan), plan.keptLost, plan.removed.map(({ profileName }) => profileName)]).toEqual([
      ['beta.Admin'],
      ['beta.Admin'],
      ['alpha.Admin', 'alpha.Read'],
    ]);
  });

  it('keeps roles that are missing from an incomplete listing, unless another user signed in', () => {
    const incomplete = { ...catalog([ALPHA]), complete: false };
    expect(planFor(first.text, { catalogs: incomplete }).text).toBe(first.text);
    const plan = planFor(first.text, { catalogs: { ...incomplete, startsAnew: true } });
    expect(plan.removed.map(({ profileName }) => profileName)).toEqual(['beta.Admin']);
  });

  it('restores a removed profile byte for byte', () => {
    const removed = planFor(first.text, { catalogs: catalog([ALPHA]) });
    expect(planFor(removed.text, { catalogs: catalog([ALPHA, BETA]) }).text).toBe(first.text);
  });

  it('keeps names when an account is renamed or a second account of that name appears', () => {
    const plan = planFor(first.text, {
      catalogs: catalog([{ ...ALPHA, accountName: 'renamed' }, BETA, { ...BETA, accountId: '333333333333' }]),
    });
    expect(namesOf(plan)).toEqual(['alpha.Admin', 'alpha.Read', 'beta-333333333333.Admin', 'beta.Admin']);
  });

  it('generates new names when the template changes', () => {
    const settings = { nameTemplate: '{account_id}/{permission_set}' };
    const plan = planFor(first.text, { catalogs: catalog([BETA]), settings });
    expect([namesOf(plan), plan.removed.map(({ profileName }) => profileName)]).toEqual([
      ['222222222222/Admin'],
      ['alpha.Admin', 'alpha.Read', 'beta.Admin'],
    ]);
  });

  it('keeps the names of a block that does not record its template', () => {
    const old = first.text.replace(/^# names .*\n/mu, '').replaceAll('beta.', 'b.');
    expect(namesOf(planFor(old, { catalogs: catalog([BETA]) }))).toEqual(['b.Admin']);
  });

  it('gives a role that comes back its old name', () => {
    const previousNames = {
      ...first.issuedNames,
      profiles: [{ ...ALPHA, sessionName: SESSION_NAME, permissionSet: 'Read', profileName: 'old' }],
    };
    expect(namesOf(planFor(sessionSection(), { catalogs: catalog([ALPHA]), previousNames }))).toEqual([
      'alpha.Admin',
      'old',
    ]);
    const other = { ...previousNames, template: 'x' };
    expect(namesOf(planFor(sessionSection(), { catalogs: catalog([ALPHA]), previousNames: other }))).toEqual([
      'alpha.Admin',
      'alpha.Read',
    ]);
  });

  it('overwrites changes between the markers', () => {
    const edited = first.text
      .replace('[profile alpha.Read]', '[profile typed]\n[profile alpha.Read]')
      .replace('Admin]\nregion = us-east-1\n', 'Admin]\nregion = eu-west-1\n# a note\n');
    const plan = planFor(edited, { catalogs: catalog([ALPHA, BETA]) });
    expect(plan.text).toBe(first.text);
    expect(plan).toMatchObject({ removed: [{ profileName: 'typed' }], changed: [{ profileName: 'alpha.Admin' }] });
    expect(plan.conflict).toBeUndefined();
  });
});

describe('a key that the user added between the markers', () => {
  const catalogs = catalog([ALPHA, BETA]);
  const followsToo = { defaultFollowsCurrent: true };
  const first = planFor(sessionSection(), { catalogs, settings: followsToo });
  const add = (header: string, lines: string, text = first.text) => text.replace(`${header}\n`, `${header}\n${lines}`);
  const conflictOf = (text: string, settings: Parameters<typeof planFor>[1] = {}) =>
    planFor(text, { catalogs, settings: { ...followsToo, ...settings.settings } }).conflict?.toBody();
  const lineOf = (text: string, line: string) => text.split('\n').indexOf(line) + 1;

  it.each([
    ['output = json', 'extra = { output = "json" }'],
    ['cli_pager =', 'extra = { cli_pager = "" }'],
    ['services = "emu"', 'extra = { services = "\\"emu\\"" }'],
    [
      's3 =\n  max_queue_size = 5\n  addressing_style = path',
      'extra = { s3 = { max_queue_size = "5", addressing_style = "path" } }',
    ],
  ])('%j is a conflict, and the message shows the setting to use instead', (lines, spelled) => {
    const text = add('[profile alpha.Read]', `${lines}\n`);
    const line = lineOf(text, lines.split('\n')[0] ?? '');
    const [key = ''] = lines.split(' ');
    expect(conflictOf(text)).toEqual({
      code: 'config-key-not-ours',
      message: `/home/taylor/.aws/config, line ${line}: "${key}" was added to [profile alpha.Read], and a sync would delete it, so profiles are not written. Set it in config.toml instead: [[role]] ${spelled}.`,
      hint: `\${EDITOR:-vi} +${line} /home/taylor/.aws/config`,
    });
  });

  it('is found in followers of the current role, in aliases and in profiles to remove', () => {
    const withAlias = planFor(sessionSection(), {
      catalogs,
      settings: { ...followsToo, aliasFor: () => 'a-{account_id}' },
    });
    const texts = [
      add('[default]', 'output = json\n'),
      add('[profile current]', 'output = json\n'),
      add('# alias of beta.Admin', 'output = json\n', withAlias.text),
      add('[profile alpha.Admin]', 'output = json\n', planFor(sessionSection(), { catalogs: catalog([ALPHA]) }).text),
    ];
    expect(texts.map((text) => /(?<=was added to )[^,]*/u.exec(conflictOf(text)?.message ?? '')?.[0])).toEqual([
      '[default]',
      '[profile current]',
      '[profile a-222222222222]',
      '[profile alpha.Admin]',
    ]);
    const gone = { catalogs: catalog([BETA]) };
    expect(planFor(add('[profile alpha.Read]', 'output = json\n'), gone).conflict).toMatchObject({
      code: 'config-key-not-ours',
    });
  });

  it('cannot be moved to the settings if it selects the credentials', () => {
    for (const key of ['sso_role_name', 'role_arn', 'source_profile', 'aws_access_key_id', 'credential_source']) {
      expect(conflictOf(add('[profile beta.Admin]', `${key} = x\n`))?.message).toMatch(
        new RegExp(
          `"${key}" was added to .* Delete the line, or write your own profile outside rolecall's block\\.$`,
          'u',
        ),
      );
    }
    const command = add('[profile beta.Admin]', 'x = y\n').replace(/--session (\S+) --account 222222222222.*/u, '$1');
    expect(conflictOf(command)).toMatchObject({
      code: 'config-section-not-ours',
      message: expect.stringContaining(
        "[profile beta.Admin] is inside rolecall's block and would be lost. Move it below",
      ),
    });
  });

  it('is also found below the block, where AWS clients read it as part of the last profile', () => {
    const message = expect.stringMatching(
      /line \d+: "output" was added to \[profile current\], and a sync could move it to another profile, so profiles are not written\. Delete the line and set it in config\.toml instead: \[\[role\]\] extra = \{ output = "json" \}\.$/u,
    );
    const { text } = planFor(sessionSection(), { catalogs: catalog([]) });
    for (const extra of [new Map(), new Map([['output', 'json']])]) {
      const plan = planFor(`${text}output = json\n`, { catalogs: catalog([]), settings: { extraFor: () => extra } });
      expect(plan.conflict).toMatchObject({ code: 'config-key-not-ours', message });
    }
  });

  it('names the first profile and counts the others', () => {
    const text = add(
      '[profile alpha.Read]',
      'output = a\ncli_pager = x\n',
      add('[profile beta.Admin]', 'output = b\n'),
    );
    expect(conflictOf(text)?.message).toMatch(
      /: "output" was added to \[profile alpha.Read\].* 1 more profile has the same problem\.$/u,
    );
    const both = {
      settings: {
        extraFor: () =>
          new Map([
            ['output', 'json'],
            ['cli_pager', ''],
          ]),
      },
    };
    expect(conflictOf(text, both)).toBeUndefined();
  });
});

describe('extra keys of the settings', () => {
  const extra = new Map<string, string | Record<string, string>>([
    ['output', 'json'],
    ['cli_pager', ''],
    ['s3', { addressing_style: 'path', max_queue_size: '5' }],
  ]);
  const catalogs = catalog([ALPHA]);
  const extraFor = (role: { permissionSet: string } | undefined) =>
    role?.permissionSet === 'Admin' ? extra : new Map();
  const role = { sessionName: SESSION_NAME, accountId: '111111111111', permissionSet: 'Admin' };
  const sketch = { catalogs, settings: { extraFor, aliasFor: () => '{permission_set}' }, currentRole: role };

  it.each(['credential_process', 'sso'] as const)(
    'are in the profiles of their roles, style %s, and come and go with them',
    (style) => {
      const settings = { ...sketch.settings, style };
      const plan = planFor(sessionSection(), { ...sketch, settings });
      const sections = plan.text
        .split(/^(?=\[)/mu)
        .filter((section) => section.includes('# extra output cli_pager s3\n'));
      expect(sections.map((section) => section.split('\n')[0])).toEqual([
        '[profile Admin]',
        '[profile alpha.Admin]',
        '[profile current]',
      ]);
      for (const section of sections) {
        expect(section.replace(BLOCK_END, '').trimEnd()).toMatch(
          /\noutput = json\ncli_pager =\ns3 =\n {2}addressing_style = path\n {2}max_queue_size = 5$/u,
        );
      }
      expect(planFor(plan.text, { ...sketch, settings })).toMatchObject({ text: plan.text, diff: '', changed: [] });
      const without = planFor(plan.text, { ...sketch, settings: { ...settings, extraFor: () => new Map() } });
      expect(without.conflict).toBeUndefined();
      expect(without.changed.map(({ profileName }) => profileName)).toEqual(['Admin', 'alpha.Admin']);
      expect(without.text).not.toMatch(/output|cli_pager|s3/u);
    },
  );

  it('do not hide the conflict of a key that the user adds next to them', () => {
    const text = planFor(sessionSection(), sketch).text.replace('output = json', 'output = text\nmax_attempts = 5');
    expect(planFor(text, sketch).conflict?.message).toContain('"max_attempts" was added to [profile Admin]');
  });
});

describe('a role that is not known to be gone', () => {
  const both = sessionSection() + sessionSection('"Corp Ü"', 'eu-west-1');
  const catalogs = new Map([
    [SESSION_NAME, catalog([ALPHA])],
    ['Corp Ü', catalog([BETA])],
  ]);
  const first = planFor(both, { catalogs });

  it.each(['credential_process', 'sso'] as const)('stays while its session has no catalog, style %s', (style) => {
    const written = planFor(both, { catalogs, settings: { style } });
    const plan = planFor(written.text, { catalogs: catalog([ALPHA]), settings: { style } });
    expect(plan).toMatchObject({ text: written.text, removed: [] });
    expect(plan.profiles.at(-1)).toEqual({
      profileName: 'beta.Admin',
      sessionName: 'Corp Ü',
      accountId: '222222222222',
      permissionSet: 'Admin',
      region: 'eu-west-1',
      style,
    });
  });

  it('stays with an incomplete catalog and is removed with a complete one', () => {
    const incomplete = catalog([{ ...ALPHA, permissionSets: ['New'] }], { complete: false });
    const plan = planFor(first.text, { catalogs: incomplete });
    expect(namesOf(plan)).toEqual(['alpha.Admin', 'alpha.New', 'alpha.Read', 'beta.Admin']);
    expect(namesOf(planFor(first.text, { catalogs: { ...incomplete, complete: true } }))).toEqual([
      'alpha.New',
      'beta.Admin',
    ]);
  });

  it('keeps its name under another template, because its account name is unknown', () => {
    const plan = planFor(first.text, { catalogs: new Map(), settings: { nameTemplate: '{account_name}' } });
    expect(namesOf(plan)).toEqual(['alpha.Admin', 'alpha.Read', 'beta.Admin']);
  });

  it('stays with its region while its session cannot be used', () => {
    const broken = first.text.replace('sso_region = eu-west-1\n', '');
    expect(planFor(broken, { catalogs }).profiles.at(-1)).toMatchObject({
      profileName: 'beta.Admin',
      region: 'eu-west-1',
    });
    const noRegion = broken.replace('region = eu-west-1\n', '');
    expect(planFor(noRegion, { catalogs }).profiles.at(-1)).toMatchObject({
      profileName: 'beta.Admin',
      region: 'us-east-1',
    });
  });

  it('is removed when its sso-session was removed from the file', () => {
    const plan = planFor(first.text.replace(sessionSection('"Corp Ü"', 'eu-west-1'), ''), { catalogs });
    expect(plan.removed.map(({ profileName }) => profileName)).toEqual(['beta.Admin']);
  });
});

describe('what is refused', () => {
  const { text } = planFor(sessionSection());
  const messageOf = (broken: string, sketch: Parameters<typeof planFor>[1] = {}) => {
    try {
      planFor(broken, sketch);
    } catch (error) {
      return { code: (error as { code: string }).code, message: (error as Error).message };
    }
    return undefined;
  };

  it('is a malformed file, with the current line, above and below our block', () => {
    expect(messageOf(`nonsense\n${text}`)).toEqual({
      code: 'config-malformed',
      message: '/home/taylor/.aws/config, line 1: "nonsense" is above the first section.',
    });
    expect(messageOf(`${text}[profile a]\nnonsense\n`, { catalogs: catalog([ALPHA, BETA]) })?.message).toBe(
      `/home/taylor/.aws/config, line ${text.split('\n').length + 1}: "nonsense" has no "=".`,
    );
    expect(messageOf(`\ufeff${text}`)?.message).toContain('line 1: the file starts with a byte order mark');
  });

  it('is a line below our block that would become part of it', () => {
    expect(messageOf(`${text}# note\n  region = x\n`)?.message).toBe(
      `/home/taylor/.aws/config, line ${text.split('\n').length + 1}: an indented line below rolecall's block would become part of a profile in it.`,
    );
    expect(messageOf(`${text}region = x\n`)?.message).toMatch(
      /line \d+: a second "region" in \[profile taylor.Admin\]/u,
    );
  });

  it('is not a problem that exists only inside our block', () => {
    const edited = text.replace(
      '[profile taylor.Admin]',
      'stray\n[profile taylor.Admin]\nstray\n[profile taylor.Admin]',
    );
    expect(planFor(edited).text).toBe(text);
  });

  it('is a foreign section between our markers', () => {
    const moved = `${BLOCK_START}\n${sessionSection()}${BLOCK_END}\n`;
    expect(messageOf(moved)).toEqual({
      code: 'config-section-not-ours',
      message:
        '/home/taylor/.aws/config, line 2: [sso-session my-sso-session] is inside rolecall\'s block and would be lost. Move it below "# <<< rolecall <<<".',
    });
  });

  it('is a broken marker', () => {
    expect(messageOf(text.replace(BLOCK_END, ''))?.code).toBe('config-section-not-ours');
  });

  it('is a region, path or template that cannot be written to the file', () => {
    expect([
      messageOf(text, { settings: { region: 'x\ny' } }),
      messageOf(text, { settings: { regionFor: () => 'x y' } }),
      messageOf(text, { credentialProcessPath: 'relative' }),
      messageOf(text, { credentialProcessPath: '/a\nb' }),
      messageOf(text, { settings: { nameTemplate: '{x}' } })?.code,
    ]).toEqual([
      { code: 'settings-invalid', message: '"x?y" in the settings is not a region.' },
      { code: 'settings-invalid', message: '"x y" in the settings is not a region.' },
      {
        code: 'settings-invalid',
        message: 'The path of rolecall-credential-process cannot be written to a profile: "relative".',
      },
      {
        code: 'settings-invalid',
        message: 'The path of rolecall-credential-process cannot be written to a profile: "/a?b".',
      },
      'settings-invalid',
    ]);
  });
});

describe('properties', () => {
  const accounts = fc.uniqueArray(
    fc.record({
      accountId: fc.constantFrom('111111111111', '222222222222', '333333333333'),
      accountName: fc.constantFrom('prod', 'taylor', '"; rm', '🚀', ']\n[x]', 'current', ''),
      permissionSets: fc.subarray(['Admin', 'a+b', 'a=b'], { minLength: 1 }),
    }),
    { selector: ({ accountId }) => accountId },
  );
  const sketch = fc.record({
    accounts,
    complete: fc.boolean(),
    style: fc.constantFrom('credential_process' as const, 'sso' as const),
    defaultFollowsCurrent: fc.boolean(),
    nameTemplate: fc.constantFrom('{account_name}.{permission_set}', '{permission_set}', 'x/{account_id}'),
  });
  type Sketch = typeof sketch extends fc.Arbitrary<infer Value> ? Value : never;
  const plan = (text: string, { accounts, complete, ...settings }: Sketch) =>
    planFor(text, { catalogs: catalog(accounts, { complete }), settings });

  it('bytes outside the block never change, planning twice gives the same file, and botocore can read it', () => {
    fc.assert(
      fc.property(wellFormedConfigText(), fc.boolean(), sketch, sketch, (own, isFirst, one, two) => {
        const newline = own.includes('\r\n') ? '\r\n' : '\n';
        const session = sessionSection().replaceAll('\n', newline);
        const text = isFirst ? session + own : `${own}${own === '' ? '' : newline}${session}`;
        const first = plan(text, one);
        const missing = text.endsWith('\n') ? '' : newline;
        const outside = (each: { text: string }) => (each.text === text ? text : withoutBlock(each.text));
        expect([text, text + missing + newline]).toContain(outside(first));
        expect(plan(first.text, one)).toMatchObject({
          text: first.text,
          diff: '',
          added: [],
          removed: [],
          changed: [],
        });

        const second = plan(first.text, two);
        expect([text, text + missing + newline]).toContain(outside(second));
        expect(parseConfigDocument(second.text, 'c').problems).toEqual([]);
        expect(second.text.replaceAll(newline, '')).not.toMatch(/[\r\n]/u);
      }),
      { numRuns: 300 },
    );
  });

  it('roles that disappear and come back leave the file unchanged', () => {
    fc.assert(
      fc.property(wellFormedConfigText(), sketch, fc.array(fc.nat({ max: 8 })), (own, one, gone) => {
        const first = plan(sessionSection() + own, one);
        const staying = one.accounts
          .map((account, at) => ({
            ...account,
            permissionSets: account.permissionSets.filter((_, index) => !gone.includes(3 * at + index)),
          }))
          .filter(({ permissionSets }) => permissionSets.length > 0);
        const second = plan(first.text, { ...one, accounts: staying, complete: true });
        expect(plan(second.text, one).text).toBe(first.text);
      }),
      { numRuns: 300 },
    );
  });

  it('any text is refused with our own error or kept outside the block', () => {
    let plannedCount = 0;
    fc.assert(
      fc.property(configText(), sketch, (text, one) => {
        let planned: ReturnType<typeof plan>;
        try {
          planned = plan(text, one);
        } catch (error) {
          expect(error).toMatchObject({ code: 'config-malformed' });
          return;
        }
        plannedCount += 1;
        expect(planned.text === text || planned.text.startsWith(text)).toBe(true);
        expect(plan(planned.text, one).text).toBe(planned.text);
      }),
      { numRuns: 600 },
    );
    expect(plannedCount).toBeGreaterThan(50);
  });
});

it('plans 10,000 profiles in a time that grows with their number, not with its square', () => {
  const prepare = (accountCount: number) => {
    const accounts = Array.from({ length: accountCount }, (_, index) => ({
      accountId: String(index).padStart(12, '0'),
      // One in five shares its name with another.
      accountName: `account ${index % Math.floor(accountCount * 0.8)}`,
      permissionSets: ['Admin', 'Billing', 'Power', 'Read'],
    }));
    const first = planFor(sessionSection(), { catalogs: catalog(accounts) });
    expect(first.profiles).toHaveLength(accountCount * 4);
    const next = catalog([...accounts.slice(10), { accountId: '999999999999', accountName: 'new' }]);
    return () => {
      const before = process.cpuUsage();
      const plan = planFor(first.text, { catalogs: next });
      // Not the time by the clock, which other programs lengthen.
      const { user } = process.cpuUsage(before);
      expect([plan.added.length, plan.removed.length, plan.changed.length]).toEqual([1, 40, 0]);
      expect(plan.diff.split('\n').length).toBeLessThan(250);
      return user;
    };
  };
  const [many, few] = [prepare(2500), prepare(250)];
  const ratios: number[] = [];
  // Ten times the profiles: ten times the time, and room for a busy machine; a square would be a hundred.
  const maxRatio = 40;
  // Alternating, so that a busy moment of the machine affects both.
  do ratios.push(many() / Math.min(few(), few(), few()));
  while (ratios.length < 3 && Math.min(...ratios) >= maxRatio);
  expect(Math.min(...ratios)).toBeLessThan(maxRatio);
});

it('plans in a number of steps that grows with the number of roles', () => {
  const accounts = Array.from({ length: 6000 }, (_, index) => ({
    accountId: String(index).padStart(12, '0'),
    accountName: index < 1999 ? `kept-${index}` : `left-${index}`,
  }));
  const countSteps = (exclude: readonly string[]) => {
    const steps = stepsFor(sessionSection(), { catalogs: catalog(accounts), settings: { exclude } });
    let stepCount = 0;
    while (steps.next().done !== true) stepCount += 1;
    return stepCount;
  };
  expect(countSteps([])).toBeGreaterThan(20);
  expect(countSteps(['left-*'])).toBe(countSteps([]));
  expect(countSteps(['*'])).toBe(countSteps([]));
});
