// `rolecall use` against a real daemon: what matches, what is asked, what is made current, and what a shell without the hook is told.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRig, type CliOptions, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { createPerson } from './picker/person.ts';

const ADMIN = 'taylor.Admin-AF-Permission-Set';
const SETTINGS = `
[[role]]
account_id = "333333333333"
permission_set = "*"
pin = true

[[protect]]
session = "*"
account_id = "*"
permission_set = "Admin-AF-Permission-Set"
approve = "none"
`;

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({ settings: SETTINGS, environment: { ROLECALL_PICKER: 'builtin', SHELL: '/usr/bin/zsh' } });
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  await waitFor('the profiles', async () => (await rig.runCli(['use', '--print-name', ADMIN])).exitCode === 0);
});
afterAll(() => rig.remove());

describe('a name for AWS_PROFILE', () => {
  const name = (words: readonly string[], options?: CliOptions) =>
    rig.runCli(['use', '--print-name', ...words], options);

  test.each([
    ['a profile of ours', [ADMIN]],
    ['a hand-written one', ['account1']],
    ['the one that follows the current role', ['current']],
  ])('is the name itself when it is that of %s, and nothing else is said', async (_, words) => {
    expect(await name(words)).toEqual({ exitCode: 0, stdout: `${words[0] ?? ''}\n`, stderr: '' });
  });

  test.each([
    [
      'words of the account’s name',
      ['log', 'archive'],
      'Log-Archive.ReadOnly',
      'Log Archive  044444444444  ReadOnly  us-east-1\n',
    ],
    [
      'an account id and a word',
      ['333333333333', 'read'],
      'Shop-Staging.ReadOnly',
      'Shop Staging  333333333333  ReadOnly  us-east-1\n',
    ],
    [
      'account and permission set',
      ['professional', 'READ'],
      'professional-af.ReadOnly',
      'professional-af  222222222222  ReadOnly  us-east-1\n',
    ],
    [
      'the whole of account id and permission set, though it is protected,',
      ['111111111111', 'Admin-AF-Permission-Set'],
      ADMIN,
      'taylor  111111111111  Admin-AF-Permission-Set  us-east-1  ⚠\n',
    ],
  ])('is found by %s when they are unique, and whose account it is is said', async (_, words, stdout, stderr) => {
    expect(await name(words)).toEqual({ exitCode: 0, stdout: `${stdout}\n`, stderr });
  });

  test('is not found by digits from the middle of an account id', async () => {
    expect(await name(['log', '44'])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('No role matches "log 44".'),
    });
  });

  test('is not chosen among several: prints the candidates and exits with 2', async () => {
    expect(await name(['readonly'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `  Shop Staging     333333333333  ReadOnly  Shop-Staging.ReadOnly
  Log Archive      044444444444  ReadOnly  Log-Archive.ReadOnly
  professional-af  222222222222  ReadOnly  professional-af.ReadOnly
rolecall: 3 roles match "readonly". Name one. [usage]
Run: rolecall use Shop-Staging.ReadOnly
`,
    });
  });

  test('is not chosen among several: --json has the candidates in a note', async () => {
    const { stderr } = await rig.runCli(['use', '--json', 'readonly']);
    const [note, error] = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const profiles = ['Shop-Staging.ReadOnly', 'Log-Archive.ReadOnly', 'professional-af.ReadOnly'];
    expect(note).toMatchObject({ type: 'note', roles: profiles.map((profile) => ({ profile })) });
    expect(error).toMatchObject({ code: 'usage', hint: 'rolecall use Shop-Staging.ReadOnly' });
  });

  test('of several candidates, marks protected ones and suggests another', async () => {
    expect(await name(['professional'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `⚠  professional-af  222222222222  Admin-AF-Permission-Set  professional-af.Admin-AF-Permission-Set
   professional-af  222222222222  ReadOnly                 professional-af.ReadOnly
rolecall: 2 roles match "professional". Name one. [usage]
Run: rolecall use professional-af.ReadOnly
`,
    });
  });

  test('is not found by letters with gaps: suggests the nearest and exits with 6', async () => {
    expect(await name(['shpstg'])).toEqual({
      exitCode: 6,
      stdout: '',
      stderr:
        'rolecall: No role matches "shpstg". Nearest: Shop-Staging.ReadOnly. [profile-not-found]\nRun: rolecall use Shop-Staging.ReadOnly\n',
    });
    expect(await name(['taylr'])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining(`Nearest: ${ADMIN}.`),
    });
    expect(await name(['arxive'])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining(
        'Nearest: Log-Archive.ReadOnly. [profile-not-found]\nRun: rolecall use Log-Archive.ReadOnly\n',
      ),
    });
    // An exact name is not asked about, so none of a protected role is there to paste.
    expect(await rig.runCli(['use', '--current', 'taylr'])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining(`Nearest: ${ADMIN}. [profile-not-found]\nRun: rolecall ls\n`),
    });
    expect(await name(['qqqqqq'])).toMatchObject({
      exitCode: 6,
      stderr: expect.stringMatching(/matches "qqqqqq"\. \[profile-not-found\]\nRun/u),
    });
  });

  test('without a terminal is not asked for', async () => {
    expect(await name([])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there is no terminal') });
    expect(await name(['--no-picker', 'readonly'], { isTerminal: true })).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await rig.runCli(['use', '--json', 'readonly'], { isTerminal: true })).toMatchObject({
      exitCode: 2,
      stdout: '',
    });
  });

  test('with --json prints the whole role and changes nothing', async () => {
    const { exitCode, stdout } = await rig.runCli(['use', '--json', 'log']);
    expect({ exitCode, role: JSON.parse(stdout) as unknown }).toEqual({
      exitCode: 0,
      role: {
        session: 'my-sso-session',
        label: 'my-sso-session',
        accountId: '044444444444',
        accountName: 'Log Archive',
        permissionSet: 'ReadOnly',
        profile: 'Log-Archive.ReadOnly',
        protected: false,
        pinned: false,
        score: 0,
      },
    });
  });
});

describe('the picker', () => {
  const pick = (words: readonly string[], person: ReturnType<typeof createPerson>, answers: string[] = []) =>
    rig.runCli(['use', '--print-name', ...words], {
      isTerminal: true,
      openPickerTerminal: person.openPickerTerminal,
      answers,
    });

  test('shows every role, pinned ones first, and prints the chosen one', async () => {
    const person = createPerson([[/5 of 5/u, '\u001b[B\u001b[B\r']]);
    expect(await pick([], person, ['y'])).toEqual({
      exitCode: 0,
      stdout: 'professional-af.Admin-AF-Permission-Set\n',
      stderr: expect.stringContaining('professional-af  222222222222  Admin-AF-Permission-Set'),
    });
    expect(person.state).toMatchObject({ isOpen: 1, closed: 1 });
    expect(person.state.screens[0]?.split('\n').slice(1, 6)).toEqual([
      '>   Shop Staging     333333333333  ReadOnly                 Shop-Staging.ReadOnly',
      '    Log Archive      044444444444  ReadOnly                 Log-Archive.ReadOnly',
      '  ⚠ professional-af  222222222222  Admin-AF-Permission-Set  professional-af.Admin-AF-Permission-Set',
      '    professional-af  222222222222  ReadOnly                 professional-af.ReadOnly',
      '  ⚠ taylor           111111111111  Admin-AF-Permission-Set  taylor.Admin-AF-Permission-Set',
    ]);
  });

  test('asks before it uses a protected role, or one found only by its account id', async () => {
    for (const [query, answer, outcome] of [
      ['taylor', 'n', { exitCode: 130, stdout: '' }],
      ['taylor', 'y', { exitCode: 0, stdout: `${ADMIN}\n` }],
      ['3333', 'n', { exitCode: 130, stdout: '' }],
      ['log read', 'n', { exitCode: 0, stdout: 'Log-Archive.ReadOnly\n' }],
    ] as const) {
      const person = createPerson([
        [/5 of 5/u, query],
        [/1 of 5/u, '\r'],
      ]);
      expect(await pick([], person, [answer])).toMatchObject(outcome);
    }
  });

  test('starts with the query of the command line', async () => {
    const person = createPerson([
      [/> readonly {6}.*3 of 5/u, 'prof'],
      [/> readonly prof {6}.*1 of 5/u, '\r'],
    ]);
    expect(await pick(['readonly'], person)).toMatchObject({ exitCode: 0, stdout: 'professional-af.ReadOnly\n' });
  });

  test('also searches letters with gaps, because the user sees the matches', async () => {
    const person = createPerson([[/1 of 5/u, '\r']]);
    expect(await pick(['shpstg'], person)).toMatchObject({ exitCode: 0, stdout: 'Shop-Staging.ReadOnly\n' });
  });

  test.each([
    ['Ctrl-C', '\u0003'],
    ['Escape', '\u001b'],
  ])('closed with %s prints nothing, exits with 130 and restores the terminal', async (_, input) => {
    const person = createPerson([[/5 of 5/u, input]]);
    expect(await pick([], person)).toEqual({ exitCode: 130, stdout: '', stderr: '' });
    expect(person.state).toMatchObject({ isOpen: 1, closed: 1 });
  });

  test('restores the terminal when a signal ends the command', async () => {
    const interrupt = new AbortController();
    const person = createPerson([]);
    const running = rig.runCli(['use', '--print-name'], {
      isTerminal: true,
      openPickerTerminal: person.openPickerTerminal,
      signal: interrupt.signal,
    });
    await waitFor('the picker', () => person.state.isOpen === 1);
    interrupt.abort(new Error('interrupted'));
    expect(await running).toMatchObject({ exitCode: 130, stdout: '' });
    expect(person.state.closed).toBe(1);
  });
});

describe('the current role', () => {
  const NOTE =
    'Programs that use [profile current] follow at their next refresh, even in the middle of an apply. For long runs: rolecall exec\n';

  test('is set by name or by words, says who follows it and when, and is cleared', async () => {
    expect(await rig.runCli(['use', '--current', 'log'])).toEqual({
      exitCode: 0,
      stdout: 'Current role: Log Archive  044444444444  ReadOnly  us-east-1  (profile Log-Archive.ReadOnly)\n',
      stderr: NOTE,
    });
    expect(await rig.client.call('current', {})).toMatchObject({
      accountId: '044444444444',
      permissionSet: 'ReadOnly',
    });
    expect(await rig.runCli(['use', '--current', 'account1'])).toMatchObject({
      stdout: `Current role: taylor  111111111111  Admin-AF-Permission-Set  us-east-1  ⚠  (profile ${ADMIN})\n`,
    });
    expect(await rig.runCli(['use', '--current', '--off'])).toEqual({
      exitCode: 0,
      stdout: 'No current role is set.\n',
      stderr: '',
    });
    expect(await rig.client.call('current', {})).toBeNull();
  });

  test('is printed as JSON', async () => {
    const { stdout } = await rig.runCli(['use', '--current', ADMIN, '--json']);
    expect(JSON.parse(stdout)).toEqual(await rig.client.call('current', {}));
    expect((await rig.runCli(['use', '--current', '--off', '--json'])).stdout).toBe('null\n');
  });

  test('stays the same if nothing or several roles match, or if nobody chooses', async () => {
    await rig.runCli(['use', '--current', 'log']);
    for (const [words, exitCode] of [
      [['nosuch'], 6],
      [['readonly'], 2],
      [[], 2],
      [['current'], 2],
      [['-'], 2],
    ] as const) {
      expect(await rig.runCli(['use', '--current', ...words])).toMatchObject({ exitCode, stdout: '' });
    }
    expect((await rig.runCli(['use', '--current', '-'])).stderr).toBe(
      'rolecall: "-" means the previous profile of a shell; the current role has no previous one. [usage]\nRun: rolecall use --current\n',
    );
    const person = createPerson([[/5 of 5/u, '\u0003']]);
    expect(
      await rig.runCli(['use', '--current'], { isTerminal: true, openPickerTerminal: person.openPickerTerminal }),
    ).toMatchObject({ exitCode: 130 });
    expect(await rig.client.call('current', {})).toMatchObject({ accountId: '044444444444' });
  });
});

describe('a role that needs a confirmation', () => {
  test.each([
    [
      'a protected role',
      ['taylor'],
      'your settings protect it',
      `taylor  111111111111  Admin-AF-Permission-Set  ⚠`,
      ADMIN,
    ],
    [
      'one of which only the account id was given',
      ['333333333333'],
      'it was found only by its account id',
      'Shop Staging  333333333333  ReadOnly',
      'Shop-Staging.ReadOnly',
    ],
    [
      'one of which only a part of the account id was given',
      ['3333', 'read'],
      'it was found only by its account id',
      'Shop Staging  333333333333  ReadOnly',
      'Shop-Staging.ReadOnly',
    ],
  ])('is not used unless a person agrees: %s', async (_, words, reason, description, profile) => {
    const refused = (command: string) => ({
      exitCode: 2,
      stdout: '',
      stderr: `rolecall: "${words.join(' ')}" matches ${description}, but ${reason}. Name it exactly. [usage]\nRun: ${command} ${profile}\n`,
    });
    const terminal = { isTerminal: true, environment: { NO_COLOR: '1' } };
    expect(await rig.runCli(['use', '--print-name', ...words])).toEqual(refused('rolecall use'));
    expect(await rig.runCli(['use', '--print-name', '--no-picker', ...words], terminal)).toEqual(
      refused('rolecall use'),
    );
    const { stderr, ...rest } = await rig.runCli(['use', '--json', ...words], terminal);
    expect({ ...rest, error: JSON.parse(stderr) as unknown }).toEqual({
      exitCode: 2,
      stdout: '',
      error: {
        code: 'usage',
        message: `"${words.join(' ')}" matches ${description}, but ${reason}. Name it exactly.`,
        hint: `rolecall use ${profile}`,
        exitCode: 2,
      },
    });
    await rig.runCli(['use', '--current', '--off']);
    expect(await rig.runCli(['use', '--current', ...words])).toEqual(refused('rolecall use --current'));

    const question = `Use ${description} in this shell? (${reason}) [y/N] `;
    for (const answer of ['n', '', undefined]) {
      expect(
        await rig.runCli(['use', '--print-name', ...words], {
          isTerminal: true,
          answers: answer === undefined ? [] : [answer],
        }),
      ).toEqual({
        exitCode: 130,
        stdout: '',
        stderr: expect.stringMatching(/Nothing changed\.\n$/u),
      });
    }
    const agreed = await rig.runCli(['use', '--print-name', ...words], { isTerminal: true, answers: ['y'] });
    expect(agreed).toMatchObject({ exitCode: 0, stdout: `${profile}\n` });
    expect(agreed.stderr).toContain(question);

    const said = await rig.runCli(['use', '--current', ...words], { isTerminal: true, answers: ['no'] });
    expect(said).toMatchObject({ exitCode: 130 });
    expect(said.stderr).toContain(`Use ${description} as the current role? (${reason}) [y/N] `);
    expect(await rig.client.call('current', {})).toBeNull();
    // What the error says to run is what a script may run.
    expect(await rig.runCli(['use', '--current', profile])).toMatchObject({ exitCode: 0 });
    await rig.runCli(['use', '--current', '--off']);
  });
});

describe('without the hook', () => {
  test('exits with 2, and prints the line that loads the hook and what to type without it', async () => {
    expect(await rig.runCli(['use', ADMIN])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `rolecall: The shell hook is not set up in this shell. Without it, "export AWS_PROFILE=${ADMIN}" does the same. [usage]
Run: eval "$(rolecall shell-init zsh)"
`,
    });
    for (const words of [[], ['-']]) {
      expect(await rig.runCli(['use', ...words])).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('Without it, "export AWS_PROFILE=NAME" does the same. [usage]\n'),
      });
    }
    expect(await rig.runCli(['use', '--off'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Without it, "unset AWS_PROFILE" does the same. [usage]\n'),
    });
    expect(await rig.runCli(['use', ADMIN], { environment: { SHELL: '/usr/bin/fish' } })).toMatchObject({
      stderr: expect.stringContaining('Run: rolecall shell-init fish | source\n'),
    });
    expect(await rig.runCli(['use', ADMIN], { environment: { SHELL: '/bin/csh' } })).toMatchObject({
      stderr: expect.stringContaining('Run: rolecall shell-init --help\n'),
    });
  });

  test('an unknown name is reported first', async () => {
    expect(await rig.runCli(['use', 'nosuch'])).toMatchObject({ exitCode: 6 });
  });

  test.each([[['--off', 'x']], [['--print-name', '--current', 'x']], [['--print-name', '--json', 'x']]])(
    'refuses %j',
    async (words) => {
      expect(await rig.runCli(['use', ...words])).toMatchObject({ exitCode: 2, stdout: '' });
    },
  );
});
