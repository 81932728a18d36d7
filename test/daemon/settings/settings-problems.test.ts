// What is reported of config.toml although it is valid: templates, rules that never count, sessions that do not exist.
import { expect, test } from 'vitest';
import { parseConfigDocument } from '../../../src/aws-config/document/document.ts';
import { createLogNewWarnings } from '../../../src/daemon/settings/log-new-warnings.ts';
import { findMissingSessions } from '../../../src/daemon/settings/missing-sessions.ts';
import { parseSettings } from '../../../src/daemon/settings/settings.ts';

const PATH = '/home/taylor/.config/rolecall/config.toml';
const parse = (text: string, team?: string) =>
  parseSettings({
    path: PATH,
    text,
    environment: {},
    ...(team === undefined ? {} : { team: { path: '/team.toml', text: team } }),
  });
const edit = (line: number) => `\${EDITOR:-vi} +${line} ${PATH}`;

test.each([
  ['[profiles]\nname = "{acount_name}"\n', 2, '"{acount_name}" in the setting profiles.name is not a placeholder.'],
  ['[profiles]\nname = "{account_name"\n', 2, '"{account_name" in the setting profiles.name is not a placeholder.'],
  ['[profiles]\nname = "account_name}"\n', 2, 'in the setting profiles.name is not a placeholder.'],
  ['[profiles]\nname = "{session}-x"\n', 2, 'profiles.name gives all roles the same name'],
  ['[[role]]\npin = true\n[[role]]\nalias = "{nobody}"\n', 4, '"{nobody}" in the setting role.alias'],
])('a template that is wrong: %j', async (text, line, reason) => {
  expect((await parse(text)).problems).toEqual([
    {
      code: 'template-invalid',
      message: expect.stringMatching(`^${PATH}, line ${line}: `) as string,
      hint: edit(line),
    },
  ]);
  expect((await parse(text)).problems[0]?.message).toContain(reason);
});

test.each(['{account_name}', '{account_id}-x', 'x.{permission_set}'])('a template that is right: %s', async (name) => {
  expect((await parse(`[profiles]\nname = "${name}"\n[[role]]\nalias = "billing"\n`)).problems).toEqual([]);
});

const shadowed = async (text: string, team?: string) =>
  (await parse(text, team)).problems.map(({ code, message, hint }) => [code, message.slice(PATH.length), hint]);

test('a rule that an earlier one takes the roles from', async () => {
  const rules = ['[[protect]]\naccount_id = "1111*"', '[[protect]]\naccount_id = "111111111111"', '[[protect]]'];
  expect(await shadowed(rules.join('\n'))).toEqual([
    [
      'settings-without-effect',
      ' has [[protect]] rules that never count, because an earlier rule is for the same roles: line 3, because of line 1.',
      edit(3),
    ],
  ]);
  // The team's rules may be meant for others.
  expect(await shadowed('[[protect]]\n', '[[protect]]\naccount_id = "1*"\n')).toEqual([]);
});

test('a [[role]] counts as long as it sets a key that no earlier one sets', async () => {
  const first = '[[role]]\nregion = "eu-west-1"\nextra = { output = "json" }\n';
  expect(await shadowed(`${first}[[role]]\naccount_id = "1"\nregion = "us-east-1"\npin = true\n`)).toEqual([]);
  expect(await shadowed(`${first}[[role]]\naccount_id = "1"\nextra = { cli_pager = "" }\n`)).toEqual([]);
  expect(await shadowed(`${first}[[role]]\naccount_id = "1"\nregion = "x"\nextra = { output = "text" }\n`)).toEqual([
    ['settings-without-effect', expect.stringContaining(': line 4, because of line 1.'), edit(4)],
  ]);
});

test('settings of a session that ~/.aws/config does not have', async () => {
  const config = parseConfigDocument('[sso-session work]\nsso_start_url = https://x\n', '/home/taylor/.aws/config');
  const settings = await parse('[session.work]\nlabel = "Work"\n[session.works.endpoints]\n[session.nobody]\n');
  expect(findMissingSessions(PATH, settings, config)).toEqual([
    {
      code: 'settings-session-missing',
      message: `${PATH}, line 3: [session.works] has no effect, because /home/taylor/.aws/config has no [sso-session works]. Did you mean "work"?`,
      hint: edit(3),
    },
    {
      code: 'settings-session-missing',
      message: `${PATH}, line 4: [session.nobody] has no effect, because /home/taylor/.aws/config has no [sso-session nobody].`,
      hint: edit(4),
    },
  ]);
  // A team file adds the sso-sessions that it names.
  const ofTeam = await parse('', '[session.x]\nstart_url = "https://x.awsapps.com/start"\nregion = "us-east-1"\n');
  expect(findMissingSessions(PATH, ofTeam, config)).toEqual([]);
});

test('the log has each warning once, and again if it comes back', () => {
  const lines: string[] = [];
  const logNewWarnings = createLogNewWarnings((level, message) => void lines.push(`${level} ${message}`));
  const [a, b] = ['a', 'b'].map((message) => ({ code: 'settings-session-missing', message, hint: 'x' }) as const);
  for (const warnings of [[], [a], [a], [a, b], [b], [a, b]]) {
    logNewWarnings(warnings.filter((one) => one !== undefined));
  }
  expect(lines).toEqual(['warn a', 'warn b', 'warn a']);
});
