// `rolecall login` as the user sees it: the complete output for every outcome.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createFakeClock } from '../helpers/fake-clock.ts';
import { CONFIG, createRig, SESSION, type CliOptions, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { mask } from './masks.ts';

let rig: Rig;
afterEach(() => rig.remove());

async function run(argv: readonly string[], options?: CliOptions) {
  const { exitCode, stdout, stderr } = await rig.runCli(argv, options);
  return { exitCode, stdout: mask(stdout, rig.home.path), stderr: mask(stderr, rig.home.path) };
}

const ENDPOINT =
  'Note: this sign-in goes to http://EMULATOR on this machine, not to AWS (set by AWS_ENDPOINT_URL_SSO_OIDC when ' +
  'the daemon started).\n';
const PROMPT = `${ENDPOINT}Signing in to ${SESSION}
Device code, because there is no display here.

  Code   CODE
  Page   http://EMULATOR/device

Approve only if you just started this and the page shows the same code.
`;
const NOT_OPENED = 'Open the page in a browser, on this machine or another, and enter the code.\n';
const WAITING = 'Waiting for your approval; the code is valid for A WHILE … Ctrl-C cancels.\n';
const TOKEN_FILE =
  "For the hand-written profile account1 the access token is also stored in the AWS CLI's own token file.\n";
const TWO_SESSIONS = CONFIG.replaceAll('account1', 'account-of-two').concat(`
[sso-session other]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access
`);

/** Waits until the emulator has a code to approve or deny. */
function pendingCode(): Promise<string> {
  return waitFor('a pending sign-in', () => rig.emulator.pendingDeviceAuthorizations()[0]?.userCode);
}

describe('a sign-in', () => {
  test('shows code, page and what is there; the next one needs no browser and shows what has changed', async () => {
    rig = await createRig();
    expect(await run(['login'])).toEqual({
      exitCode: 0,
      stdout: `4 accounts, 5 permission sets.
  +  Log Archive      044444444444  ReadOnly
  +  professional-af  222222222222  Admin-AF-Permission-Set
  +  professional-af  222222222222  ReadOnly
  +  Shop Staging     333333333333  ReadOnly
  +  taylor           111111111111  Admin-AF-Permission-Set
~/.aws/config: 5 profiles, 5 new.
Try: aws sts get-caller-identity --profile Log-Archive.ReadOnly
`,
      stderr: `${PROMPT}${NOT_OPENED}${WAITING}Signed in to ${SESSION}.\n${TOKEN_FILE}`,
    });

    rig.emulator.directory.addAccount({ accountId: '555555555555', accountName: 'New One', kind: 'created' });
    rig.emulator.directory.assign({ accountId: '555555555555', permissionSet: 'ReadOnly', user: 'taylor' });
    rig.emulator.directory.removeAccount('333333333333');
    const opened: string[] = [];
    expect(await run(['login', SESSION], { opened })).toEqual({
      exitCode: 0,
      stdout: `4 accounts, 5 permission sets.
  +  New One       555555555555  ReadOnly
  -  Shop Staging  333333333333  ReadOnly
~/.aws/config: 5 profiles, 1 new, 1 gone.
Try: aws sts get-caller-identity --profile New-One.ReadOnly
`,
      stderr: `Already signed in to ${SESSION}; no browser needed.\n${TOKEN_FILE}`,
    });
    expect(opened).toEqual([]);

    // By rolecall's own profile and by a native one.
    for (const argv of [
      ['login', '--profile', 'taylor.Admin-AF-Permission-Set'],
      ['login', '--profile', 'account1'],
      ['login', '--sso-session', SESSION],
    ]) {
      expect(await run(argv)).toMatchObject({
        exitCode: 0,
        stdout: '4 accounts, 5 permission sets.\n~/.aws/config: 5 profiles, up to date.\n',
      });
    }
    expect(await run(['login', '--profile', 'nobody'])).toEqual({
      exitCode: 6,
      stdout: '',
      stderr: 'rolecall: No sso-session has a profile "nobody". [profile-not-found]\nRun: rolecall profiles list\n',
    });
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(1);
  });

  test('with --force or --fresh asks for approval although the session is live', async () => {
    rig = await createRig({ config: CONFIG.slice(0, CONFIG.indexOf('[profile')) });
    await rig.runCli(['login', '--no-wait']);
    expect(await run(['login', '--force', '--no-wait'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `${PROMPT}${NOT_OPENED}${WAITING}Signed in to ${SESSION}.\n`,
    });
    expect(rig.emulator.countCalls('Logout')).toBe(0);
    expect(await run(['login', '--fresh', '--no-wait'])).toMatchObject({ exitCode: 0 });
    expect(rig.emulator.countCalls('Logout')).toBe(1);
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(3);
  });

  test('opens exactly the page it shows, and none with --no-browser', async () => {
    rig = await createRig();
    const opened: string[] = [];
    const first = await rig.runCli(['login', '--no-wait'], { opened });
    const page = /Page {3}(\S+)/.exec(first.stderr)?.[1];
    expect(opened).toEqual([page]);
    // Without the code, as every user of the machine can read the browser's arguments.
    expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/device$/);
    expect(first.stderr).toContain('Opened the page in your browser. Enter the code there.\n');

    const second = await run(['login', '--no-wait', '--force', '--no-browser'], { opened });
    const because = '--no-browser leaves it to you where to open the page';
    const prompt = PROMPT.replace('there is no display here', because);
    expect(second.stderr).toBe(`${prompt}${NOT_OPENED}${WAITING}Signed in to ${SESSION}.\n`);
    expect(opened).toHaveLength(1);
  });

  test('prints a page on an unknown host with a warning and never opens it', async () => {
    // The emulator's page is on 127.0.0.1, another origin than the daemon's endpoint.
    rig = await createRig();
    const endpoint = rig.emulator.url.replace('127.0.0.1', 'localhost');
    mkdirSync(dirname(rig.paths.settingsFile), { recursive: true, mode: 0o700 });
    writeFileSync(rig.paths.settingsFile, `[endpoints]\nsso_oidc = "${endpoint}"\n`, { mode: 0o600 });
    await rig.restartDaemon();
    const opened: string[] = [];
    const { exitCode, stderr } = await run(['login', '--no-wait'], { opened });
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      "Warning: this page was not opened: its host is neither AWS's for your region nor your start URL's.\n",
    );
    expect(stderr).toContain('  Page   http://EMULATOR/device');
    expect(opened).toEqual([]);
  });

  test('on a terminal uses colours and a countdown line that is removed at the end', async () => {
    rig = await createRig();
    const { stdout, stderr } = await rig.runCli(['login', '--yes'], { isTerminal: true });
    expect(stderr).toContain(`Signing in to \u001b[1m${SESSION}\u001b[22m`);
    expect(stderr).toMatch(/\r\u001b\[KWaiting for your approval; .*\r\u001b\[KSigned in to/s);
    expect(stdout).toMatch(/\u001b\[32m {2}\+ {2}Log Archive/);
    const plain = await rig.runCli(['login', '--force', '--yes'], {
      isTerminal: true,
      environment: { NO_COLOR: '1' },
    });
    expect(plain.stdout + plain.stderr.replaceAll('\r\u001b[K', '')).not.toContain('\u001b');
  });
});

test('follows the events of the daemon: an approval and the end of the listing show without a pause', async () => {
  rig = await createRig({ emulator: { autoApprove: false } });
  // It stands still, so that a command which asks at intervals would never end.
  const clock = createFakeClock(Date.now());
  const interrupt = new AbortController();
  let exitCode: number | undefined;
  const login = run(['login'], { clock, signal: interrupt.signal }).then((ended) => (exitCode = ended.exitCode));
  try {
    rig.emulator.approve(await pendingCode());
    expect(await waitFor('the end of the command', () => exitCode === 0)).toBe(true);
  } finally {
    interrupt.abort(new Error('the test is over'));
    await login;
  }
});

describe("an endpoint that is not AWS's", () => {
  const answerTo = async (answers: string[], argv: readonly string[] = []) => {
    const calls = rig.emulator.countCalls('StartDeviceAuthorization');
    const { exitCode, stderr } = await run(['login', '--no-wait', ...argv], {
      isTerminal: true,
      answers,
      environment: { NO_COLOR: '1' },
    });
    return { exitCode, stderr, asked: rig.emulator.countCalls('StartDeviceAuthorization') - calls };
  };

  test('is shown and confirmed on a terminal before there is a code', async () => {
    rig = await createRig();
    for (const answer of ['', 'n', 'maybe']) {
      expect(await answerTo([answer])).toEqual({
        exitCode: 4,
        stderr: `${ENDPOINT}Continue? [y/N] rolecall: Sign-in cancelled. [sign-in-required]\nRun: rolecall login\n`,
        asked: 0,
      });
    }
    const agreed = await answerTo(['y']);
    expect(agreed).toMatchObject({ exitCode: 0, asked: 1 });
    expect(agreed.stderr).toMatch(/^Note: .*\nContinue\? \[y\/N\] Signing in to /);
    // A live session needs no code, so there is nothing to confirm.
    expect(await answerTo([])).toEqual({
      exitCode: 0,
      stderr: `Already signed in to ${SESSION}; no browser needed.\n`,
      asked: 0,
    });
    // The listing after the sign-in would notice that the session has ended.
    await waitFor('the profiles', () => readFileSync(rig.configPath, 'utf8').includes('taylor.Admin-AF'));
    // Expected to be live: the code is created before that turns out wrong, but never shown, and cancelled.
    rig.emulator.expireAccessTokens();
    rig.emulator.killRefreshTokens();
    // On a slow machine the emulator could approve it before the answer.
    rig.emulator.turnKnobs({ autoApprove: false });
    const over = await answerTo(['n']);
    expect(over).toMatchObject({ exitCode: 4, asked: 1 });
    expect(over.stderr).not.toContain('Code');
    expect(await rig.client.call('signIn', { session: SESSION })).toMatchObject({ state: 'cancelled' });
  });

  test('on another machine is refused without a terminal, and no code is requested', async () => {
    rig = await createRig({ settings: '[endpoints]\nsso_oidc = "https://relay.example.com"\n' });
    expect(await run(['login'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        "Warning: this sign-in goes to https://relay.example.com, which is not AWS's (set by [endpoints] in " +
        '~/.config/rolecall/config.toml). Its operator can use the access that you approve.\n' +
        `${ENDPOINT.replace('_OIDC', '')}rolecall: Not a terminal: pass --yes to sign in at an endpoint that is not AWS's. [usage]\n` +
        'Run: rolecall login --yes\n',
    });
    expect(await rig.client.call('signIn', { session: SESSION })).toBeNull();
    // Also refused from the tray and the page, which do not show the endpoint.
    await expect(rig.client.call('startSignIn', { session: SESSION })).rejects.toMatchObject({
      code: 'endpoint-not-accepted',
      hint: `rolecall login ${SESSION}`,
    });
    expect(await rig.client.call('signIn', { session: SESSION })).toBeNull();
  });
});

describe('a sign-in that fails', () => {
  test('denied on the page: exit 4, and the command to try again', async () => {
    rig = await createRig({ emulator: { autoApprove: false } });
    const login = run(['login']);
    rig.emulator.deny(await pendingCode());
    expect(await login).toEqual({
      exitCode: 4,
      stdout: '',
      stderr: `${PROMPT}${NOT_OPENED}${WAITING}rolecall: The sign-in to ${SESSION} was denied on the page. [sign-in-denied]\nRun: rolecall login ${SESSION}\n`,
    });
  });

  test('not approved in time: exit 4', async () => {
    rig = await createRig({ emulator: { autoApprove: false, deviceCodeLifetimeSeconds: 1 } });
    const { exitCode, stderr } = await run(['login']);
    expect(exitCode).toBe(4);
    expect(stderr).toContain(
      `rolecall: The code for ${SESSION} was not approved in time. [sign-in-expired]\nRun: rolecall login ${SESSION}\n`,
    );
  });

  test('Ctrl-C: exit 130, and the code no longer works', async () => {
    rig = await createRig({ emulator: { autoApprove: false } });
    const interrupt = new AbortController();
    const login = run(['login'], { signal: interrupt.signal });
    const code = await pendingCode();
    await waitFor('the command to wait', async () => {
      const { sessions } = await rig.client.call('status', {});
      return sessions[0]?.state === 'pending';
    });
    interrupt.abort(new Error('interrupted'));
    expect(await login).toMatchObject({ exitCode: 130, stdout: '' });
    expect(await rig.client.call('signIn', { session: SESSION })).toMatchObject({ state: 'cancelled' });
    rig.emulator.approve(code);
    const { sessions } = await rig.client.call('status', {});
    expect(sessions[0]?.state).toBe('signed-out');
  });

  test('Ctrl-C while it waits cancels the sign-in and says so', async () => {
    rig = await createRig({ emulator: { autoApprove: false } });
    const interrupt = new AbortController();
    let seen = '';
    const login = run(['login', '--yes'], {
      signal: interrupt.signal,
      isTerminal: true,
      onOutput: (text) => (seen += text),
    });
    await waitFor('the progress line', () => seen.includes('Waiting for your approval'));
    interrupt.abort(new Error('interrupted'));
    const { exitCode, stderr } = await login;
    expect(exitCode).toBe(130);
    expect(stderr.endsWith('\r\u001b[KSign-in cancelled. The code no longer works.\n\n')).toBe(true);
  });

  test('cancelled elsewhere: exit 4', async () => {
    rig = await createRig({ emulator: { autoApprove: false } });
    const login = run(['login']);
    await pendingCode();
    await waitFor('the sign-in to be pending', async () => {
      return (await rig.client.call('signIn', { session: SESSION }))?.state === 'pending';
    });
    await rig.client.call('cancelSignIn', { session: SESSION });
    const { exitCode, stderr } = await login;
    expect(exitCode).toBe(4);
    expect(stderr).toContain(
      `rolecall: The sign-in to ${SESSION} was cancelled. [sign-in-required]\nRun: rolecall login ${SESSION}\n`,
    );
  });

  test('Identity Center failing: exit 7, one sentence and a command', async () => {
    rig = await createRig();
    rig.emulator.addFault({ operation: 'StartDeviceAuthorization', kind: 'throttle' });
    const { exitCode, stdout, stderr } = await run(['login']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: '' });
    expect(stderr).toMatch(/^Note: .*\nrolecall: .*my-sso-session.*\nRun: rolecall login my-sso-session\n$/);
  });
});

describe('Ctrl-C after the sign-in', () => {
  test('leaves the listing to the daemon and says so', async () => {
    rig = await createRig();
    rig.emulator.addFault({ operation: 'ListAccountRoles', kind: 'delay', delayMs: 2500 });
    const interrupt = new AbortController();
    let seen = '';
    const login = run(['login'], { signal: interrupt.signal, onOutput: (text) => (seen += text) });
    await waitFor('the list of accounts to be under way', () => /Listing/.test(seen));
    interrupt.abort(new Error('interrupted'));
    const { exitCode, stderr } = await login;
    expect(exitCode).toBe(130);
    expect(stderr).toContain(
      'You are signed in. The daemon lists the accounts and writes the profiles in the background.\n',
    );
    await waitFor('the profiles', () => readFileSync(rig.configPath, 'utf8').includes('taylor.Admin-AF'));
  });
});

describe('which sso-session', () => {
  test('without one shows how to start, and starts setup on a terminal', async () => {
    rig = await createRig({ config: '' });
    expect(await run(['login'])).toEqual({
      exitCode: 6,
      stdout: '',
      stderr: 'rolecall: There is no [sso-session …] in ~/.aws/config yet. [session-not-found]\nRun: rolecall setup\n',
    });
    const answers = ['d-1234567890', 'us-east-1', '', '', 'n'];
    expect(await run(['login'], { isTerminal: true, answers, environment: { NO_COLOR: '1' } })).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining('Nothing was written.') as string,
    });
    expect(existsSync(rig.configPath)).toBe(false);
    const again = ['d-1234567890', 'us-east-1', '', '', 'y', 'y'];
    expect(await run(['login'], { isTerminal: true, answers: again })).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/Signed in to .*my-sso-session/) as string,
    });
  });

  test('with several lists them, uses the named one, and asks on a terminal', async () => {
    rig = await createRig({ config: TWO_SESSIONS });
    expect(await run(['login'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `rolecall: There are several sso-sessions. Name one: ${SESSION}, other. [usage]\nRun: rolecall login ${SESSION}\n`,
    });
    expect(await run(['login', 'nosuch'])).toEqual({
      exitCode: 6,
      stdout: '',
      stderr: `rolecall: There is no sso-session "nosuch". Known: ${SESSION}, other. [session-not-found]\nRun: rolecall status\n`,
    });
    for (const answer of ['2', ' other ']) {
      const { exitCode, stderr } = await run(['login', '--no-wait'], { answers: [answer] });
      expect(exitCode).toBe(0);
      expect(stderr).toContain(
        `  1  ${SESSION}  https://d-1234567890.awsapps.com/start\n` +
          '  2  other           https://d-1234567890.awsapps.com/start\n' +
          'Which sso-session (number or name)? ',
      );
      expect(stderr).toMatch(/igned in to other/);
    }
    expect(await run(['login'], { answers: [''] })).toMatchObject({ exitCode: 2 });
    expect(await run(['login'], { answers: ['3'] })).toMatchObject({ exitCode: 6 });
  });

  test('is refused with both ways to sign in', async () => {
    rig = await createRig();
    expect(await run(['login', '--pkce', '--use-device-code'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'rolecall: login takes --pkce or --use-device-code, not both. [usage]\nRun: rolecall login --help\n',
    });
    expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
  });

  test('is refused when named twice', async () => {
    rig = await createRig();
    expect(await run(['login', SESSION, '--profile', 'account1'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'rolecall: Name the sso-session once: as the argument, by --sso-session or by --profile. [usage]\nRun: rolecall login --help\n',
    });
  });

  test('names file and line of a config file that cannot be parsed', async () => {
    rig = await createRig({ config: '[profile a]\nregion = us-east-1\n[sso-session broken\n' });
    const { exitCode, stdout, stderr } = await run(['login']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^rolecall: .*HOME\/\.aws\/config.*3.*\nRun: \$\{EDITOR:-vi\} \+3 HOME\/\.aws\/config\n$/);
  });
});

test('fails after the sign-in when the config file is not writable, but stays signed in', async () => {
  rig = await createRig({ config: `${CONFIG}\n# >>> rolecall >>>\n` });
  const { exitCode, stdout, stderr } = await run(['login']);
  expect(exitCode).not.toBe(0);
  expect(stdout).toContain('4 accounts, 5 permission sets.\n');
  expect(stderr).toContain(`Signed in to ${SESSION}.\n`);
  expect(stderr).toMatch(/rolecall: .*\nRun: .*\n$/);
  expect(await run(['status', '--check'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

test('reports an unusable secret store before it calls AWS', async () => {
  rig = await createRig({ environment: { ROLECALL_SECRET_STORE: 'file' } });
  const { exitCode, stdout, stderr } = await run(['login']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: '' });
  expect(stderr).toMatch(/^Note: .*\nrolecall: \S.*\nRun: \S.*\n$/);
  expect(rig.emulator.countCalls('StartDeviceAuthorization')).toBe(0);
});
