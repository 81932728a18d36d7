// The first hour of somebody who has used aws-sso-cli and Granted: from setup to a shell that switches, and what is offered only once.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRig, writePrivate, type Rig } from '../helpers/rig.ts';

const AWS_SSO = `SSOConfig:
  Default:
    SSORegion: us-east-1
    StartUrl: https://d-1234567890.awsapps.com/start
  beta:
    SSORegion: eu-central-1
    StartUrl: https://beta.awsapps.com/start
  gamma:
    SSORegion: eu-west-1
    StartUrl: https://gamma.awsapps.com/start
`;
const GRANTED = `[SSO.acme]
StartURL = "https://d-1234567890.awsapps.com/start"
SSORegion = "us-east-1"
[SSO.delta]
StartURL = "https://delta.awsapps.com/start"
SSORegion = "ap-southeast-2"
[SSO.epsilon]
StartURL = "https://epsilon.awsapps.com/start"
SSORegion = "eu-west-1"
`;
const PROFILES = `[profile one/Admin]
granted_sso_start_url = https://d-1234567890.awsapps.com/start
granted_sso_region = us-east-1
granted_sso_account_id = 111111111111
granted_sso_role_name = Admin-AF-Permission-Set
credential_process = granted credential-process --profile one/Admin

[profile delta/Ops]
granted_sso_start_url = https://delta.awsapps.com/start
granted_sso_region = ap-southeast-2
granted_sso_account_id = 555555555555
granted_sso_role_name = Ops
credential_process = granted credential-process --profile delta/Ops
`;
const OFFER = 'You already have 1 profile for these accounts. rolecall can serve it';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig({ config: PROFILES });
  writePrivate(join(rig.home.path, '.aws-sso', 'config.yaml'), AWS_SSO);
  writePrivate(join(rig.home.path, '.granted', 'config'), GRANTED);
});
afterEach(() => rig.remove());

const run = (argv: readonly string[], answers: string[]) =>
  rig.runCli(argv, { isTerminal: true, answers, environment: { NO_COLOR: '1', SHELL: '/bin/bash' } });
const bashrc = () => join(rig.home.path, '.bashrc');

test('setup, sign-in, profiles under their names, and the hook, in one go', async () => {
  const answers = ['1', '', '', 'y', '', 'y', 'y', ''];
  const { exitCode, stdout, stderr } = await run(['setup'], answers);
  expect({ exitCode, answers }).toEqual({ exitCode: 0, answers: [] });
  expect(stderr).toContain('acme: us-east-1, from aws-sso-cli and Granted, 1 profile');
  expect(stderr).toContain('Signed in to acme.');
  expect(stderr).toContain(OFFER);
  // A profile of another session would fail until somebody signs in to that one.
  expect(stdout).toContain('one/Admin  Granted');
  expect(stdout).not.toContain('delta/Ops  Granted');
  const config = readFileSync(rig.configPath, 'utf8');
  expect(config).toContain('--session acme --account 111111111111 --role Admin-AF-Permission-Set');
  expect(config).toContain('credential_process = granted credential-process --profile delta/Ops');
  expect(stderr).toContain('Set them up for bash? [Y/n] Wrote ~/.config/rolecall/init.bash\nWrote ~/.bashrc\n');
  expect(readFileSync(bashrc(), 'utf8')).toContain('rolecall/init.bash');

  const undone = await rig.runCli(['profiles', 'adopt', '--undo', '--yes']);
  expect(undone).toMatchObject({ exitCode: 0 });
  expect(readFileSync(rig.configPath, 'utf8')).toContain(PROFILES);
  // A later sign-in offers neither again.
  await rig.runCli(['logout']);
  expect((await run(['login'], ['y'])).stderr).not.toMatch(/You already have|shell hook/);
});

test('every "no" says what was not done and how to do it later', async () => {
  const declined = await run(['setup'], ['1', '', '', 'y', 'n']);
  expect(declined).toMatchObject({ exitCode: 0 });
  expect(declined.stderr).toMatch(/Sign in now\? \[Y\/n\] You are not signed in\. Later: rolecall login acme\n$/);
  const { exitCode, stderr } = await run(['login'], ['y', 'n', 'n']);
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/Change ~\/\.aws\/config\? \[y\/N\] Nothing was changed\. Later: rolecall profiles adopt\n/);
  expect(stderr).toMatch(/bash\? \[Y\/n\] The hook was not set up\. Later: rolecall shell-init --install\n$/);
  expect(existsSync(bashrc())).toBe(false);
  expect(readFileSync(rig.configPath, 'utf8')).toContain('granted credential-process --profile one/Admin');
});

test('Enter does not change profiles, and an answer that never comes changes nothing', async () => {
  await run(['setup'], ['1', '', '', 'y', 'n']);
  const { exitCode, stderr } = await run(['login'], ['y', '']);
  expect(exitCode).toBe(0);
  expect(stderr).toContain('Nothing was changed. Later: rolecall profiles adopt');
  expect(stderr).toContain('The hook was not set up.');
});

test('without a terminal, or with --json, nothing is offered', async () => {
  const flags = ['--start-url', 'd-1234567890', '--sso-region', 'us-east-1', '--name', 'acme', '--yes'];
  expect((await rig.runCli(['setup', ...flags])).stderr).toBe('Written.\nNow sign in: rolecall login acme\n');
  expect((await rig.runCli(['login', '--yes'])).stderr).not.toMatch(/You already have|shell hook/);
});
