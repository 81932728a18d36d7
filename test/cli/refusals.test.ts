// The last refusal of each profile, which an SDK may have hidden: in `whoami`, `status` and `doctor`, until keys are given again.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { formatMoment } from '../../src/core/text/format-duration.ts';
import type { RolecallError } from '../../src/core/errors.ts';
import type { StatusDocument } from '../../src/local-api/schemas.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';

const ADMIN = 'taylor.Admin-AF-Permission-Set';
const ROLE = { session: SESSION, account: '111111111111', role: 'Admin-AF-Permission-Set' };
const SIGNED_OUT = {
  code: 'sign-in-required',
  message: `You are not signed in to ${SESSION}.`,
  hint: `rolecall login ${SESSION}`,
} as const;

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.remove());
beforeEach(async () => {
  // It forgets what the test before has left.
  await rig.restartDaemon();
  await rig.runCli(['login']);
});

const outcome = (keys: Promise<unknown>) =>
  keys.then(
    () => 'keys',
    (error: unknown) => (error as RolecallError).code,
  );
const ask = (query: Partial<typeof ROLE> = {}) =>
  outcome(rig.client.call('credentials', { query: { ...ROLE, ...query } }));
const askCurrent = () => outcome(rig.client.call('currentCredentials', {}));
const lastRefusals = async () => (await rig.client.call('status', {})).lastRefusals;
/** Without programs whose versions doctor would ask for, which takes a second. */
const SHELL = { AWS_PROFILE: ADMIN, PATH: '/nowhere' };
const run = async (...argv: string[]) => (await rig.runCli(argv, { environment: SHELL })).stdout;
const json = async <T>(...argv: string[]) => JSON.parse(await run(...argv, '--json')) as T;

test('appears in whoami, status and doctor, also as JSON, and disappears with the next keys', async () => {
  for (const command of ['status', 'whoami']) expect(await run(command)).not.toContain('not signed in');
  await rig.runCli(['logout']);
  expect(await ask()).toBe('sign-in-required');
  const [refusal] = (await lastRefusals()) ?? [];
  expect(refusal).toEqual({
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    ...SIGNED_OUT,
    profile: ADMIN,
    session: SESSION,
    accountId: ROLE.account,
    permissionSet: ROLE.role,
  });
  // Signing in does not get a program that has given up its keys.
  await rig.runCli(['login']);
  const at = refusal?.at ?? '';
  const time = formatMoment(at, Date.now());
  expect(await run('status')).toContain(`\n! ${time} ${ADMIN}: ${SIGNED_OUT.message}\n  Run: ${SIGNED_OUT.hint}\n`);
  expect(await run('whoami')).toContain(`\nRefused  ${time}: ${SIGNED_OUT.message} Run: ${SIGNED_OUT.hint}\n`);
  expect(await run('doctor')).toContain(
    `${time} ${ADMIN}: ${SIGNED_OUT.message} [keys-refused]\n      $ ${SIGNED_OUT.hint}\n      $ rolecall exec ${ADMIN} -- true\n`,
  );
  expect((await json<StatusDocument>('status')).lastRefusals).toEqual([refusal]);
  expect((await json<{ lastRefusal: unknown }>('whoami')).lastRefusal).toEqual({ at, ...SIGNED_OUT });

  expect(await ask()).toBe('keys');
  expect(await lastRefusals()).toBeUndefined();
  for (const command of ['status', 'whoami']) expect(await run(command)).not.toContain('not signed in');
  expect((await json<{ lastRefusal: unknown }>('whoami')).lastRefusal).toBeNull();
});

test('is recorded by id for a session and a role that do not exist', async () => {
  expect(await ask({ session: 'nosuch' })).toBe('session-not-found');
  expect(await ask({ role: 'Nobody-Has-This' })).toBe('permission-set-not-assigned');
  expect(await lastRefusals()).toEqual([
    expect.objectContaining({ code: 'permission-set-not-assigned', profile: null, permissionSet: 'Nobody-Has-This' }),
    expect.objectContaining({ code: 'session-not-found', profile: null, session: 'nosuch' }),
  ]);
  expect(await run('status')).toMatch(
    /\n! \d\d:\d\d 111111111111\/Nobody-Has-This: .*\n {2}Run: .*\n\n! \d\d:\d\d 111111111111\/Admin-AF-Permission-Set: There is no sso-session "nosuch"/,
  );
});

test('is recorded for [profile current], with and without a current role', async () => {
  expect(await askCurrent()).toBe('no-current-role');
  expect(await run('status')).toMatch(/\n! \d\d:\d\d current: No current role is set\.\n {2}Run: rolecall ls\n/);
  await rig.runCli(['use', '--current', 'log']);
  await rig.runCli(['logout']);
  expect(await askCurrent()).toBe('sign-in-required');
  expect(await run('status')).toMatch(/\n! \d\d:\d\d current \(044444444444\/ReadOnly\): You are not signed in/);
  await rig.runCli(['login']);
  expect(await askCurrent()).toBe('keys');
  expect(await lastRefusals()).toBeUndefined();
  await rig.runCli(['use', '--current', '--off']);
});

test('is recorded for programs in exec, and disappears with their next keys', async () => {
  const grant = await rig.client.call('createGrant', {
    body: { session: SESSION, accountId: ROLE.account, permissionSet: ROLE.role },
  });
  const fetchKeys = async () => (await fetch(grant.url, { headers: { authorization: grant.token } })).status;
  rig.emulator.addFault({ operation: 'GetRoleCredentials', kind: 'status', status: 500 });
  expect(await fetchKeys()).toBe(503);
  expect(await lastRefusals()).toEqual([
    expect.objectContaining({ code: 'identity-center-unreachable', profile: ADMIN }),
  ]);
  rig.emulator.clearFaults();
  expect(await ask()).toBe('keys');
  await rig.runCli(['logout']);
  expect(await ask()).toBe('sign-in-required');
  await rig.runCli(['login']);
  const again = await rig.client.call('createGrant', {
    body: { session: SESSION, accountId: ROLE.account, permissionSet: ROLE.role },
  });
  expect((await fetch(again.url, { headers: { authorization: again.token } })).status).toBe(200);
  expect(await lastRefusals()).toBeUndefined();
});

test('is shown for the last few roles only, if each has its own message', async () => {
  for (let index = 0; index < 8; index += 1) await ask({ role: `Nobody-Has-${index}` });
  expect(await lastRefusals()).toHaveLength(8);
  const status = await run('status');
  expect(status.match(/^! .*$/gm)?.map((line) => /Nobody-Has-\d/.exec(line)?.[0])).toEqual([
    'Nobody-Has-7',
    'Nobody-Has-6',
    'Nobody-Has-5',
  ]);
  expect(status.endsWith('\n5 more refusals: rolecall status --json\n')).toBe(true);
  expect((await run('doctor')).match(/\[keys-refused\]/g)).toHaveLength(5);
});
