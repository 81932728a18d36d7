// Credentials of chained roles from a running daemon: who is asked at AWS, and what protects them.
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { toRolecallError } from '../../src/core/errors.ts';
import { askUntilAnswered } from '../helpers/container.ts';
import { CONFIG, createSignedInRig, SESSION, type Rig, type RigOptions } from '../helpers/rig.ts';
import { waitFor } from '../helpers/wait-for.ts';

let rig: Rig;
afterEach(() => rig.remove());

/** From `account1`, whose permission set is Admin-AF-Permission-Set in 111111111111. */
const chain = (name: string, role: string, source = 'account1', account = '222222222222') =>
  `\n[profile ${name}]\nrole_arn = arn:aws:iam::${account}:role/${role}\nsource_profile = ${source}\n`;
const DEPLOY = chain('deploy', 'Deploy');

async function open(config: string, options: RigOptions = {}): Promise<void> {
  rig = await createSignedInRig({ config: CONFIG + config, ...options });
}

const role = (name: string, account = '222222222222') => ({
  query: { session: SESSION, account, role: `chain:${name}` },
});
const credentialsOf = (name: string, account?: string) => rig.client.call('credentials', role(name, account));
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'it did not fail',
    (error: unknown) => toRolecallError(error),
  );
const assumed = () => rig.emulator.requests().flatMap(({ assumeRole }) => (assumeRole ? [assumeRole.roleArn] : []));
const pending = () => rig.daemon().approvals.list();

async function answer(how: 'approve' | 'refuse' = 'approve'): Promise<void> {
  await waitFor('a question', () => (pending()[0]?.callers ?? 0) > 0);
  expect(rig.daemon().approvals[how](pending()[0]?.id ?? '', 'click')).toBe(true);
}

const askContainer = async ({ url, token }: { readonly url: string; readonly token: string }) =>
  (await askUntilAnswered(url, token)).status;

describe('GET /v1/credentials', () => {
  test('gives those of a role two steps away, and asks AWS once for each step', async () => {
    await open(DEPLOY + chain('audit', 'Audit', 'deploy', '333333333333'));
    const given = await Promise.all(Array.from({ length: 20 }, () => credentialsOf('audit', '333333333333')));
    expect(new Set(given.map(({ AccessKeyId }) => AccessKeyId)).size).toBe(1);
    expect(given[0]).toMatchObject({ Version: 1, AccountId: '333333333333' });
    expect(assumed()).toEqual(['arn:aws:iam::222222222222:role/Deploy', 'arn:aws:iam::333333333333:role/Audit']);
    expect(rig.emulator.countCalls('GetRoleCredentials')).toBe(1);
  });

  test('follows the file: another role at the next request, and none when the profile is gone', async () => {
    await open(DEPLOY);
    const first = await credentialsOf('deploy');
    writeFileSync(rig.configPath, CONFIG + chain('deploy', 'Other'));
    expect((await credentialsOf('deploy')).AccessKeyId).not.toBe(first.AccessKeyId);
    expect(assumed()).toEqual(['arn:aws:iam::222222222222:role/Deploy', 'arn:aws:iam::222222222222:role/Other']);
    writeFileSync(rig.configPath, CONFIG);
    expect(await failureOf(credentialsOf('deploy'))).toMatchObject({ code: 'chain-unavailable', exitCode: 6 });
  });

  test('says why AWS refuses the role, and that the session has ended', async () => {
    await open(DEPLOY + chain('reserved', 'AWSReservedSSO_Admin_0123456789abcdef'));
    expect(await failureOf(credentialsOf('reserved'))).toMatchObject({
      code: 'assume-role-refused',
      httpStatus: 403,
      exitCode: 5,
      message: expect.stringMatching(
        /^AWS does not let Admin-AF-Permission-Set in account 111111111111 assume arn:aws:iam::222222222222:role\/AWSReservedSSO_Admin_0123456789abcdef: AssumeRole at 127\.0\.0\.1:\d+ failed: HTTP 403, AccessDenied, /,
      ) as string,
    });
    await credentialsOf('deploy');
    await rig.runCli(['logout', SESSION]);
    expect(await failureOf(credentialsOf('deploy'))).toMatchObject({ code: 'sign-in-required', exitCode: 4 });
  });

  test('calls the role session like the user who signed in, also at once after the next sign-in', async () => {
    await open(DEPLOY, { checksUsers: true });
    await waitFor('the user', async () => (await rig.client.call('status', {})).sessions[0]?.user === 'taylor');
    await credentialsOf('deploy');
    await rig.runCli(['login', SESSION, '--force']);
    await credentialsOf('deploy');
    expect(rig.emulator.requests().flatMap(({ assumeRole }) => assumeRole?.roleSessionName ?? [])).toEqual([
      'taylor',
      'taylor',
    ]);
  });

  test('of one whose source is not assigned names the source', async () => {
    const profile = `[profile gone]\nsso_session = ${SESSION}\nsso_account_id = 111111111111\nsso_role_name = Gone\n`;
    await open(profile + chain('deploy', 'Deploy', 'gone'));
    expect(await failureOf(credentialsOf('deploy'))).toMatchObject({
      code: 'permission-set-not-assigned',
      message: expect.stringMatching(/^Permission set Gone is not assigned to you in account 111111111111/) as string,
    });
    expect(assumed()).toEqual([]);
  });
});

describe('a protected chained role', () => {
  test.each([
    ['its source', 'permission_set = "Admin*"'],
    ['its own role', 'permission_set = "Deploy"'],
  ])('asks because of a rule for %s, and AWS is asked only after the answer', async (_what, rule) => {
    await open(DEPLOY, { settings: `[[protect]]\n${rule}\n` });
    const waits = Array.from({ length: 5 }, () => credentialsOf('deploy'));
    await waitFor('all wait', () => pending()[0]?.callers === 5);
    expect(pending().map(({ subject }) => subject)).toMatchObject([
      { kind: 'role', role: { accountId: '222222222222', permissionSet: 'chain:deploy' } },
    ]);
    expect(assumed()).toEqual([]);
    await answer();
    expect(new Set((await Promise.all(waits)).map(({ AccessKeyId }) => AccessKeyId)).size).toBe(1);
    expect(await credentialsOf('deploy')).toMatchObject({ AccountId: '222222222222' });
  });

  test('is shown as it was when asked, whatever the file says by the time of the answer', async () => {
    await open(DEPLOY, { settings: '[[protect]]\npermission_set = "*"\nremember_minutes = 5\n' });
    const waiting = failureOf(credentialsOf('deploy'));
    await waitFor('a question', () => pending()[0]?.callers === 1);
    writeFileSync(rig.configPath, CONFIG + chain('deploy', 'Harmless'));
    const [shown] = (await rig.client.call('approvals', {})).approvals;
    expect(shown?.chain).toMatchObject({ roleArn: 'arn:aws:iam::222222222222:role/Deploy', sourceProfile: 'account1' });
    await answer('refuse');
    expect(await waiting).toMatchObject({ code: 'approval-refused' });
  });

  test('asks again when the profile leads to another role', async () => {
    await open(DEPLOY, { settings: '[[protect]]\npermission_set = "Admin*"\n' });
    await rig.client.call('profile', { query: { name: 'deploy' } });
    const grantWaits = rig.client.call('createGrant', {
      body: { session: SESSION, accountId: '222222222222', permissionSet: 'chain:deploy' },
    });
    await answer();
    const grant = await grantWaits;
    expect(await askContainer(grant)).toBe(200);
    await credentialsOf('deploy');
    writeFileSync(rig.configPath, CONFIG + chain('deploy', 'Other'));
    const wait = failureOf(credentialsOf('deploy'));
    await answer('refuse');
    expect(await wait).toMatchObject({ code: 'approval-refused' });
    expect(await askContainer(grant)).toBe(403);
    expect(assumed()).toEqual(['arn:aws:iam::222222222222:role/Deploy']);
  });

  test('that a person approves in advance is served then', async () => {
    await open(DEPLOY, { settings: '[[protect]]\npermission_set = "Admin*"\n' });
    await rig.client.call('profile', { query: { name: 'deploy' } });
    const asked = await rig.client.call('askApproval', {
      body: { session: SESSION, accountId: '222222222222', permissionSet: 'chain:deploy' },
    });
    expect(asked).toMatchObject({ state: 'pending', accountId: '222222222222' });
    rig.daemon().approvals.approve(asked.id, 'click');
    expect(await credentialsOf('deploy')).toMatchObject({ AccountId: '222222222222' });
  });

  test('is locked with its source, and others are not', async () => {
    await open(DEPLOY + chain('free', 'Free', 'readonly') + READ_ONLY, {
      settings: 'lock = "protected"\n[[protect]]\npermission_set = "Admin*"\n',
    });
    const wait = credentialsOf('deploy');
    await answer();
    await wait;
    expect(await rig.runCli(['lock'])).toMatchObject({ exitCode: 0 });
    expect(await failureOf(credentialsOf('deploy'))).toMatchObject({ code: 'locked', httpStatus: 401 });
    expect(await credentialsOf('free')).toMatchObject({ AccountId: '222222222222' });
    expect(assumed()).toEqual(['arn:aws:iam::222222222222:role/Deploy', 'arn:aws:iam::222222222222:role/Free']);
  });
});

const READ_ONLY = `
[profile readonly]
sso_session = ${SESSION}
sso_account_id = 222222222222
sso_role_name = ReadOnly
`;
