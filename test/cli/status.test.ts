// `rolecall status` in every state of a session and a daemon.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { loadVersion } from '../../src/local-api/version.ts';
import { CONFIG, createRig, SESSION, type CliOptions, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { mask } from './masks.ts';
import { createScriptedSystemd } from './scripted-systemd.ts';

let rig: Rig;
afterEach(() => rig.remove());

async function run(argv: readonly string[], options?: CliOptions) {
  const { exitCode, stdout, stderr } = await rig.runCli(argv, options);
  return { exitCode, stdout: mask(stdout, rig.home.path), stderr: mask(stderr, rig.home.path) };
}

const FACTS = `
Tokens    in memory only, until the daemon stops
Endpoint  SSO OIDC, the SSO portal, STS at http://EMULATOR (from the environment, not AWS's own)
Daemon    rolecall VERSION, pid N
`;
const TOKEN_FILE = `
The access token of ${SESSION} is also in the AWS CLI's own token file, for the hand-written profile account1.
`;

test('shows one line for signed out, signed in and ended sessions, with a command where useful', async () => {
  rig = await createRig();
  expect(await run(['status'])).toEqual({
    exitCode: 0,
    stdout: `${SESSION}  signed out  rolecall login ${SESSION}\n${FACTS}`,
    stderr: '',
  });
  expect(await run(['status', '--check'])).toEqual({ exitCode: 4, stdout: '', stderr: '' });

  await rig.runCli(['login']);
  expect(await run(['status'])).toEqual({
    exitCode: 0,
    stdout: `${SESSION}  signed in  4 accounts, 5 permission sets, listed A MOMENT ago\n  since HH:MM, end unknown\n${FACTS}${TOKEN_FILE}`,
    stderr: '',
  });
  expect(await run(['status', '--check'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });

  rig.emulator.revokeSessions();
  const refused = await rig.runCli([
    'credential-process',
    '--session',
    SESSION,
    '--account',
    '111111111111',
    '--role',
    'Admin-AF-Permission-Set',
  ]);
  expect(refused).toMatchObject({ exitCode: 4, stdout: '' });
  expect(await run(['status', '--check'])).toEqual({ exitCode: 4, stdout: '', stderr: '' });
  expect(await run(['status'])).toEqual({
    exitCode: 0,
    stdout:
      `${SESSION}  sign-in has ended  rolecall login ${SESSION}\n${FACTS}\n` +
      `! HH:MM taylor.Admin-AF-Permission-Set: Your sign-in to ${SESSION} has ended.\n  Run: rolecall login ${SESSION}\n`,
    stderr: '',
  });
});

test('promises no refresh of keys that outlive their session', async () => {
  rig = await createRig();
  await rig.runCli(['login']);
  const askFor = (account: string, role: string) =>
    rig.runCli(['credential-process', '--session', SESSION, '--account', account, '--role', role]);
  expect(await askFor('111111111111', 'Admin-AF-Permission-Set')).toMatchObject({ exitCode: 0 });
  expect((await rig.runCli(['status'])).stdout).toMatch(/^ {2}keys of 1 role until .*, next refresh at /mu);

  rig.emulator.revokeSessions();
  expect(await askFor('333333333333', 'ReadOnly')).toMatchObject({ exitCode: 4 });
  const { stdout } = await rig.runCli(['status']);
  expect(stdout).toMatch(/^ {2}keys of 1 role until /mu);
  expect(stdout).not.toContain('next refresh');
  expect((await rig.client.call('status', {})).sessions[0]?.roles).not.toContainEqual(
    expect.objectContaining({ nextRefreshAt: expect.anything() }),
  );
});

test('shows waiting for approval, then listing', async () => {
  rig = await createRig({ emulator: { autoApprove: false } });
  rig.emulator.addFault({ operation: 'ListAccountRoles', kind: 'delay', delayMs: 2500 });
  const login = rig.runCli(['login']);
  const code = await waitFor('a pending sign-in', () => rig.emulator.pendingDeviceAuthorizations()[0]?.userCode);
  await waitFor('the daemon to be waiting', async () => {
    return (await rig.client.call('signIn', { session: SESSION }))?.state === 'pending';
  });
  expect((await run(['status'])).stdout).toBe(`${SESSION}  waiting for approval\n${FACTS}`);
  expect(await run(['status', '--check'])).toMatchObject({ exitCode: 4 });
  rig.emulator.approve(code);
  await waitFor('the listing', async () => {
    return /signed in {2}listing, \d of 4 accounts/.test((await rig.runCli(['status'])).stdout);
  });
  expect(await login).toMatchObject({ exitCode: 0 });
});

test('shows the end of the session if the settings contain its length, and the current role', async () => {
  rig = await createRig({ settings: `[session.${SESSION}]\nsession_hours = 10\nlabel = "Work"\n` });
  await rig.runCli(['login']);
  await rig.client.call('setCurrent', {
    body: { session: SESSION, accountId: '044444444444', permissionSet: 'ReadOnly', profile: null },
  });
  const { stdout } = await run(['status']);
  expect(stdout).toContain(`${SESSION} (Work)  signed in  4 accounts`);
  expect(stdout).toContain('\n  since HH:MM, until HH:MM (in 9 h 59 min)\n');
  expect(stdout).toContain(`Current role  Log Archive  044444444444  ReadOnly  profile Log-Archive.ReadOnly\n`);
  const named = { session: SESSION, accountId: '044444444444', permissionSet: 'ReadOnly', profile: 'logs' };
  await expect(rig.client.call('setCurrent', { body: named })).rejects.toMatchObject({ code: 'profile-mismatch' });
  expect((await run(['status'])).stdout).toContain(
    `Log Archive  044444444444  ReadOnly  profile Log-Archive.ReadOnly\n`,
  );
});

test('shows an approval that waits above everything, in text, as JSON and in a prompt', async () => {
  rig = await createRig({ settings: '[[protect]]\npermission_set = "Admin-*"\n' });
  await rig.runCli(['login']);
  const body = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
  const { id } = await rig.client.call('askApproval', { body });
  const { stdout } = await run(['status']);
  expect(stdout).toMatch(
    /^! Approval needed: Admin-AF-Permission-Set in taylor \(111111111111\), A MOMENT left\n {2}Asked by: .+\n {2}Answer: {3}\S/,
  );
  expect(stdout).toContain(`\n\n${SESSION}  signed in`);
  expect(JSON.parse((await run(['status', '--json'])).stdout)).toMatchObject({ approvals: 1 });
  expect(await run(['status', '--format', 'tmux'])).toMatchObject({
    stdout: '#[fg=yellow]- needs approval#[default]\n',
  });
  await waitFor('the prompt to say so', async () => {
    return (await run(['status', '--format', 'prompt'])).stdout === '- needs-approval\n';
  });

  await rig.client.call('refuseApproval', { id });
  expect((await run(['status'])).stdout.startsWith(`${SESSION}  signed in`)).toBe(true);
  expect(JSON.parse((await run(['status', '--json'])).stdout)).not.toHaveProperty('approvals');
  await waitFor('the prompt to say so', async () => {
    return (await run(['status', '--format', 'prompt'])).stdout === '- ok\n';
  });
});

test('shows a lock above everything, in text, as JSON and in a prompt', async () => {
  rig = await createRig();
  await rig.runCli(['login']);
  expect(await rig.runCli(['lock'])).toMatchObject({ exitCode: 0 });
  const { stdout } = await run(['status']);
  expect(stdout).toMatch(/^! Locked for A MOMENT\. Programs get no credentials\.\n {2}Run: rolecall unlock\n\n/);
  expect(JSON.parse((await run(['status', '--json'])).stdout)).toMatchObject({
    lock: { isLocked: true, reason: 'command', scope: 'all' },
  });
  expect(await run(['status', '--format', 'tmux'])).toMatchObject({ stdout: '#[fg=yellow]- locked#[default]\n' });
  await waitFor('the prompt to say so', async () => {
    return (await run(['status', '--format', 'prompt'])).stdout === '- locked\n';
  });
  expect(await rig.runCli(['unlock'])).toMatchObject({ exitCode: 0 });
  expect((await run(['status'])).stdout.startsWith(`${SESSION}  signed in`)).toBe(true);
});

test('shows how to start without an sso-session', async () => {
  rig = await createRig({ config: '' });
  expect(await run(['status'])).toEqual({
    exitCode: 0,
    stdout: `No sso-session in ~/.aws/config yet. To add one: rolecall setup\n${FACTS}`,
    stderr: '',
  });
  expect(await run(['status', '--check'])).toEqual({ exitCode: 4, stdout: '', stderr: '' });
});

test('shows a problem with the command that fixes it', async () => {
  rig = await createRig({ config: `${CONFIG}\n[sso-session broken]\nsso_region = us-east-1\n` });
  const { exitCode, stdout } = await run(['status']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/\n! .*HOME\/\.aws\/config.*\n {2}Run: \$\{EDITOR:-vi\} \+\d+ HOME\/\.aws\/config\n$/);
});

test('does not say that an unreadable file has no session', async () => {
  rig = await createRig({ config: 'garbage\n' });
  const { stdout } = await run(['status']);
  expect(stdout.startsWith('No sso-session can be read from ~/.aws/config.\n')).toBe(true);
  expect(stdout).toContain('\n! HOME/.aws/config, line 1: ');
});

test('reports a service of an older rolecall with the command that updates it', async () => {
  rig = await createRig();
  const manager = createScriptedSystemd({});
  await manager.prepare(rig);
  const unit = join(rig.home.path, '.config', 'systemd', 'user', 'rolecall.service');
  expect((await rig.runCli(['status'])).stdout).not.toContain('service');
  writeFileSync(unit, readFileSync(unit, 'utf8').replace(/^X-RolecallRevision=.*\n/m, ''));
  const message = 'The service is out of date: an older rolecall wrote its unit.';
  const hint = 'rolecall service install';
  expect((await rig.runCli(['status'])).stdout).toContain(`! ${message}\n  Run: ${hint}\n`);
  const document = JSON.parse((await rig.runCli(['status', '--json'])).stdout) as { problems: unknown[] };
  expect(document.problems).toContainEqual({ code: 'service-broken', message, hint });
  expect((await rig.runCli(['doctor'], { runTool: manager.run(rig) })).stdout).toMatch(
    /an older rolecall wrote its unit\. \[service-broken\]\n +\$ rolecall service install\n/,
  );
  await manager.type('service install', rig);
  expect((await rig.runCli(['status'])).stdout).not.toContain('service');
});

test('--json is the document of the local API', async () => {
  rig = await createRig();
  const { exitCode, stdout } = await rig.runCli(['status', '--json']);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toEqual(await rig.client.call('status', {}));
});

test('names endpoint variables that differ from the daemon’s, and only those', async () => {
  rig = await createRig();
  const other = { AWS_ENDPOINT_URL_SSO: 'http://127.0.0.1:1' };
  const note =
    "Note: the daemon was started with other values of AWS_ENDPOINT_URL_SSO than this shell has. To use this shell's: rolecall daemon restart\n";
  expect((await run(['status'], { environment: other })).stderr).toBe(note);
  expect(JSON.parse((await run(['status', '--json'], { environment: other })).stderr)).toEqual({
    type: 'note',
    message: expect.stringContaining('other values of AWS_ENDPOINT_URL_SSO than this shell has') as string,
  });
  expect((await run(['status', '--check'], { environment: other })).stderr).toBe('');
  expect((await run(['logout'], { environment: { ...other, AWS_ENDPOINT_URL_STS: '' } })).stderr).toBe(
    "Note: the daemon was started with other values of AWS_ENDPOINT_URL_SSO and AWS_ENDPOINT_URL_STS than this shell has. To use this shell's: rolecall daemon restart\n",
  );

  const fips = { AWS_USE_FIPS_ENDPOINT: 'true' };
  expect((await run(['status'], { environment: fips })).stderr).toContain('other values of AWS_USE_FIPS_ENDPOINT than');
  await rig.restartDaemon({ ...rig.environment, ...fips });
  expect((await run(['status'], { environment: fips })).stderr).toBe('');

  // An endpoint in the settings overrides the shell's.
  mkdirSync(dirname(rig.paths.settingsFile), { recursive: true, mode: 0o700 });
  writeFileSync(rig.paths.settingsFile, `[endpoints]\nsso = "${rig.emulator.url}"\n`, { mode: 0o600 });
  await rig.restartDaemon();
  const { stdout, stderr } = await run(['status'], { environment: other });
  expect(stderr).toBe('');
  expect(stdout).toContain(
    `Endpoint  SSO OIDC, STS at http://EMULATOR (from the environment, not AWS's own)\n` +
      `Endpoint  the SSO portal at http://EMULATOR (from the settings, not AWS's own)\n`,
  );
});

test('reports a daemon of another version', async () => {
  rig = await createRig({ version: '9.9.9' });
  expect((await rig.runCli(['status'])).stderr).toBe(
    `Note: the daemon is rolecall 9.9.9, this command is ${loadVersion()}. To use this version: rolecall daemon restart\n`,
  );
});

test('uses colours on a terminal, but not with NO_COLOR or a dumb terminal', async () => {
  rig = await createRig();
  expect((await rig.runCli(['status'], { isTerminal: true })).stdout).toContain('\u001b[2msigned out\u001b[22m');
  for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    expect((await rig.runCli(['status'], { isTerminal: true, environment })).stdout).not.toContain('\u001b');
  }
});

test('shows until when keys are valid, when they are renewed, and during an outage the next try, until it is over', async () => {
  rig = await createRig();
  await rig.runCli(['login']);
  const keysOf = (account: string, role: string) =>
    rig.runCli(['credential-process', '--session', SESSION, '--account', account, '--role', role]);
  expect(await keysOf('111111111111', 'Admin-AF-Permission-Set')).toMatchObject({ exitCode: 0 });
  const healthy = (await run(['status'])).stdout;
  expect(healthy).toMatch(/\n {2}keys of 1 role until HH:MM \(in \d+ (h|min)( \d+ min)?\), next refresh at HH:MM\n/u);
  expect(healthy).not.toContain('next try');

  rig.emulator.addFault({ operation: '*', kind: 'status', status: 503 });
  for (let turn = 0; turn < 2; turn += 1) {
    expect(await keysOf('333333333333', 'ReadOnly')).toMatchObject({ exitCode: 7 });
  }
  // On a slow machine the circuit's pause of seconds is over by now.
  const nextTry = /next try at (HH:MM \(in A MOMENT\)|the next request): Identity Center fails\n/u;
  expect((await run(['status'])).stdout).toMatch(new RegExp(`\\n  ${nextTry.source}`, 'u'));
  const environment = { AWS_PROFILE: 'account1' };
  const said = (await run(['whoami'], { environment })).stdout;
  expect(said).toMatch(new RegExp(`Retry    ${nextTry.source}`, 'u'));

  rig.emulator.clearFaults();
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
  expect(await keysOf('333333333333', 'ReadOnly')).toMatchObject({ exitCode: 0 });
  const after = (await run(['status'])).stdout;
  expect(after).not.toContain('next try');
  expect(after).not.toContain('! ');
});
