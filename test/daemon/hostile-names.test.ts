// Account names are free text from an administrator: they are shown, never evaluated, and never written to a profile unchanged.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createDefaultDirectory } from '../../src/emulator/directory/default-directory.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, runProcess } from '../helpers/run-process.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig | undefined;
afterEach(() => rig?.remove());

const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u2028-\u202e\u2066-\u2069]/;

const NAMES = [
  '$(touch pwned)',
  '`touch pwned`',
  '"; touch pwned; "',
  "'; touch pwned; '",
  'prod] \n[profile default',
  '%F{red}prod',
  '\u001b[31m\u009b31mred\u2028\u001b[0m',
  '\u202etxt.exe',
  '😀 emoji 🇪🇺',
  'x'.repeat(50),
  'Twins',
  'Twins',
  '../../etc/passwd',
  '# >>> rolecall >>>',
  undefined,
] as const;

test('hostile, equal, long and missing account names are usable and never evaluated', async () => {
  const directory = createDefaultDirectory();
  const accountIds = NAMES.map((_, index) => String(index).padStart(12, '0'));
  const created = await createRig({
    emulator: {
      directory: {
        ...directory,
        accounts: [
          ...directory.accounts,
          ...NAMES.map((accountName, index) => ({
            accountId: accountIds[index] as string,
            ...(accountName === undefined ? {} : { accountName }),
          })),
        ],
        assignments: accountIds.map((accountId) => ({ accountId, permissionSet: 'ReadOnly', user: 'taylor' })),
      },
    },
  });
  rig = created;
  const { runCli, home } = created;
  const login = await runCli(['login', '--yes'], { isTerminal: true });
  expect(login).toMatchObject({ exitCode: 0 });
  expect(login.stdout).toContain(`${NAMES.length} accounts, ${NAMES.length} permission sets.`);

  const list = await runCli(['ls']);
  const profiles = await runCli(['profiles', 'list']);
  for (const { stdout } of [list, profiles]) {
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(stdout.trimEnd().split('\n')).toHaveLength(NAMES.length + 1);
  }

  const json = (await runCli(['ls', '--json'])).stdout;
  expect(json).not.toMatch(/[^\n\P{Cc}]|[\u2028-\u202e]/u);
  const listed = JSON.parse(json) as { accounts: { accountName: string | null }[] };
  expect(new Set(listed.accounts.map(({ accountName }) => accountName))).toEqual(
    new Set(NAMES.map((name) => name ?? null)),
  );

  const planned = await created.client.call('profiles', {});
  const names = planned.profiles.map(({ profileName }) => profileName);
  expect(new Set(names).size).toBe(NAMES.length);
  expect(names.filter((name) => !/^[A-Za-z0-9_.@/-]+$/.test(name))).toEqual([]);
  expect(names).toContain('Twins-000000000010.ReadOnly');
  expect(names).toContain('Twins-000000000011.ReadOnly');
  expect(names).toContain('000000000014.ReadOnly');

  const config = readFileSync(created.configPath, 'utf8');
  const commands = [...config.matchAll(/^credential_process = (.*--account .*)$/gm)].map(([, command = '']) => command);
  expect(commands).toHaveLength(NAMES.length);
  const runs = await Promise.all(
    commands.map((command) =>
      runProcess('/bin/sh', ['-c', command], { environment: created.environment, cwd: home.path }),
    ),
  );
  expect(runs.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
    commands.map(() => ({ exitCode: 0, stderr: '' })),
  );
  expect(runs.map(({ stdout }) => (JSON.parse(stdout) as { AccountId: string }).AccountId).toSorted()).toEqual(
    accountIds,
  );
  expect(existsSync(join(home.path, 'pwned'))).toBe(false);

  // A refusal names the account, and the sh client prints the daemon's message unchanged.
  const refusals = await Promise.all(
    [6, 7].map(async (index) => {
      const selectors = ['--session', SESSION, '--account', accountIds[index] as string, '--role', 'Nope'];
      const { environment } = created;
      const run = await runProcess('/bin/sh', [CREDENTIAL_PROCESS, ...selectors], { environment, cwd: home.path });
      return { run, cli: await runCli(['credential-process', ...selectors]) };
    }),
  );
  for (const { run, cli } of refusals) {
    expect(run).toEqual({ exitCode: 5, stdout: '', stderr: expect.stringMatching(/red|txt\.exe/) });
    expect(run.stderr.replaceAll('\n', '')).not.toMatch(CONTROL);
    expect(run).toEqual(cli);
  }
});

/** Text that each surface would interpret if it were not escaped. */
const SURFACE_NAMES = [
  '$(touch pwned)',
  '`touch pwned`',
  'two\nlines',
  '%F{red}%(?.touch pwned.b)',
  '<img src=x onerror=alert(1)>',
  '\u001b[31mred\u001b]8;;http://x\u0007',
  '#[fg=red]#(touch pwned)',
  "x | bash='touch pwned' shell=touch param1=pwned terminal=false",
] as const;

test('no surface evaluates a name, changes colour because of it, or gets an additional line', async () => {
  const directory = createDefaultDirectory();
  const accounts = SURFACE_NAMES.map((accountName, index) => ({
    accountName,
    accountId: String(700_000_000_000 + index),
  }));
  const created = await createRig({
    emulator: {
      directory: {
        ...directory,
        accounts: [...directory.accounts, ...accounts],
        assignments: accounts.map(({ accountId }) => ({ accountId, permissionSet: 'ReadOnly', user: 'taylor' })),
      },
    },
  });
  rig = created;
  const { runCli, client, paths, home } = created;
  expect(await runCli(['login'])).toMatchObject({ exitCode: 0 });

  // Programs get the original name, in JSON.
  const { roles } = await client.call('roles', { query: {} });
  expect(new Set(roles.map(({ accountName }) => accountName))).toEqual(new Set(SURFACE_NAMES));

  // Shells get names that need no quoting.
  const switchFile = (name: string) => readFileSync(join(paths.switchDirectory, name), 'utf8').trim().split('\n');
  await waitFor('the names for shells', () => switchFile('accounts').length >= SURFACE_NAMES.length);
  expect(switchFile('profiles').filter((line) => !/^[A-Za-z0-9_.@/+=:,-]+$/.test(line))).toEqual([]);
  expect(switchFile('accounts').filter((line) => !/^\d{12}\t[A-Za-z0-9_.@/+=:,-]+$/.test(line))).toEqual([]);

  const said: string[] = [];
  /** The output of a command by line, without control characters. */
  const linesOf = async (...argv: string[]) => {
    const run = await runCli(argv, { environment: { AWS_PROFILE: 'current' }, isTerminal: true });
    expect({ argv, ...run }).toMatchObject({ argv, exitCode: 0 });
    // Remove our own colours.
    const lines = `${run.stdout}${run.stderr}`
      .replaceAll(/\u001b\[\d*m/g, '')
      .trimEnd()
      .split('\n');
    expect(lines.filter((line) => CONTROL.test(line))).toEqual([]);
    said.push(...lines);
    return lines;
  };
  expect((await linesOf('ls')).filter((line) => /  7\d{11}  /.test(line))).toHaveLength(SURFACE_NAMES.length);
  const lengths: Record<string, Set<number>> = {};
  for (const { accountName, accountId } of accounts) {
    const { stdout } = await runCli(['use', '--json', accountId, 'ReadOnly']);
    expect(JSON.parse(stdout)).toMatchObject({ accountName, accountId });
    await linesOf('use', '--current', accountId, 'ReadOnly');
    for (const argv of [
      ['whoami'],
      ['status'],
      ['status', '--format', 'prompt'],
      ['status', '--format', 'tmux'],
      ['status', '--format', 'waybar'],
      ['console', '--print'],
      ['tray', '--format', 'argos'],
      ['tray', '--format', 'swiftbar'],
      ['tray', '--format', 'xbar'],
    ]) {
      const lines = await linesOf(...argv);
      (lengths[argv.join(' ')] ??= new Set()).add(lines.length);
      // tmux evaluates such parentheses, and zsh evaluates prompts.
      if (argv[2] === 'tmux' || argv[2] === 'prompt') expect(lines.join('')).not.toMatch(/#[([]fg=red|#\(|%|\$|`/);
      // Waybar interprets markup.
      if (argv[2] === 'waybar') {
        const { tooltip } = JSON.parse(lines.join('')) as { tooltip: string };
        expect(tooltip).not.toMatch(/<(?!\/?span\b)/);
      }
      // SwiftBar runs the command after `|`: there must be exactly one, with our own program.
      if (argv[0] === 'tray') {
        expect(lines.filter((line) => /\|.*\||\|.*(?:touch|pwned) *pwned/.test(line))).toEqual([]);
      }
    }
  }
  // The number of lines does not depend on the name of the current account.
  expect(Object.entries(lengths).filter(([, counts]) => counts.size !== 1)).toEqual([]);
  expect(said.some((line) => line.includes('<img src=x onerror=alert(1)>'))).toBe(true);

  // SDKs print the parsed message, botocore the whole answer.
  const role = { accountId: accounts[5]?.accountId as string, permissionSet: 'ReadOnly' };
  const grant = await client.call('createGrant', { body: { session: SESSION, ...role } });
  created.emulator.directory.unassign({ ...role, user: 'taylor' });
  const answer = await fetch(grant.url, { headers: { authorization: grant.token } });
  const told = (await answer.json()) as { code: string; message: string };
  expect(told).toMatchObject({ code: 'permission-set-not-assigned', message: expect.stringContaining('red') });
  expect(Object.values(told).join('')).not.toMatch(CONTROL);

  expect(created.logLines.filter((line) => CONTROL.test(line))).toEqual([]);
  expect(readdirSync(home.path).filter((name) => name.includes('pwned'))).toEqual([]);
});

test.each([
  ['an account that is not ours', ['--account', '999999999999', '--role', 'ReadOnly'], 6],
  ['a permission set that is not ours', ['--account', '111111111111', '--role', 'ReadOnly'], 5],
  ['an account id without its leading zero', ['--account', '44444444444', '--role', 'ReadOnly'], 2],
  ['a role with a path in it', ['--account', '111111111111', '--role', '../../x'], 2],
  ['a role with a line break', ['--account', '111111111111', '--role', 'Admin\nAdmin'], 2],
])('reports %s', async (_, selectors, exitCode) => {
  rig = await createRig();
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  expect(await rig.runCli(['credential-process', '--session', SESSION, ...selectors])).toEqual({
    exitCode,
    stdout: '',
    stderr: expect.stringMatching(/^rolecall: [^\n]+\. \[[a-z-]+\]\nRun: [^\n]+\n$/),
  });
});
