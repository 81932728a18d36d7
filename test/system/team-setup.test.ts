// A colleague's first two minutes with a team file, in real processes: one command, one sign-in, keys.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { AT_ONCE } from '../helpers/approval.ts';
import { runRolecall } from '../helpers/run-process.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';

let home: TemporaryHome;
let emulator: Emulator;
let environment: Record<string, string>;
beforeEach(async () => {
  home = createTemporaryHome();
  emulator = createEmulator(AT_ONCE);
  await emulator.listen();
  environment = { ...home.environment, ROLECALL_SECRET_STORE: 'memory', ...emulator.environment() };
});
afterEach(async () => {
  await runRolecall(['daemon', 'stop'], { environment });
  await emulator.close();
  await home.remove();
});

test('setup --from, login --all, keys under an alias; --refresh brings what is new', { timeout: 120_000 }, async () => {
  const path = join(home.path, 'team.toml');
  const team = `[session.work]
start_url = "https://d-1234567890.awsapps.com/start"
region = "us-east-1"
label = "Work"
[[role]]
account_id = "111111111111"
alias = "admin"
`;
  writeFileSync(path, team);
  const setup = await runRolecall(['setup', '--from', path, '--yes'], { environment });
  expect(setup).toMatchObject({ exitCode: 0, stderr: 'Written.\nNow sign in: rolecall login --all\n' });
  const login = await runRolecall(['login', '--all'], { environment });
  expect(login).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Work (work)') as string });
  const env = await runRolecall(['env', 'admin', '--shell', 'json'], { environment });
  expect(env).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('AWS_ACCESS_KEY_ID') as string });

  writeFileSync(path, team.replace('"admin"', '"root-of-all"'));
  const refresh = await runRolecall(['setup', '--refresh', '--yes'], { environment });
  expect(refresh).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('-alias = "admin"\n+alias = "root-of-all"\n') as string,
    stderr:
      'Written.\nNote: The settings apply after a restart of the daemon, which signs you out of work: ' +
      'the sign-in is in memory only. To sign in again: rolecall login work\n' +
      'To update the profiles: rolecall profiles sync\n',
  });
  const sync = await runRolecall(['profiles', 'sync'], { environment });
  expect(sync).toMatchObject({ exitCode: 0, stdout: '~/.aws/config: 6 profiles, 1 new, 1 gone.\n' });
});
