// The first run in a real terminal, by somebody who types wrongly at each question: from nothing to keys.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { AT_ONCE } from '../helpers/approval.ts';
import { ROLECALL, runRolecall } from '../helpers/run-process.ts';
import { systemPart } from '../helpers/system.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { openTerminal, TMUX, type Terminal } from '../helpers/terminal.ts';

const hasTmux = systemPart('tmux', TMUX);

let home: TemporaryHome;
let emulator: Emulator;
let terminal: Terminal;
let environment: Record<string, string>;

beforeEach(async () => {
  home = createTemporaryHome();
  emulator = createEmulator(AT_ONCE);
  await emulator.listen();
  mkdirSync(join(home.path, 'bin'));
  writeFileSync(join(home.path, 'bin', 'rolecall'), `#!/bin/sh\nexec ${process.execPath} ${ROLECALL} "$@"\n`, {
    mode: 0o755,
  });
  environment = {
    ...home.environment,
    ...emulator.environment(),
    PATH: `${join(home.path, 'bin')}:${home.environment['PATH'] ?? ''}`,
    PS1: '$ ',
  };
});
afterEach(async () => {
  await runRolecall(['daemon', 'stop'], { environment });
  await emulator.close();
  await home.remove();
});

const SLOW_MS = 50_000;

describe.skipIf(!hasTmux)('a newcomer', () => {
  beforeEach(() => {
    terminal = openTerminal({ directory: home.path, environment, command: ['/bin/bash', '--norc', '--noprofile'] });
  });
  afterEach(() => terminal.close());

  test('types rolecall login, everything wrong once, and has keys', async () => {
    const configPath = join(home.path, '.aws', 'config');
    terminal.type('rolecall login');
    await terminal.see(/^Start URL.*: $/m, SLOW_MS);
    terminal.type('https://eu-west-1.console.aws.amazon.com/');
    await terminal.see(/is the AWS console/);
    terminal.type('d-1234567890');
    // Without a network the start page tells no region, and the question comes all the same.
    await terminal.see(/^Region of Identity Center, like us-east-1: $/m, SLOW_MS);
    terminal.type('Virginia');
    await terminal.see(/"Virginia" is not a region/);
    terminal.type('us-east-1 (N. Virginia)');
    await terminal.see(/^A name for this sso-session.*\[my-sso-session\]: $/m);
    terminal.type('at work');
    await terminal.see(/no spaces/);
    terminal.type('work');
    await terminal.see(/^Profile names \[.*\]: $/m);
    terminal.type('{account}');
    await terminal.see(/is not a placeholder/);
    terminal.type('{account_id}/{permission_set}');
    await terminal.see(/for example: 111111111111\/ReadOnlyAccess/);
    terminal.type('y');
    await terminal.see(/^Number \[1\]: $/m);
    terminal.type('9');
    await terminal.see(/Type 1, 2 or 3\./);
    terminal.type('3');
    await terminal.see(/^Write it\? \[Y\/n\] $/m);
    expect(existsSync(configPath)).toBe(false);
    terminal.type('');
    await terminal.see(/^Continue\? \[y\/N\] $/m, SLOW_MS);
    terminal.type('y');
    await terminal.see(/^Signed in to work\.$/m, SLOW_MS);
    await terminal.see(/5 profiles, 5 new/, SLOW_MS);
    await terminal.see(/^Set them up for bash\? \[Y\/n\] $/m, SLOW_MS);
    terminal.type('n');
    expect(readFileSync(configPath, 'utf8')).toMatch(
      /^\[sso-session work\]\nsso_start_url = https:\/\/d-1234567890\.awsapps\.com\/start\nsso_region = us-east-1\n/,
    );
    expect(statSync(configPath).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(home.path, '.config', 'rolecall', 'config.toml'), 'utf8')).toBe(
      'secret_store = "memory"\n\n[profiles]\nname = "{account_id}/{permission_set}"\n',
    );
    terminal.type('rolecall env 111111111111/Admin-AF-Permission-Set --shell json');
    await terminal.see(/"AWS_ACCESS_KEY_ID": "ASIA/, SLOW_MS);
  }, 240_000);

  test('keeps tokens in the encrypted file, types the passphrase unseen, and is signed in after a restart', async () => {
    const passphrase = 'correct horse battery';
    terminal.close();
    terminal = openTerminal({
      directory: home.path,
      environment,
      command: ['/bin/bash', '--norc', '--noprofile'],
      size: { columns: 80, rows: 24 },
    });
    const url = 'https://d-1234567890.awsapps.com/start';
    terminal.type(`rolecall setup --start-url ${url} --sso-region us-east-1 --name work`);
    await terminal.see(/^Profile names \[.*\]: $/m, SLOW_MS);
    terminal.type('');
    await terminal.see(/^Number \[1\]: $/m);
    terminal.type('2');
    await terminal.see(/^Passphrase for the encrypted file \(not shown\): $/m);
    terminal.type(passphrase);
    await terminal.see(/^The same again: $/m);
    terminal.type(passphrase);
    await terminal.see(/can decrypt the tokens\nNumber \[1\]: $/m);
    terminal.type('2');
    await terminal.see(/^Write it\? \[Y\/n\] $/m);
    const path = join(home.path, '.config', 'rolecall', 'passphrase');
    expect(existsSync(path)).toBe(false);
    terminal.type('');
    await terminal.see(/^Sign in now\? \[Y\/n\] $/m, SLOW_MS);
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([`${passphrase}\n`, 0o600]);
    terminal.type('');
    await terminal.see(/^Continue\? \[y\/N\] $/m, SLOW_MS);
    terminal.type('y');
    await terminal.see(/^Set them up for bash\? \[Y\/n\] $/m, SLOW_MS);
    terminal.type('y');
    await terminal.see(/^New shells have it\./m, SLOW_MS);
    terminal.type('. ~/.bashrc; type -t rolecall');
    await terminal.see(/^function$/m);
    terminal.type('rolecall daemon restart && rolecall status');
    await terminal.see(/^work {2}signed in as taylor/m, SLOW_MS);
    expect(terminal.screen()).not.toContain(passphrase);
  }, 240_000);

  test.each(['C-c', 'C-d'])(
    'changes their mind with %s, and nothing is written',
    async (key) => {
      terminal.type('rolecall setup; echo "ended: $?"');
      await terminal.see(/^Start URL.*: $/m, SLOW_MS);
      terminal.press(key);
      await terminal.see(/^ended: 130$/m, SLOW_MS);
      expect(existsSync(join(home.path, '.aws'))).toBe(false);
    },
    120_000,
  );
});
