// Settings files for a newer rolecall: what is ignored with a warning, what is refused, and that no protection gets weaker.
import { describe, expect, test } from 'vitest';
import { compareReleases } from '../../../src/daemon/settings/newer-keys.ts';
import { createProtection } from '../../../src/daemon/settings/protection.ts';
import { parseSettings } from '../../../src/daemon/settings/settings.ts';
import { loadVersion } from '../../../src/local-api/version.ts';

const OWN = loadVersion();

const parse = (text: string, team?: string) =>
  parseSettings({
    path: '/config.toml',
    text,
    environment: {},
    ...(team === undefined ? {} : { team: { path: '/team.toml', text: team } }),
  });

test.each([
  ['1.2', '1.2.0', 0],
  ['1.10', '1.9', 1],
  ['1.2', '1.2.1', -1],
  ['2.0', '1.9.9', 1],
  ['1.2', '1.2.0-beta.1', 0],
])('%s compared with %s', (a, b, sign) => {
  expect(Math.sign(compareReleases(a, b))).toBe(sign);
});

describe('unknown keys', () => {
  test('are ignored with a warning if the file is for a newer version', async () => {
    const { problems, onExpired, roles } = await parse(
      'on_expired = "wait"\nwritten_for = "99.1"\nbeep = true\n[[role]]\npin = true\nregoin = 1\n[cloud]\na = 1\n',
    );
    expect({ problems, onExpired, pins: roles.map(({ pin }) => pin) }).toEqual({
      onExpired: 'wait',
      pins: [true],
      problems: [
        {
          code: 'settings-too-new',
          message: `/config.toml, line 2: the file is for rolecall 99.1, and this is ${OWN}. Ignored: "beep" (line 3), "regoin" (line 6, did you mean "region"?), "cloud" (line 7). To update, run npm install -g rolecall@latest.`,
          hint: '${EDITOR:-vi} +2 /config.toml',
        },
      ],
    });
  });

  test.each(['', `written_for = "${OWN}"\n`, 'min_version = "0.1"\n', 'written_for = "0.0.1"\n'])(
    'are errors after %j',
    async (head) => {
      await expect(parse(`${head}flwo = "auto"\n`)).rejects.toMatchObject({
        code: 'settings-invalid',
        message: expect.stringContaining('unknown key "flwo". Did you mean "flow"?') as string,
      });
    },
  );

  test.each(['min_version = 2', 'min_version = "newest"', 'written_for = "1"', 'written_for = "99.1; x"'])(
    'are errors with a version that is none: %s',
    async (line) => {
      await expect(parse(`${line}\n`)).rejects.toMatchObject({ code: 'settings-invalid' });
    },
  );

  test('do not hide a wrong value', async () => {
    await expect(parse('written_for = "99.1"\nflow = "new"\n')).rejects.toThrow('"flow" must be one of');
  });
});

describe('min_version', () => {
  test('of config.toml is a warning, also without unknown keys', async () => {
    expect((await parse('min_version = "99.1"\n')).problems.map(({ message }) => message)).toEqual([
      `/config.toml, line 1: the file is for rolecall 99.1, and this is ${OWN}. Settings of that version may have no effect. To update, run npm install -g rolecall@latest.`,
    ]);
    expect((await parse('min_version = "0.1"\nwritten_for = "99.1"\n')).problems).toEqual([]);
  });

  test('of a team file refuses it, before anything else in it is checked', async () => {
    await expect(parse('', 'team = 3\nmin_version = "99.1"\nnonsense = 1\n')).rejects.toMatchObject({
      code: 'settings-too-new',
      message: `/team.toml, line 2: the file needs rolecall 99.1 or later, and this is ${OWN}.`,
      hint: 'npm install -g rolecall@latest',
    });
  });

  test('of one file does not count for the other', async () => {
    await expect(parse('min_version = "99.1"\n', 'nonsense = 1\n')).rejects.toThrow('unknown key "nonsense"');
    await expect(parse('nonsense = 1\n', 'written_for = "99.1"\n')).rejects.toThrow('unknown key "nonsense"');
  });
});

describe('a rule with a key of a newer version', () => {
  const admin = { sessionName: 's', accountId: '111111111111', permissionSet: 'Admin' };
  const ruleFor = async (text: string, team?: string) => createProtection(await parse(text, team)).ruleFor(admin);
  const NEWER = 'written_for = "99.1"\n';
  const CLICK = { approve: 'click', rememberMinutes: 15, for: 'role' };

  test('of [[protect]] needs at least a click, and does not take the place of the rules below it', async () => {
    const none = '[[protect]]\napprove = "none"\nonly_from = "office"\n';
    const strict = '[[protect]]\npermission_set = "Admin"\napprove = "passkey"\nremember_minutes = 1\n';
    expect(await ruleFor(NEWER + none)).toEqual(CLICK);
    expect(await ruleFor(NEWER + none + strict)).toEqual({ approve: 'passkey', rememberMinutes: 1, for: 'role' });
    expect(await ruleFor('', NEWER + none + strict)).toMatchObject({ approve: 'passkey' });
    // Without an unknown key the first rule decides.
    expect(await ruleFor(`${NEWER}[[protect]]\napprove = "none"\n${strict}`)).toBeUndefined();
  });

  test('of [[chain]] is left out: the key may narrow what the chain can do', async () => {
    const chain = '[[chain]]\nrole_arn = "arn:aws:iam::111111111111:role/A"\n';
    const { chains, problems } = await parse(`${NEWER}${chain}policy_file = "x"\n${chain}`);
    expect(chains.map(({ line }) => line)).toEqual([5]);
    expect(problems[0]?.message).toContain('Ignored: "policy_file" (line 4, so this [[chain]] is left out).');
  });
});
