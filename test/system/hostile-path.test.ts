// A repository with its own programs in front of PATH: the daemon and the commands that it starts from there run none of them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { AT_ONCE } from '../helpers/approval.ts';
import { CONFIG, SESSION, writePrivate } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, runProcess, runRolecall, type ProcessRun } from '../helpers/run-process.ts';
import { createTemporaryHome, type TemporaryHome } from '../helpers/temporary-home.ts';
import { waitFor } from '../helpers/wait-for.ts';

const FAKES = [
  'opener',
  'loginctl',
  'systemctl',
  'journalctl',
  'systemd-run',
  'xdg-open',
  'notify-send',
  'curl',
  'aws',
];
const KNOWN_ROLE = ['--session', SESSION, '--account', '111111111111', '--role', 'Admin-AF-Permission-Set'];
const ROLE = ['--session', SESSION, '--account', '222222222222', '--role', 'ReadOnly'];

let home: TemporaryHome;
let emulator: Emulator;
let environment: Readonly<Record<string, string>>;
let project: string;

const at = (...names: string[]) => join(home.path, ...names);
const read = (path: string) => readFileSync(path, { encoding: 'utf8', flag: 'a+' });
const rolecall = (...args: string[]): Promise<ProcessRun> => runRolecall(args, { environment, cwd: project });

function install(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

beforeAll(async () => {
  home = createTemporaryHome();
  emulator = createEmulator(AT_ONCE);
  const { url } = await emulator.listen();
  project = at('project');
  mkdirSync(join(project, '.git'), { recursive: true });
  const [own, bin, modules] = [at('.local', 'bin'), join(project, 'bin'), join(project, 'node_modules', '.bin')];
  for (const name of FAKES) {
    for (const folder of [bin, modules]) install(folder, name, `echo "$0" >>${at('project-ran')}`);
  }
  install(bin, 'greet', 'echo from the project');
  for (const name of ['opener', 'loginctl', 'notify-send']) install(own, name, `echo ${name} >>${at('own-ran')}`);
  writePrivate(at('.aws', 'config'), CONFIG);
  writePrivate(
    at('.config', 'rolecall', 'config.toml'),
    // The recorded browser does not come back from a page, so the emulator approves a code.
    `flow = "device"\non_expired = "login"\nwait_seconds = 1\n[session.${SESSION}]\nbrowser = "opener"\n`,
  );
  environment = {
    ...home.environment,
    PATH: [modules, bin, '.', 'bin', own, home.environment['PATH']].join(':'),
    DISPLAY: ':0',
    // So that the daemon takes this for a desktop, at which somebody may sit.
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
    ROLECALL_SECRET_STORE: 'memory',
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url,
    AWS_ENDPOINT_URL_STS: url,
  };
});
afterAll(async () => {
  await rolecall('daemon', 'stop');
  await emulator.close();
  await home.remove();
});

test('runs no program of the project, but those of the user, and for exec those of its caller', async () => {
  expect(await rolecall('login')).toMatchObject({ exitCode: 0 });
  expect(await rolecall('exec', 'taylor.Admin-AF-Permission-Set', '--', 'greet')).toMatchObject({
    exitCode: 0,
    stdout: 'from the project\n',
  });
  await waitFor('the page to be opened', () => read(at('own-ran')).includes('opener'));

  // The shell helper has no time to look at each folder: relative ones and those of packages are left out by their names.
  const run = await runProcess('/bin/sh', [CREDENTIAL_PROCESS, ...KNOWN_ROLE], {
    environment: {
      ...environment,
      PATH: ['', '.', join(project, 'node_modules', '.bin'), home.environment['PATH']].join(':'),
    },
    cwd: join(project, 'bin'),
  });
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect(read(at('project-ran'))).toBe('');

  // The daemon asks loginctl whether somebody is there before it opens a page.
  emulator.revokeSessions();
  expect(await rolecall('credential-process', ...ROLE)).toMatchObject({ exitCode: 4 });
  await waitFor('the daemon to ask loginctl', () => read(at('own-ran')).includes('loginctl'));

  await Promise.all([rolecall('doctor'), rolecall('service', 'status'), rolecall('service', 'logs')]);
  expect(read(at('project-ran'))).toBe('');
});
