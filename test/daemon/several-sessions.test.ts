// Several sso-sessions at once: two users at one start URL, two regions, and `login --all` for all of them.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { createRig, type Rig } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig;
afterEach(() => rig.remove());

const START_URL = 'https://d-1234567890.awsapps.com/start';
const session = (name: string, region = 'us-east-1') =>
  `[sso-session ${name}]\nsso_start_url = ${START_URL}\nsso_region = ${region}\nsso_registration_scopes = sso:account:access\n\n`;

/** Approves the pending sign-in as each of the users in turn. */
async function approveAs(...userNames: readonly string[]): Promise<void> {
  const seen = new Set<string>();
  for (const userName of userNames) {
    const code = await waitFor(
      'a pending sign-in',
      () => rig.emulator.pendingDeviceAuthorizations().find(({ userCode }) => !seen.has(userCode))?.userCode,
    );
    seen.add(code);
    if (userName === '') rig.emulator.deny(code);
    else rig.emulator.approve(code, userName);
  }
}

const rowsOf = async () =>
  (await rig.client.call('roles', { query: {} })).roles.map(
    ({ session: name, label, accountId, permissionSet, profile }) =>
      [name, label, accountId, permissionSet, profile].join(' '),
  );

describe('two users at one start URL', () => {
  const create = async () => {
    rig = await createRig({
      config: session('admin') + session('audit'),
      settings: '[session.admin]\nlabel = "Taylor"\nbrowser = "firefox -P taylor"\n[session.audit]\nlabel = "Sam"\n',
      emulator: { autoApprove: false },
    });
    const [run] = await Promise.all([rig.runCli(['login', '--all']), approveAs('taylor', 'sam')]);
    return run;
  };

  test('are two sessions with separate tokens, roles, labels and browsers', async () => {
    const templates: string[] = [];
    const { exitCode, stderr } = await create();
    expect(exitCode).toBe(0);
    const said = stderr.split('\n').filter((line) => /^\d of|^Signing|^Signed|^Note: admin/.test(line));
    expect(said).toEqual([
      `1 of 2: Taylor (admin)  ${START_URL}`,
      'Signing in to admin',
      'Signed in to admin.',
      `2 of 2: Sam (audit)  ${START_URL}`,
      'Note: admin has the same start URL. To sign in as another user, give each session its own browser in the settings.',
      'Signing in to audit',
      'Signed in to audit.',
    ]);
    expect(await rowsOf()).toEqual([
      'admin Taylor 044444444444 ReadOnly Log-Archive.ReadOnly',
      'audit Sam 044444444444 ReadOnly Log-Archive-044444444444.ReadOnly-audit',
      'admin Taylor 222222222222 Admin-AF-Permission-Set professional-af.Admin-AF-Permission-Set',
      'admin Taylor 222222222222 ReadOnly professional-af.ReadOnly',
      'admin Taylor 333333333333 ReadOnly Shop-Staging.ReadOnly',
      'admin Taylor 111111111111 Admin-AF-Permission-Set taylor.Admin-AF-Permission-Set',
    ]);
    await rig.runCli(['console', 'taylor.Admin-AF-Permission-Set'], { opened: [], templates });
    await rig.runCli(['console', 'Log-Archive-044444444444.ReadOnly-audit'], { opened: [], templates });
    expect(templates).toEqual(['firefox -P taylor']);
  });

  test('never get each other’s credentials, and a sign-out of one does not affect the other', async () => {
    await create();
    const ask = (name: string, account: string, role: string) =>
      rig.client.call('credentials', { query: { session: name, account, role } });
    await expect(ask('audit', '111111111111', 'Admin-AF-Permission-Set')).rejects.toMatchObject({
      code: 'account-not-found',
    });
    const [admin, audit] = await Promise.all([
      ask('admin', '044444444444', 'ReadOnly'),
      ask('audit', '044444444444', 'ReadOnly'),
    ]);
    expect(admin.AccessKeyId).not.toBe(audit.AccessKeyId);
    await rig.client.call('signOut', { session: 'audit' });
    await expect(ask('audit', '044444444444', 'ReadOnly')).rejects.toMatchObject({ code: 'sign-in-required' });
    expect((await ask('admin', '111111111111', 'Admin-AF-Permission-Set')).AccountId).toBe('111111111111');
    const { sessions } = await rig.client.call('status', {});
    expect(sessions.map(({ session: name, state }) => [name, state])).toEqual([
      ['admin', 'live'],
      ['audit', 'signed-out'],
    ]);
  });
});

describe('two regions', () => {
  test('have separate client registrations, tokens and profile regions', async () => {
    rig = await createRig({ config: session('east') + session('frankfurt', 'eu-central-1') });
    expect(await rig.runCli(['login', '--all'])).toMatchObject({ exitCode: 0 });
    expect(rig.emulator.countCalls('RegisterClient')).toBe(2);
    const { profiles } = await rig.client.call('profiles', {});
    expect(new Set(profiles.map((profile) => `${profile.session} ${profile.region}`))).toEqual(
      new Set(['east us-east-1', 'frankfurt eu-central-1']),
    );
    expect(profiles).toHaveLength(10);
    expect(readFileSync(rig.configPath, 'utf8').match(/^region = eu-central-1$/gm)).toHaveLength(5);
    await rig.client.call('signOut', { session: 'east' });
    const { sessions } = await rig.client.call('status', {});
    expect(sessions.map(({ session: name, region, state }) => [name, region, state])).toEqual([
      ['east', 'us-east-1', 'signed-out'],
      ['frankfurt', 'eu-central-1', 'live'],
    ]);
  });

  test('share a client registration only if everything is equal', async () => {
    rig = await createRig({ config: session('one') + session('two') });
    await rig.runCli(['login', '--all']);
    expect(rig.emulator.countCalls('RegisterClient')).toBe(1);
  });
});

describe('login --all', () => {
  test('continues after a denied sign-in, reports it there, and fails at the end', async () => {
    rig = await createRig({ config: session('one') + session('two'), emulator: { autoApprove: false } });
    const [run] = await Promise.all([rig.runCli(['login', '--all']), approveAs('', 'taylor')]);
    expect(run.exitCode).toBe(4);
    const places = ['1 of 2: one', 'rolecall: The sign-in to one was denied', '2 of 2: two', 'Signed in to two.'];
    const found = places.map((text) => run.stderr.indexOf(text));
    expect(found.every((place, index) => place > (found[index - 1] ?? -1))).toBe(true);
  });

  test('prints its result as JSON and skips sessions that are signed in', async () => {
    rig = await createRig({ config: session('one') + session('two') });
    await rig.runCli(['login', 'one']);
    const { exitCode, stdout } = await rig.runCli(['login', '--all', '--json', '--no-wait']);
    const lines = stdout.trimEnd().split('\n');
    const documents = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(exitCode).toBe(0);
    expect(documents.filter(({ type }) => type === 'done')).toMatchObject([
      { session: 'one', state: 'live', setup: null },
      { session: 'two', state: 'approved', flow: 'device', flowReason: 'no-display', setup: null },
    ]);
  });

  test('accepts no session name, and explains how to start when there is no session', async () => {
    rig = await createRig({ config: '' });
    expect(await rig.runCli(['login', '--all', 'one'])).toMatchObject({
      exitCode: 2,
      stderr:
        'rolecall: login --all signs in to every sso-session, so it takes no name. [usage]\nRun: rolecall login --help\n',
    });
    expect(await rig.runCli(['login', '--all'])).toMatchObject({ exitCode: 6 });
  });
});
