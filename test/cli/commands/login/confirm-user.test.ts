// Who signed in: shown by login and status, and confirmed before another user's keys are served.
import { existsSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { tokenFilePath } from '../../../../src/aws-config/files/token-file.ts';
import { createRecordingDesktop } from '../../../helpers/recording-desktop.ts';
import { CONFIG, createRig, SESSION, type CliOptions, type Rig, type RigOptions } from '../../../helpers/rig.ts';
import { waitFor } from '../../../helpers/wait-for.ts';

let rig: Rig;
afterEach(() => rig.remove());

const ROLE = ['--account', '222222222222', '--role', 'ReadOnly'] as const;
const askForKeys = () => rig.runCli(['credential-process', '--session', SESSION, ...ROLE]);
const userOf = async () => (await rig.client.call('status', {})).sessions[0]?.user;

async function create(options: Pick<RigOptions, 'desktop' | 'config' | 'environment'> = {}): Promise<Rig> {
  rig = await createRig({ checksUsers: true, config: CONFIG.slice(0, CONFIG.indexOf('[profile')), ...options });
  rig.emulator.directory.addUser({ userName: 'mallory' });
  rig.emulator.directory.assign({ accountId: '222222222222', permissionSet: 'ReadOnly', user: 'mallory' });
  return rig;
}

/** Approves the code as another user. */
async function loginApprovedBy(user: string, argv: readonly string[] = [], options: CliOptions = {}) {
  rig.emulator.turnKnobs({ autoApprove: false });
  const login = rig.runCli(['login', '--force', ...argv], options);
  const code = await waitFor('a code', () => rig.emulator.pendingDeviceAuthorizations()[0]?.userCode);
  rig.emulator.approve(code, user);
  return login;
}

test('login and status show the user, and cached keys need no extra call', async () => {
  await create();
  expect((await rig.runCli(['login'])).stderr).toContain('Signed in as taylor.\n');
  expect((await rig.runCli(['status'])).stdout).toContain('signed in as taylor');
  expect(rig.emulator.countCalls('GetRoleCredentials')).toBe(1);
  expect(rig.emulator.countCalls('GetCallerIdentity')).toBe(1);
  const { stdout: lines } = await rig.runCli(['login', '--json']);
  expect(JSON.parse(lines.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ type: 'done', user: 'taylor' });
  expect(rig.emulator.countCalls('GetCallerIdentity')).toBe(1);

  // The keys that were requested first also identify the user of the next sign-in.
  expect((await askForKeys()).exitCode).toBe(0);
  rig.emulator.resetCalls();
  expect((await rig.runCli(['login', '--force'])).stderr).toContain('Signed in as taylor.\n');
  expect((await askForKeys()).exitCode).toBe(0);
  expect(rig.emulator.countCalls('GetRoleCredentials')).toBeLessThanOrEqual(2);
  expect(rig.emulator.countCalls('GetCallerIdentity')).toBe(1);
});

test('serves no keys to another user until that is confirmed', async () => {
  await create();
  await rig.runCli(['login']);
  // mallory does not have the role in use, so another role identifies her.
  const own = ['--account', '111111111111', '--role', 'Admin-AF-Permission-Set'];
  expect((await rig.runCli(['credential-process', '--session', SESSION, ...own])).exitCode).toBe(0);
  const refused = {
    exitCode: 4,
    stdout: '',
    stderr: `rolecall: mallory signed in to ${SESSION}, which taylor used before; rolecall serves none of its credentials until you confirm the new user. [sign-in-unconfirmed]\nRun: rolecall login ${SESSION}\n`,
  };
  const login = await loginApprovedBy('mallory');
  expect(login.exitCode).toBe(4);
  expect(login.stderr).toContain(`\nRun: rolecall login ${SESSION} --accept-user mallory\n`);
  expect(await askForKeys()).toEqual(refused);
  expect((await rig.client.call('status', {})).problems).toMatchObject([{ code: 'sign-in-unconfirmed' }]);

  expect(await rig.runCli(['login', '--accept-user', 'somebody'])).toMatchObject({ exitCode: 4 });
  expect(await askForKeys()).toEqual(refused);
  expect(await rig.runCli(['login', '--accept-user', 'mallory'])).toMatchObject({ exitCode: 0 });
  expect((await askForKeys()).exitCode).toBe(0);
  expect(await userOf()).toBe('mallory');
  expect((await rig.client.call('status', {})).problems).toEqual([]);
});

test('sends no keys to an STS without https, as of a test container, and signs in all the same', async () => {
  await create({ environment: { AWS_ENDPOINT_URL_STS: 'http://localstack:4566' } });
  expect(await rig.runCli(['login', '--yes'])).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining(
      'Note: could not check who signed in: STS at http://localstack:4566 is neither https nor on this machine.\n',
    ),
  });
  expect((await askForKeys()).exitCode).toBe(0);
});

test('asks in a terminal and accepts a no', async () => {
  await create();
  await rig.runCli(['login']);
  const question = `taylor was signed in to ${SESSION} before, now it is mallory. Continue as mallory? [y/N] `;
  const no = await loginApprovedBy('mallory', ['--yes'], { isTerminal: true, answers: ['n'] });
  expect(no).toMatchObject({ exitCode: 4, stderr: expect.stringContaining(question) });
  expect((await askForKeys()).exitCode).toBe(4);
  expect(await rig.runCli(['login'], { isTerminal: true, answers: ['y'] })).toMatchObject({ exitCode: 0 });
  expect((await askForKeys()).exitCode).toBe(0);
});

test('checks a sign-in without a waiting login with the first keys, before it serves them', async () => {
  const desktop = createRecordingDesktop();
  await create({ desktop, config: CONFIG });
  await rig.runCli(['login']);
  const tokenFile = tokenFilePath(rig.home.path, SESSION);
  expect(existsSync(tokenFile)).toBe(true);
  rig.emulator.turnKnobs({ autoApprove: false });
  await rig.client.call('startSignIn', { session: SESSION, body: { force: true } });
  const code = await waitFor('a code', () => rig.emulator.pendingDeviceAuthorizations()[0]?.userCode);
  rig.emulator.approve(code, 'mallory');
  await waitFor('the sign-in', async () => {
    return (await rig.client.call('signIn', { session: SESSION }))?.state === 'approved';
  });
  const asked = await Promise.all([askForKeys(), askForKeys(), askForKeys()]);
  expect(asked.map(({ exitCode, stdout }) => `${exitCode} ${stdout}`)).toEqual(['4 ', '4 ', '4 ']);
  expect(rig.emulator.countCalls('GetCallerIdentity')).toBe(2);
  await waitFor('the notification', () =>
    desktop.shown.some(({ title }) => title === `mallory signed in to ${SESSION}`),
  );
  // Native profiles use the AWS CLI's own token file, which would be mallory's.
  await waitFor('the token file to go', () => !existsSync(tokenFile));
});

test('finds the first user without a waiting login, so that a second one is noticed', async () => {
  await create();
  expect(await rig.runCli(['login', '--no-wait'])).toMatchObject({ exitCode: 0 });
  await waitFor('the user', async () => (await userOf()) === 'taylor');
});

test('serves keys when STS is unreachable, and login says that the user was not checked', async () => {
  await create();
  await rig.runCli(['login']);
  rig.emulator.addFault({ operation: 'GetCallerIdentity', kind: 'html' });
  const login = await loginApprovedBy('mallory');
  expect(login).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('Note: could not check who signed in: '),
  });
  expect((await askForKeys()).exitCode).toBe(0);
  expect(await userOf()).toBeUndefined();
});
