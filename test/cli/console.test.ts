// `rolecall console`: which role, which browser, what is printed, and that a federated sign-in stays out of sight.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { createPerson } from './picker/person.ts';
import {
  createRig,
  createSignedInRig,
  CONFIG,
  SESSION,
  writePrivate,
  type CliOptions,
  type Rig,
  type RigOptions,
} from '../helpers/rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.remove();
  rig = undefined;
});

async function openSignedInRig(options?: RigOptions): Promise<Rig> {
  rig = await createSignedInRig(options);
  return rig;
}

const ADMIN = 'taylor.Admin-AF-Permission-Set';
const READER = 'professional-af.ReadOnly';
const linkOf = (its: Rig, accountId: string, role: string, rest = '') =>
  `${its.emulator.url}/start/#/console?account_id=${accountId}&role_name=${role}${rest}`;

const printed = async (its: Rig, argv: readonly string[], options: CliOptions = {}) => {
  const { exitCode, stdout, stderr } = await its.runCli(['console', ...argv, '--print'], options);
  return { exitCode, stdout: stdout.trimEnd(), stderr };
};

describe('the role', () => {
  test('is that of the named profile, generated or hand-written', async () => {
    const its = await openSignedInRig();
    for (const name of [ADMIN, 'account1']) {
      expect(await printed(its, [name], { environment: { AWS_PROFILE: READER } })).toEqual({
        exitCode: 0,
        stdout: linkOf(its, '111111111111', 'Admin-AF-Permission-Set'),
        stderr: '',
      });
    }
  });

  test('comes from AWS_PROFILE, then from exec, then from the current role', async () => {
    const its = await openSignedInRig();
    const current = { session: SESSION, accountId: '044444444444', permissionSet: 'ReadOnly', profile: null };
    await its.client.call('setCurrent', { body: current });
    const linkFor = async (environment: Record<string, string>, argv: string[] = []) =>
      new URLSearchParams((await printed(its, argv, { environment })).stdout.split('?')[1]).get('account_id');
    expect({
      shell: await linkFor({ AWS_PROFILE: READER, ROLECALL_PROFILE: ADMIN }),
      exec: await linkFor({ ROLECALL_PROFILE: ADMIN }),
      empty: await linkFor({ AWS_PROFILE: '' }),
      byName: await linkFor({ AWS_PROFILE: READER }, ['current']),
      byVariable: await linkFor({ AWS_PROFILE: 'current' }),
    }).toEqual({
      shell: '222222222222',
      exec: '111111111111',
      empty: '044444444444',
      byName: '044444444444',
      byVariable: '044444444444',
    });
  });

  test('is the one that words match, and is chosen from a list on a terminal', async () => {
    const its = await openSignedInRig();
    const stdout = linkOf(its, '044444444444', 'ReadOnly');
    const stderr = 'Log Archive  044444444444  ReadOnly  us-east-1\n';
    expect(await printed(its, ['log', 'read'])).toEqual({ exitCode: 0, stdout, stderr });
    expect(await printed(its, ['log'], { isTerminal: true })).toEqual({ exitCode: 0, stdout, stderr });
    expect(await printed(its, ['log'])).toMatchObject({ exitCode: 6, stdout: '' });
    expect(await printed(its, ['read', 'only'])).toMatchObject({ exitCode: 2, stdout: '' });
    const { openPickerTerminal } = createPerson([[/5 of 5/u, 'log\r']]);
    const environment = { ROLECALL_PICKER: 'builtin' };
    expect(await printed(its, [], { isTerminal: true, openPickerTerminal, environment })).toMatchObject({ stdout });
  });

  test('is never the current one if the shell has keys of its own, as after: eval "$(rolecall env NAME)"', async () => {
    const its = await openSignedInRig();
    await its.client.call('setCurrent', {
      body: { session: SESSION, accountId: '044444444444', permissionSet: 'ReadOnly', profile: null },
    });
    const { stdout } = await its.runCli(['env', READER, '--shell', 'json']);
    const environment = JSON.parse(stdout) as Record<string, string>;
    const why = 'The keys in the environment of this shell take precedence, and rolecall does not know whose they are.';
    expect(await printed(its, [], { environment })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `rolecall: ${why} Name a profile. [usage]\nRun: rolecall profiles list\n`,
    });
    const { openPickerTerminal } = createPerson([[/5 of 5/u, 'prof read\r']]);
    const asked = { isTerminal: true, openPickerTerminal, environment: { ...environment, ROLECALL_PICKER: 'builtin' } };
    expect(await printed(its, [], asked)).toEqual({
      exitCode: 0,
      stdout: linkOf(its, '222222222222', 'ReadOnly'),
      stderr: `${why}\nprofessional-af  222222222222  ReadOnly  us-east-1\n`,
    });
  });

  test('is never another one if the profile does not exist', async () => {
    const its = await openSignedInRig();
    await its.client.call('setCurrent', {
      body: { session: SESSION, accountId: '044444444444', permissionSet: 'ReadOnly', profile: null },
    });
    const mistyped = await printed(its, ['taylor.Admin-AF-Permission-Sett']);
    expect(mistyped).toMatchObject({ exitCode: 6, stdout: '' });
    expect(mistyped.stderr).toContain(`Did you mean "${ADMIN}"?`);
    const leftOver = await printed(its, [], { environment: { AWS_PROFILE: 'gone' } });
    expect(leftOver).toMatchObject({ exitCode: 6, stdout: '' });
    expect(leftOver.stderr).toContain('AWS_PROFILE of this shell: No sso-session has a profile "gone".');
  });

  test('without a profile, a variable and a current role is an error', async () => {
    const its = await openSignedInRig();
    expect(await printed(its, [])).toEqual({
      exitCode: 6,
      stdout: '',
      stderr:
        'rolecall: No profile named, AWS_PROFILE is not set, and no current role is set. [no-current-role]\nRun: rolecall profiles list\n',
    });
    expect((await printed(its, ['current'])).stderr).toBe(
      'rolecall: No current role is set. [no-current-role]\nRun: rolecall profiles list\n',
    );
  });

  test('if it is protected is named with a warning and opened all the same', async () => {
    const its = await openSignedInRig({ settings: '[[protect]]\npermission_set = "Admin*"\napprove = "none"\n' });
    const line = 'taylor  111111111111  Admin-AF-Permission-Set is protected by your settings.\n';
    expect(await printed(its, [ADMIN], { environment: { LC_ALL: 'C' } })).toMatchObject({
      exitCode: 0,
      stderr: `! ${line}`,
    });
    expect(await printed(its, [ADMIN], { environment: { LC_ALL: 'C.UTF-8' } })).toMatchObject({ stderr: `⚠ ${line}` });
    expect(await printed(its, [READER])).toMatchObject({ stderr: '' });
  });
});

describe('the page', () => {
  const pageOf = (region: string, service: string) =>
    `&destination=${encodeURIComponent(`https://${region}.console.aws.amazon.com/${service}/home?region=${region}`)}`;

  test('is the administrator’s choice, or the given service in the profile’s region, or the given region', async () => {
    const its = await openSignedInRig({
      config: CONFIG.replace('region = us-east-1\n', 'region = eu-west-1\n').replace(
        'sso_region = eu-west-1',
        'sso_region = us-east-1',
      ),
    });
    const restOf = async (...argv: string[]) =>
      (await printed(its, ['account1', ...argv])).stdout.split('Permission-Set')[1];
    expect(await restOf()).toBe('');
    expect(await restOf('--service', 'EC2', '--region', 'ap-south-1')).toBe(pageOf('ap-south-1', 'ec2'));
    expect(await restOf('--region', 'ap-south-1')).toBe(pageOf('ap-south-1', 'console'));
  });

  test.each([
    [['--region', 'x y'], 2, '"x y" is not a region. [usage]'],
    [
      ['--region', 'cn-north-1'],
      2,
      `The region cn-north-1 is in the partition aws-cn, but the accounts of ${SESSION} are in aws. [invalid-request]`,
    ],
    [
      ['--service', '../x'],
      2,
      '"../x" is not a service. Use the name in its console’s address, like ec2 or s3. [usage]',
    ],
  ])('with %j is refused', async (argv, exitCode, message) => {
    const its = await openSignedInRig();
    const outcome = await printed(its, [ADMIN, ...argv]);
    expect(outcome).toMatchObject({ exitCode, stdout: '' });
    expect(outcome.stderr).toContain(`rolecall: ${message}\n`);
  });
});

describe('the browser', () => {
  test('is the default one, and the role is printed', async () => {
    const its = await openSignedInRig();
    const opened: string[] = [];
    const templates: string[] = [];
    expect(await its.runCli(['console', ADMIN], { opened, templates })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'Opened the console as taylor  111111111111  Admin-AF-Permission-Set in your browser.\n',
    });
    expect({ opened, templates }).toEqual({
      opened: [linkOf(its, '111111111111', 'Admin-AF-Permission-Set')],
      templates: [],
    });
  });

  test('is the one of the session’s setting, for the console and for signing in', async () => {
    const its = await createRig({
      emulator: { autoApprove: false },
      settings: `[session.${SESSION}]\nbrowser = "firefox -P work"\n`,
    });
    rig = its;
    const opened: string[] = [];
    const templates: string[] = [];
    const signingIn = its.runCli(['login', SESSION], {
      opened,
      templates,
      onOutput(text) {
        const [code] = /[A-Z]{4}-[A-Z]{4}/.exec(text) ?? [];
        const isPending = its.emulator.pendingDeviceAuthorizations().length > 0;
        if (code !== undefined && isPending) its.emulator.approve(code, 'taylor');
      },
    });
    expect(await signingIn).toMatchObject({ exitCode: 0 });
    expect(await its.runCli(['console', ADMIN], { opened, templates })).toMatchObject({ exitCode: 0 });
    expect(opened).toHaveLength(2);
    expect(templates).toEqual(['firefox -P work', 'firefox -P work']);
    // The daemon still names the old command; what runs is what the settings say.
    writePrivate(its.paths.settingsFile, '');
    expect(await its.runCli(['console', ADMIN], { opened, templates })).toMatchObject({ exitCode: 0 });
    writePrivate(its.paths.settingsFile, '[session');
    expect(await its.runCli(['console', ADMIN], { opened, templates })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('could not be started: the settings are not valid.'),
    });
    expect({ opened: opened.length, templates: templates.length }).toEqual({ opened: 3, templates: 2 });
  });

  test('that cannot be started is reported with its setting and line; a sign-in goes on without it', async () => {
    const its = await openSignedInRig({
      settings: `[session.${SESSION}]\nlabel = "Work"\nbrowser = "nosuch -P work"\n`,
    });
    const browserFailure = 'nosuch was not found';
    const words = `The browser of session "${SESSION}" (~/.config/rolecall/config.toml, line 3) could not be started: nosuch was not found.`;
    const hint = `Run: \${EDITOR:-vi} +3 ${its.paths.settingsFile}`;
    expect(await its.runCli(['console', ADMIN], { browserFailure })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `rolecall: ${words} [settings-invalid]\n${hint}\n`,
    });
    its.emulator.turnKnobs({ autoApprove: false });
    const signingIn = await its.runCli(['login', '--force'], {
      browserFailure,
      onOutput: (text) => {
        const [pending] = its.emulator.pendingDeviceAuthorizations();
        if (text.includes('on this machine or another')) its.emulator.approve(pending?.userCode ?? '', 'taylor');
      },
    });
    expect(signingIn.exitCode).toBe(0);
    expect(signingIn.stderr).toContain(
      `Warning: ${words}\n${hint}\nOpen the page in a browser, on this machine or another, and enter the code.\n`,
    );
  });

  test('if there is none, the link is printed', async () => {
    const its = await openSignedInRig();
    expect(await its.runCli(['console', ADMIN])).toEqual({
      exitCode: 0,
      stdout: `${linkOf(its, '111111111111', 'Admin-AF-Permission-Set')}\n`,
      stderr:
        'Open the console as taylor  111111111111  Admin-AF-Permission-Set in a browser, on this machine or another:\n',
    });
  });
});

describe('a federated sign-in', () => {
  const tokenOf = (text: string) => /SigninToken=([^"&\s]+)/.exec(text)?.[1] ?? '';

  test('opens in the browser as a page that only its owner can read', async () => {
    const its = await openSignedInRig();
    const opened: string[] = [];
    const pages: { path: string; delaySeconds: number }[] = [];
    const outcome = await its.runCli(['console', READER, '--federated', '--service', 's3'], { opened, pages });
    expect({ ...outcome, stderr: outcome.stderr.replace(/for [^.]*\./, 'for TIME.') }).toEqual({
      exitCode: 0,
      stdout: '',
      stderr:
        'Opened the console as professional-af  222222222222  ReadOnly in your browser, for TIME.\n' +
        'The page is deleted in a minute. If your browser cannot read it (snap, flatpak): ' +
        `rolecall console ${READER} --service s3 --federated --print\n`,
    });
    const path = fileURLToPath(opened[0] ?? '');
    expect(pages).toEqual([{ path, delaySeconds: 60 }]);
    expect(path.startsWith(`${its.paths.pageDirectory}/console-`)).toBe(true);
    const modes = [path, dirname(path), its.paths.pageDirectory].map((each) =>
      (statSync(each).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(['600', '700', '700']);
    const html = readFileSync(path, 'utf8');
    expect(tokenOf(html).length).toBeGreaterThan(200);
    expect(html).not.toMatch(/<script/);
    const href = (/href="([^"]+)"/.exec(html)?.[1] ?? '').replaceAll('&#38;', '&');
    expect(html).toContain(`content="0; url=${href.replaceAll('&', '&#38;')}"`);
    const shown = await (await fetch(href)).text();
    expect(shown).toContain('<b id="role">ReadOnly</b> in <b id="account">222222222222</b>');
    expect(shown).toContain('<b id="service">s3</b>');
    expect(its.logLines.join('\n')).not.toContain(tokenOf(html));
  });

  test('without a browser leaves no page behind and prints no URL', async () => {
    const its = await openSignedInRig();
    expect(await its.runCli(['console', READER, '--federated'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `rolecall: No browser can be opened here, and the URL is a secret. [usage]\nRun: rolecall console ${READER} --federated --print\n`,
    });
    const failed = await its.runCli(['console', READER, '--federated'], { browserFailure: 'it broke' });
    expect(failed.exitCode).toBe(2);
    expect(readdirSync(its.paths.pageDirectory)).toEqual([]);
  });

  test('deletes pages that earlier commands left behind', async () => {
    const its = await openSignedInRig();
    const stale = join(its.paths.pageDirectory, 'console-stale');
    const fresh = join(its.paths.pageDirectory, 'console-fresh');
    for (const path of [stale, fresh]) mkdirSync(path, { recursive: true, mode: 0o700 });
    utimesSync(stale, new Date(), new Date(Date.now() - 61_000));
    expect(await its.runCli(['console', READER, '--federated'], { opened: [] })).toMatchObject({ exitCode: 0 });
    expect([existsSync(stale), existsSync(fresh)]).toEqual([false, true]);
  });

  test('is refused for a browser that opens pages through another URL', async () => {
    const its = await openSignedInRig({
      settings: `[session.${SESSION}]\nbrowser = "firefox 'ext+container:name=Work&url={url}'"\n`,
    });
    const opened: string[] = [];
    const outcome = await its.runCli(['console', READER, '--federated'], { opened });
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(outcome.stderr).toContain(`Run: rolecall console ${READER}\n`);
    expect(opened).toEqual([]);
    expect(await its.runCli(['console', READER], { opened })).toMatchObject({ exitCode: 0 });
    expect(opened).toHaveLength(1);
  });

  test('is printed with --print, with a warning on a terminal', async () => {
    const its = await openSignedInRig();
    const piped = await printed(its, [READER, '--federated']);
    expect({ ...piped, stdout: tokenOf(piped.stdout).length > 200 }).toEqual({ exitCode: 0, stdout: true, stderr: '' });
    const onTerminal = await printed(its, [READER, '--federated'], { isTerminal: true });
    expect(onTerminal.stderr).toMatch(
      /^Anyone who opens this URL within 15 minutes is signed in as professional-af {2}222222222222 {2}ReadOnly, for (3 h 59 min|4 h)\.\n$/,
    );
    const json = JSON.parse((await its.runCli(['console', READER, '--federated', '--json'])).stdout) as object;
    expect(json).toMatchObject({
      session: SESSION,
      accountId: '222222222222',
      permissionSet: 'ReadOnly',
      secret: true,
    });
  });

  test('needs a live session', async () => {
    rig = await createRig();
    const outcome = await rig.runCli(['console', 'account1', '--federated'], { opened: [] });
    expect(outcome).toMatchObject({ exitCode: 4, stdout: '' });
  });
});

test('prints hostile account names as plain text, and puts them into no URL', async () => {
  const its = await openSignedInRig();
  const accountName = '$(touch x)`id`\u001b[31m\n%F{red}<b>';
  its.emulator.directory.addAccount({ accountId: '000000000009', accountName });
  its.emulator.directory.assign({ accountId: '000000000009', permissionSet: 'ReadOnly', user: 'taylor' });
  expect(await its.runCli(['ls', '--refresh'])).toMatchObject({ exitCode: 0 });
  await its.client.call('setCurrent', {
    body: { session: SESSION, accountId: '000000000009', permissionSet: 'ReadOnly', profile: null },
  });
  const opened: string[] = [];
  const outcome = await its.runCli(['console'], { opened });
  expect(outcome.stderr).toBe(
    'Opened the console as $(touch x)`id`\ufffd[31m\ufffd%F{red}<b>  000000000009  ReadOnly in your browser.\n',
  );
  expect(opened).toEqual([linkOf(its, '000000000009', 'ReadOnly')]);
});
