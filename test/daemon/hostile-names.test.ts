// Account names are free text that an administrator typed: they are shown, never run, and never stand in a profile as they are.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createDefaultDirectory } from '../../src/emulator/default-directory.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';
import { runProcess } from '../helpers/run-process.ts';

let rig: Rig | undefined;
afterEach(() => rig?.remove());

const NAMES = [
  '$(touch pwned)',
  '`touch pwned`',
  '"; touch pwned; "',
  "'; touch pwned; '",
  'prod] \n[profile default',
  '%F{red}prod',
  '\u001b[31mred\u001b[0m',
  '\u202etxt.exe',
  '😀 emoji 🇪🇺',
  'x'.repeat(50),
  'Twins',
  'Twins',
  '../../etc/passwd',
  '# >>> rolecall >>>',
  undefined,
] as const;

test('hostile, equal, long and missing account names are all usable, and nothing of them is evaluated', async () => {
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
  const login = await runCli(['login'], { isTerminal: true });
  expect(login).toMatchObject({ exitCode: 0 });
  expect(login.stdout).toContain(`${NAMES.length} accounts, ${NAMES.length} permission sets.`);

  const list = await runCli(['ls']);
  const profiles = await runCli(['profiles', 'list']);
  for (const { stdout } of [list, profiles]) {
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(stdout.trimEnd().split('\n')).toHaveLength(NAMES.length + 1);
  }

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
});

test.each([
  ['an account that is not ours', ['--account', '999999999999', '--role', 'ReadOnly'], 6],
  ['a permission set that is not ours', ['--account', '111111111111', '--role', 'ReadOnly'], 5],
  ['an account id without its leading zero', ['--account', '44444444444', '--role', 'ReadOnly'], 2],
  ['a role with a path in it', ['--account', '111111111111', '--role', '../../x'], 2],
  ['a role with a line break', ['--account', '111111111111', '--role', 'Admin\nAdmin'], 2],
])('%s is told as such', async (_, selectors, exitCode) => {
  rig = await createRig();
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  expect(await rig.runCli(['credential-process', '--session', SESSION, ...selectors])).toEqual({
    exitCode,
    stdout: '',
    stderr: expect.stringMatching(/^rolecall: [^\n]+\.\nRun: [^\n]+\n$/),
  });
});
