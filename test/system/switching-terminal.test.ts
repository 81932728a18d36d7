// `rolecall use` in real terminals with bash, zsh and fish: hook, picker, fzf, Tab, and account names that do their worst.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createDefaultDirectory } from '../../src/emulator/directory/default-directory.ts';
import { createRig, type Rig } from '../helpers/rig.ts';
import { ROLECALL } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { openTerminal, TMUX, type Terminal } from '../helpers/terminal.ts';
import { waitFor } from '../helpers/wait-for.ts';

const ADMIN = 'taylor.Admin-AF-Permission-Set';
const HOSTILE = [
  '$(touch pwned)',
  '`touch pwned`',
  "'; touch pwned; '",
  'two\nlines',
  '%F{red}prod',
  '\u001b[31mred\u001b[0m',
  '#[fg=red]tmux',
  '{} {q} --preview=touch pwned',
];

interface ShellUnderTest {
  readonly name: 'bash' | 'zsh' | 'fish';
  readonly command: readonly string[];
  /** Lines that read hook and completions. */
  readonly setUp: readonly string[];
  readonly status: string;
}

const read = (shell: string, what: string) => `. ./${what}.${shell}`;
const ALL_SHELLS: readonly ShellUnderTest[] = [
  {
    name: 'bash',
    command: ['/bin/bash', '--norc', '--noprofile'],
    setUp: [read('bash', 'shell-init'), read('bash', 'completion'), 'bind "set bell-style none"'],
    status: '$?',
  },
  {
    name: 'zsh',
    command: ['/usr/bin/zsh', '-f'],
    setUp: ['autoload -Uz compinit; compinit -u -D', read('zsh', 'shell-init'), read('zsh', 'completion')],
    status: '$?',
  },
  {
    name: 'fish',
    command: ['/usr/bin/fish', '--no-config'],
    setUp: [
      'function fish_prompt; printf "\\$ "; end; set -g fish_autosuggestion_enabled 0',
      read('fish', 'shell-init'),
      read('fish', 'completion'),
    ],
    status: '$status',
  },
];
const hasTmux = systemPart('tmux', TMUX);
const FZF = '/usr/bin/fzf';
const SHELLS = ALL_SHELLS.filter(({ name, command }) => systemPart(name, command[0] ?? ''));

let rig: Rig;
let terminal: Terminal;
beforeAll(async () => {
  const directory = createDefaultDirectory();
  const accountIds = HOSTILE.map((_, index) => String(500_000_000_000 + index));
  rig = await createRig({
    emulator: {
      directory: {
        ...directory,
        accounts: [
          ...directory.accounts,
          ...HOSTILE.map((accountName, index) => ({ accountId: accountIds[index] ?? '', accountName })),
        ],
        assignments: [
          ...directory.assignments,
          ...accountIds.map((accountId) => ({ accountId, permissionSet: 'Admin-AF-Permission-Set', user: 'taylor' })),
        ],
      },
    },
  });
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  // Each start of the program leaves a line.
  const shim = `#!/bin/sh\necho "$*" >>${rig.home.path}/started\nexec ${process.execPath} ${ROLECALL} "$@"\n`;
  writeFileSync(join(rig.home.path, 'rolecall'), shim, { mode: 0o755 });
  for (const { name } of SHELLS) {
    for (const command of ['shell-init', 'completion']) {
      writeFileSync(join(rig.home.path, `${command}.${name}`), (await rig.runCli([command, name])).stdout);
    }
  }
  const profiles = join(rig.paths.switchDirectory, 'profiles');
  await waitFor('the names for shells', () => readFileSync(profiles, 'utf8').includes(ADMIN));
});
afterAll(() => rig.remove());
beforeEach(() => writeFileSync(join(rig.home.path, 'started'), ''));

const started = () => readFileSync(join(rig.home.path, 'started'), 'utf8');
/** How often each profile was switched to, as the daemon has it: it empties the file of the shells at any moment. */
async function usesByProfile(): Promise<Record<string, number>> {
  const { roles } = await rig.client.call('roles', { query: {} });
  return Object.fromEntries(roles.map(({ profile, score }) => [profile ?? '', Math.round(score)]));
}

async function open(shell: ShellUnderTest, environment: Readonly<Record<string, string>> = {}): Promise<void> {
  terminal = openTerminal({
    directory: rig.home.path,
    environment: {
      ...rig.environment,
      PATH: `${rig.home.path}:${rig.environment['PATH'] ?? ''}`,
      PS1: '$ ',
      SHELL: shell.command[0] ?? '',
      ROLECALL_PICKER: 'builtin',
      ...environment,
    },
    command: shell.command,
  });
  for (const line of shell.setUp) terminal.type(line);
  terminal.type('clear; echo rea""dy');
  await terminal.see(/^ready$/mu);
}

/** Runs a line and gives what it printed, up to the status that follows. */
async function run(shell: ShellUnderTest, line: string, mark: string): Promise<string> {
  terminal.type(`clear; ${line}; echo "${mark}-${shell.status}-"`);
  const [, printed = '', status = ''] = await terminal.see(new RegExp(`([^]*?)${mark}-(\\d+)-$`, 'mu'));
  return `${printed}status ${status}`;
}

describe.skipIf(!hasTmux).each(SHELLS)('$name', (shell) => {
  afterEach(() => terminal.close());

  /** The shell's own word on what programs that it starts would see. */
  const profileLine = `printenv AWS_PROFILE AWS_ACCESS_KEY_ID AWS_BEARER_TOKEN_BEDROCK AWS_ROLE_ARN | tr "\\n" " "`;

  test('switches by exact name without a Node, takes keys out, goes back, and off', async () => {
    await open(shell, {
      AWS_ACCESS_KEY_ID: 'AKID',
      AWS_BEARER_TOKEN_BEDROCK: 'b',
      AWS_ROLE_ARN: 'r',
      AWS_PROFILE: 'mine',
    });
    const before = await usesByProfile();
    expect(await run(shell, `rolecall use ${ADMIN}; ${profileLine}`, 'a')).toMatch(
      new RegExp(
        `^taylor {2}111111111111 {2}Admin-AF-Permission-Set {2}us-east-1\\nThis shell now uses ${ADMIN}\\. Its own keys were unset\\.\\n${ADMIN} `,
        'mu',
      ),
    );
    expect(await run(shell, `rolecall use professional-af.ReadOnly; ${profileLine}`, 'b')).toMatch(
      /^This shell now uses professional-af\.ReadOnly\.\nprofessional-af\.ReadOnly /mu,
    );
    expect(await run(shell, `rolecall switch -; ${profileLine}`, 'c')).toMatch(new RegExp(`^${ADMIN} `, 'mu'));
    expect(await run(shell, `rolecall assume -; ${profileLine}`, 'd')).toMatch(/^professional-af\.ReadOnly /mu);
    expect(await run(shell, `rolecall use --off; ${profileLine}`, 'e')).toMatch(
      /^This shell no longer has a profile\.\n(?!.*professional)/mu,
    );
    expect(await run(shell, `rolecall use -; ${profileLine}`, 'f')).toMatch(/^professional-af\.ReadOnly /mu);
    expect(started()).toBe('');
    const READ_ONLY = 'professional-af.ReadOnly';
    expect(await usesByProfile()).toEqual({
      ...before,
      [ADMIN]: (before[ADMIN] ?? 0) + 1,
      [READ_ONLY]: (before[READ_ONLY] ?? 0) + 1,
    });
  });

  test('switches by words when they are unique, says whose account it is, and leaves everything else to the program', async () => {
    await open(shell);
    expect(await run(shell, `rolecall use log archive; ${profileLine}`, 'a')).toMatch(
      /^Log Archive {2}044444444444 {2}ReadOnly {2}us-east-1\nThis shell now uses Log-Archive\.ReadOnly\.\nLog-Archive\.ReadOnly /mu,
    );
    expect(await run(shell, 'rolecall --version', 'b')).toMatch(/^rolecall +\d+\.\d+\.\d+$[^]*^status 0$/mu);
    expect(await run(shell, 'rolecall use --current log', 'c')).toContain(
      'Current role: Log Archive  044444444444  ReadOnly',
    );
    expect(started().trim().split('\n')).toEqual(['use --print-name -- log archive', '--version', 'use --current log']);
  });

  test('offers to sign in when signed out, and after a no says so next to the role', async () => {
    expect(await rig.runCli(['logout'])).toMatchObject({ exitCode: 0 });
    onTestFinished(async () => {
      await rig.runCli(['login']);
      await waitFor('the state', () => readFileSync(join(rig.paths.switchDirectory, 'signed-out'), 'utf8') === '');
    });
    await waitFor('the state', () => readFileSync(join(rig.paths.switchDirectory, 'signed-out'), 'utf8') !== '');
    await open(shell);
    terminal.type(`clear; rolecall use ${ADMIN}`);
    await terminal.see(/^Sign in to my-sso-session now\? \[Y\/n\] $/mu);
    terminal.type('n');
    const role = 'taylor {2}111111111111 {2}Admin-AF-Permission-Set {2}us-east-1';
    const line = `${role} {2}\\(signed out; run: rolecall login my-sso-session\\)\nThis shell now uses`;
    await terminal.see(new RegExp(`^${line} ${ADMIN}`, 'mu'));
    await run(shell, `rolecall use --off`, 'a');
    expect(await run(shell, `rolecall use -; ${profileLine}`, 'b')).toMatch(new RegExp(`^${line} ${ADMIN}`, 'mu'));
    expect(started().trim().split('\n')).toEqual([`use --print-name -- ${ADMIN}`]);
  });

  test('stays who it is when a name does not exist, when there is nothing to go back to, and inside of exec', async () => {
    await open(shell);
    expect(await run(shell, `rolecall use -`, 'a')).toMatch(
      /no profile to go back to\. \[usage\]\nRun: rolecall use\nstatus 2$/mu,
    );
    await run(shell, `rolecall use ${ADMIN}`, 'b');
    expect(await run(shell, 'rolecall use log qqq', 'c')).toMatch(/No role matches "log qqq"[^]*status 6$/mu);
    expect(await run(shell, `rolecall use '$(touch pwned)x'`, 'd')).toMatch(/status 6$/mu);
    expect(await run(shell, profileLine, 'e')).toMatch(new RegExp(`^${ADMIN} `, 'mu'));
    terminal.type(shell.name === 'fish' ? 'set -gx ROLECALL_PROFILE inside' : 'export ROLECALL_PROFILE=inside');
    expect(await run(shell, `rolecall use professional-af.ReadOnly`, 'f')).toMatch(
      /This shell uses inside until you leave it\. \[usage\]\nRun: exit\nstatus 2$/mu,
    );
    expect(await run(shell, profileLine, 'g')).toMatch(new RegExp(`^${ADMIN} `, 'mu'));
  });

  test('asks the program about an exact name that the credentials file has, and about no other', async () => {
    const credentials = join(rig.home.path, '.aws', 'credentials');
    writeFileSync(credentials, `[${ADMIN}]\naws_access_key_id = AKID\n[keys-only]\naws_access_key_id = AKID\n`);
    onTestFinished(async () => {
      rmSync(credentials);
      // The daemon may have taken the name out of the list meanwhile.
      await rig.client.call('setCurrent', { body: null });
      await waitFor('the name', () =>
        readFileSync(join(rig.paths.switchDirectory, 'profiles'), 'utf8').includes(ADMIN),
      );
    });
    await open(shell, { AWS_PROFILE: ADMIN });
    await run(shell, 'rolecall use professional-af.ReadOnly', 'a');
    expect(started()).toBe('');
    expect(await run(shell, `rolecall use ${ADMIN}`, 'b')).toMatch(/^Run: rolecall profiles sync\nstatus 1$/mu);
    expect(await run(shell, profileLine, 'c')).toMatch(/^professional-af\.ReadOnly /mu);
    expect(await run(shell, 'rolecall use -', 'd')).toMatch(/^Run: rolecall profiles sync\nstatus 1$/mu);
    expect(await run(shell, profileLine, 'e')).toMatch(/^professional-af\.ReadOnly /mu);
    expect(started()).toBe(`use --print-name -- ${ADMIN}\nuse --print-name --back -- ${ADMIN}\n`);

    terminal.type(shell.name === 'fish' ? 'set -gx AWS_PROFILE keys-only' : 'export AWS_PROFILE=keys-only');
    await run(shell, 'rolecall use --off', 'f');
    expect(await run(shell, `rolecall use -; ${profileLine}`, 'g')).toMatch(/^keys-only /mu);
  });

  test('never asks where nobody could answer', async () => {
    await open(shell);
    expect(await run(shell, 'rolecall use readonly | cat', 'a')).toContain('3 roles match "readonly"');
    expect(await run(shell, 'rolecall use --json readonly', 'b')).toMatch(/status 2$/mu);
  });

  test('lets a person choose by keys, on a screen of its own', async () => {
    await open(shell);
    terminal.type('echo kept on the screen; rolecall use readonly');
    // In which order depends on how often each was used until then.
    const [, second = ''] = await terminal.see(/^> readonly +3 of 13\n> {3}\S.*\n {4}(\S+)/mu);
    terminal.press('Down');
    await terminal.see(new RegExp(`^> {3}${second}`, 'mu'));
    terminal.press('C-u');
    await terminal.see(/^> +13 of 13$/mu);
    terminal.press('End');
    const [, chosen = ''] = await terminal.see(/^> {3}.* (\S+)\n\n[^]*^ {2}enter {2}\1 in this shell/mu);
    terminal.press('Enter');
    await terminal.see(new RegExp(`^This shell now uses ${chosen}\\.$`, 'mu'));
    expect(terminal.screen()).toContain('kept on the screen');
    expect(terminal.screen()).not.toContain('13 of 13');
    expect(await run(shell, profileLine, 'a')).toContain(`${chosen} `);
  });

  test.each(['C-c', 'Escape'])(
    'is the same shell after a picker that was left by %s, and echoes as before',
    async (key) => {
      await open(shell);
      await run(shell, `rolecall use ${ADMIN}`, 'a');
      terminal.type(`rolecall use; echo "left 42 ${shell.status}"`);
      await terminal.see(/13 of 13/u);
      terminal.press(key);
      await terminal.see(/^left 42 130$/mu);
      expect(await run(shell, profileLine, 'b')).toMatch(new RegExp(`^${ADMIN} `, 'mu'));
    },
  );

  test('shows hostile account names as text, switches to them, and runs nothing of them', async () => {
    await open(shell);
    terminal.type(`rolecall use 5000000; echo "left ${shell.status}"`);
    await terminal.see(/8 of 13/u);
    for (const name of [
      '$(touch pwned)',
      '`touch pwned`',
      "'; touch pwned; '",
      'two\ufffdlines',
      '%F{red}prod',
      '#[fg=red]tmux',
      '\ufffd[31mred\ufffd[0m',
    ]) {
      await waitFor(`${name} on the screen`, () => terminal.screen().includes(name));
    }
    terminal.press('C-c');
    await terminal.see(/^left 130$/mu);
    for (const [index] of HOSTILE.entries()) {
      expect(
        await run(shell, `rolecall use 50000000000${index} admin; rolecall whoami; ${profileLine}`, `m${index}`),
      ).toMatch(/now uses [^]*status 0$/mu);
    }
    expect(readdirSync(rig.home.path).filter((name) => name.includes('pwned'))).toEqual([]);
  });

  test.skipIf(!systemPart('fzf', FZF))(
    'lets the real fzf choose, whatever FZF_DEFAULT_OPTS would have run',
    async () => {
      const options =
        '--multi --print-query --preview="touch pwned; echo {}" --bind=enter:become(touch pwned) --layout=reverse';
      await open(shell, { ROLECALL_PICKER: '', FZF_DEFAULT_OPTS: options });
      terminal.type('rolecall use 50000000000');
      await terminal.see(/8\/13/u);
      await terminal.see(/\$\(touch pwned\)/u);
      const [, first = ''] = await terminal.see(/ 8\/13 .*\n.*\n.* (\S+\.Admin-AF-Permission-Set) *$/mu);
      terminal.press('Enter');
      // fzf searches by its own rule; a role that only its id led to is asked about all the same.
      await terminal.see(/it was found only by its account id\) \[y\/N\] $/mu);
      terminal.type('y');
      await terminal.see(new RegExp(`^This shell now uses ${first.replaceAll('.', '\\.')}\\.$`, 'mu'));
      terminal.type(`clear; rolecall use; echo "left ${shell.status}"`);
      await terminal.see(/13\/13/u);
      terminal.press('Escape');
      await terminal.see(/^left 130$/mu);
      expect(readdirSync(rig.home.path).filter((name) => name.includes('pwned'))).toEqual([]);
    },
  );

  test.each([
    ['a command', 'rolecall who', 'rolecall whoami '],
    ['a command of a group', 'rolecall profiles sy', 'rolecall profiles sync '],
    ['a flag', 'rolecall status --chec', 'rolecall status --check '],
    ['a profile for use', 'rolecall use tay', `rolecall use ${ADMIN} `],
    ['a hand-written profile', 'rolecall use accou', 'rolecall use account1 '],
    ['an account id for use', 'rolecall use 0444', 'rolecall use 044444444444 '],
    ['a profile after a word for use', 'rolecall use 0444 Log', 'rolecall use 0444 Log-Archive.ReadOnly '],
    ['a profile for exec', 'rolecall exec tay', `rolecall exec ${ADMIN} `],
    ['a profile for env', 'rolecall env Log', 'rolecall env Log-Archive.ReadOnly '],
    ['a profile after --profile', 'rolecall login --profile Log', 'rolecall login --profile Log-Archive.ReadOnly '],
    ['a session', 'rolecall logout my-', 'rolecall logout my-sso-session '],
    ['a shell', 'rolecall shell-init fi', 'rolecall shell-init fish '],
    ['a program inside of exec', `rolecall exec ${ADMIN} -- printen`, `rolecall exec ${ADMIN} -- printenv`],
  ])('completes %s by Tab, without a Node', async (_, typed, whole) => {
    await open(shell);
    terminal.send(typed);
    await waitFor('the echo', () => terminal.screen().includes(typed));
    terminal.press('Tab');
    await terminal.see(new RegExp(`^\\$ ${whole.trimEnd().replaceAll('.', '\\.')}`, 'mu'));
    expect(started()).toBe('');
  });

  test('completes nothing that could be run', async () => {
    const files = ['profiles', 'accounts'].map((name) => join(rig.paths.switchDirectory, name));
    const kept = files.map((file) => readFileSync(file, 'utf8'));
    try {
      for (const file of files) writeFileSync(file, '$(touch pwned)\n`touch pwned`\nevil*name\nevil.name\n');
      await open(shell);
      terminal.send('rolecall use evi');
      await waitFor('the echo', () => terminal.screen().includes('use evi'));
      terminal.press('Tab');
      await terminal.see(/^\$ rolecall use evil\.name/mu);
      expect(existsSync(join(rig.home.path, 'pwned'))).toBe(false);
    } finally {
      for (const [index, file] of files.entries()) writeFileSync(file, kept[index] ?? '');
    }
  });
});
