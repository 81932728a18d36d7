// What a person sees when AWS's side misbehaves: each fault has its class, one sentence and one command, and loses nothing.
import { afterEach, describe, expect, test } from 'vitest';
import type { EmulatorOptions } from '../../src/emulator/emulator.ts';
import type { FaultEffect } from '../../src/emulator/control/faults.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';

let rig: Rig | undefined;
afterEach(() => rig?.remove());

const CREDENTIALS = [
  'credential-process',
  '--session',
  SESSION,
  '--account',
  '111111111111',
  '--role',
  'Admin-AF-Permission-Set',
];
const OTHER_CREDENTIALS = [
  'credential-process',
  '--session',
  SESSION,
  '--account',
  '333333333333',
  '--role',
  'ReadOnly',
];

async function createSignedInRig(emulator: EmulatorOptions = {}): Promise<Rig> {
  const created = await createRig({ emulator });
  rig = created;
  expect(await created.runCli(['login'])).toMatchObject({ exitCode: 0 });
  return created;
}

/** One sentence that names the session or host, then one command. */
const ONE_SENTENCE_AND_A_COMMAND = /^rolecall: [^\n]+\. \[[a-z-]+\]\nRun: [^\n]+\n$/;

interface Row {
  readonly what: string;
  readonly fault: FaultEffect;
  readonly exitCode: number;
  readonly says: RegExp;
}

const ROWS: readonly Row[] = [
  { what: '500', fault: { kind: 'status', status: 500 }, exitCode: 7, says: /can't be reached/ },
  { what: '503', fault: { kind: 'status', status: 503 }, exitCode: 7, says: /can't be reached/ },
  { what: '429', fault: { kind: 'throttle' }, exitCode: 7, says: /is throttling requests/ },
  { what: 'a dropped connection', fault: { kind: 'drop' }, exitCode: 7, says: /can't be reached/ },
  {
    what: 'HTML in place of JSON',
    fault: { kind: 'html' },
    exitCode: 1,
    says: /sent an unusable answer/,
  },
  { what: 'half an answer', fault: { kind: 'truncate' }, exitCode: 1, says: /sent an unusable answer/ },
  {
    what: 'an answer without its fields',
    fault: { kind: 'omit', fields: ['roleCredentials', 'deviceCode'] },
    exitCode: 1,
    says: /sent an unusable answer/,
  },
];

describe.each(ROWS)('$what', ({ fault, exitCode, says }) => {
  test('on GetRoleCredentials: told as such, the next call works, nobody is signed out', async () => {
    const { emulator, runCli } = await createSignedInRig();
    emulator.addFault({ operation: 'GetRoleCredentials', ...fault });
    const run = await runCli(CREDENTIALS);
    expect(run).toEqual({ exitCode, stdout: '', stderr: expect.stringMatching(ONE_SENTENCE_AND_A_COMMAND) });
    expect(run.stderr).toMatch(says);
    emulator.clearFaults();
    expect(await runCli(CREDENTIALS)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(emulator.countCalls('StartDeviceAuthorization')).toBe(1);
  });

  test('on StartDeviceAuthorization: a login says so, and the next one works', async () => {
    rig = await createRig();
    rig.emulator.addFault({ operation: 'StartDeviceAuthorization', ...fault });
    const run = await rig.runCli(['login']);
    expect(run).toMatchObject({ exitCode, stdout: '' });
    expect(run.stderr).toMatch(says);
    rig.emulator.clearFaults();
    expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
    expect(rig.emulator.countCalls('RegisterClient')).toBe(1);
  });
});

test('a refresh that fails for the network keeps the session, and cached keys are served meanwhile', async () => {
  const { emulator, runCli } = await createSignedInRig();
  const before = await runCli(CREDENTIALS);
  emulator.expireAccessTokens();
  emulator.addFault({ operation: '*', kind: 'status', status: 503 });
  expect(await runCli(CREDENTIALS)).toEqual(before);
  expect(await runCli(OTHER_CREDENTIALS)).toMatchObject({ exitCode: 7 });
  expect(await runCli(['status', '--check'])).toMatchObject({ exitCode: 0 });
  emulator.clearFaults();
  expect(await runCli(OTHER_CREDENTIALS)).toMatchObject({ exitCode: 0 });
});

test('an outage is one problem and an open circuit in status, cached keys are served, and the next call ends it', async () => {
  const { client, emulator, runCli } = await createSignedInRig();
  const before = await runCli(CREDENTIALS);
  emulator.addFault({ operation: '*', kind: 'status', status: 503 });
  for (let turn = 0; turn < 2; turn += 1) expect(await runCli(OTHER_CREDENTIALS)).toMatchObject({ exitCode: 7 });
  const calls = emulator.countCalls('GetRoleCredentials');
  expect(await runCli(OTHER_CREDENTIALS)).toMatchObject({
    exitCode: 7,
    stderr: expect.stringContaining("can't be reached"),
  });
  expect(emulator.countCalls('GetRoleCredentials')).toBe(calls);
  expect(await runCli(CREDENTIALS)).toEqual(before);
  const { problems, sessions } = await client.call('status', {});
  expect(problems).toMatchObject([{ code: 'identity-center-unreachable', session: SESSION }]);
  const time = expect.stringMatching(/Z$/);
  expect(sessions[0]).toMatchObject({
    state: 'live',
    upstreams: [
      { service: 'oidc', circuit: 'closed' },
      { service: 'portal', circuit: 'open', nextTryAt: time },
    ],
    roles: expect.arrayContaining([
      {
        accountId: '111111111111',
        permissionSet: 'Admin-AF-Permission-Set',
        state: 'fresh',
        expiresAt: time,
        nextRefreshAt: time,
      },
      { accountId: '333333333333', permissionSet: 'ReadOnly', state: 'failing', nextRefreshAt: time },
    ]),
    nextRefreshAt: time,
    nextRetry: { reason: 'outage', message: expect.stringContaining("can't be reached"), at: time },
  });
  emulator.clearFaults();
  expect(await runCli(['login'])).toMatchObject({ exitCode: 0 });
  expect(await runCli(OTHER_CREDENTIALS)).toMatchObject({ exitCode: 0 });
  expect(emulator.countCalls('StartDeviceAuthorization')).toBe(1);
  const after = await client.call('status', {});
  expect(after.problems).toEqual([]);
  expect(after.sessions[0]).not.toHaveProperty('nextRetry');
});

test('an absurd lifetime is told as such, costs nothing, and the next good answer works', async () => {
  const absurd = {
    accessTokenLifetimeSeconds: 1e15,
    sessionLifetimeSeconds: 1e15,
    roleCredentialsLifetimeSeconds: 1e14,
  };
  rig = await createRig({ emulator: absurd });
  const { client, emulator, runCli } = rig;
  expect(await runCli(['login'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('expiresIn is too large in the answer'),
  });
  emulator.turnKnobs({ accessTokenLifetimeSeconds: 3600, sessionLifetimeSeconds: 28_800 });
  expect(await runCli(['login'])).toMatchObject({ exitCode: 0 });
  const refused = await runCli(CREDENTIALS);
  expect(refused).toEqual({ exitCode: 1, stdout: '', stderr: expect.stringMatching(ONE_SENTENCE_AND_A_COMMAND) });
  expect(refused.stderr).toContain('expiration is too large in the answer');
  expect(await runCli(['status', '--check'])).toMatchObject({ exitCode: 0 });
  emulator.turnKnobs({ roleCredentialsLifetimeSeconds: 3600 });
  expect(await runCli(CREDENTIALS)).toMatchObject({ exitCode: 0 });
  expect((await client.call('status', {})).problems).toEqual([]);
  expect(await runCli(['logout'])).toMatchObject({ exitCode: 0 });
});

test('a refresh whose answer names an absurd lifetime is refused, and the new refresh token in it is kept', async () => {
  const { client, emulator, runCli } = await createSignedInRig({ sessionLifetimeSeconds: 1e15 });
  const tooLong = () => emulator.turnKnobs({ accessTokenLifetimeSeconds: 1e15 });
  const missing = () =>
    emulator.addFault({ operation: 'CreateToken', kind: 'omit', fields: ['expiresIn', 'accessToken'], count: 1 });
  for (const { role, spoil, says } of [
    { role: CREDENTIALS, spoil: tooLong, says: 'expiresIn is too large' },
    { role: OTHER_CREDENTIALS, spoil: missing, says: 'accessToken is missing' },
  ]) {
    emulator.expireAccessTokens();
    spoil();
    const refused = await runCli(role);
    expect(refused).toEqual({ exitCode: 1, stdout: '', stderr: expect.stringMatching(ONE_SENTENCE_AND_A_COMMAND) });
    expect(refused.stderr).toContain(says);
    emulator.turnKnobs({ accessTokenLifetimeSeconds: 3600 });
    expect(await runCli(role)).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await client.call('status', {})).problems).toEqual([]);
  }
});

test('a pause of a day that a server asks for is shown with its end, and a person may try at once', async () => {
  const { client, emulator, runCli } = await createSignedInRig();
  emulator.addFault({ operation: '*', kind: 'throttle', retryAfterSeconds: 86_400 });
  expect(await runCli(CREDENTIALS)).toMatchObject({ exitCode: 7 });
  const calls = () => ({ lists: emulator.countCalls('ListAccounts'), keys: emulator.countCalls('GetRoleCredentials') });
  const { lists, keys } = calls();
  expect(await runCli(CREDENTIALS)).toMatchObject({ exitCode: 7 });
  for (const argv of [['ls', '--refresh'], ['login']]) {
    expect(await runCli(argv)).toMatchObject({
      exitCode: 7,
      stderr: expect.stringContaining('is throttling requests'),
    });
  }
  expect(calls()).toEqual({ lists: lists + 2, keys });
  const said = /asked for a pause: .*HTTP 429.*\. rolecall makes no requests before 20\S+Z\./;
  for (const argv of [['status'], ['doctor']]) {
    const { stdout } = await runCli(argv);
    expect(stdout).toMatch(said);
    expect(stdout).toContain('rolecall ls --refresh');
  }
  const { sessions } = await client.call('status', {});
  const leftMs =
    Date.parse(sessions[0]?.upstreams?.find(({ service }) => service === 'portal')?.nextTryAt ?? '') - Date.now();
  expect(leftMs).toBeLessThanOrEqual(5 * 60_000);
  emulator.clearFaults();
  expect(await runCli(['ls', '--refresh'])).toMatchObject({ exitCode: 0 });
  expect(await runCli(CREDENTIALS)).toMatchObject({ exitCode: 0 });
  expect((await client.call('status', {})).problems).toEqual([]);
});

test('a refresh whose answer is lost on the way ends the session, for the old refresh token is used up', async () => {
  const { emulator, runCli } = await createSignedInRig();
  emulator.expireAccessTokens();
  emulator.addFault({ operation: 'CreateToken', detail: 'refresh_token', kind: 'lose-answer', count: 1 });
  expect((await runCli(OTHER_CREDENTIALS)).exitCode).not.toBe(0);
  expect(await runCli(OTHER_CREDENTIALS)).toMatchObject({ exitCode: 4 });
  expect(await runCli(['login'])).toMatchObject({ exitCode: 0 });
  expect(await runCli(OTHER_CREDENTIALS)).toMatchObject({ exitCode: 0 });
});

test('a token that expires while listing is refreshed on the way', async () => {
  const { emulator, runCli } = await createSignedInRig();
  emulator.expireAccessTokens();
  expect(await runCli(['ls', '--refresh'])).toMatchObject({ exitCode: 0 });
  expect(emulator.countCalls('CreateToken', 'refresh_token')).toBe(1);
});

test('an account that cannot be asked keeps its permission sets and profiles, and the list says that it is incomplete', async () => {
  const { emulator, runCli } = await createSignedInRig();
  const before = await runCli(['profiles', 'list']);
  emulator.addFault({ operation: 'ListAccountRoles', detail: '333333333333', kind: 'html' });
  const login = await runCli(['login']);
  expect(login.stdout).toContain('(incomplete: rolecall ls --refresh)');
  expect((await runCli(['profiles', 'list'])).stdout).toBe(before.stdout);
  emulator.clearFaults();
  expect((await runCli(['ls', '--refresh'])).stderr).not.toContain('incomplete');
});

test('nobody listens at the endpoint: the host is named', async () => {
  rig = await createRig();
  await rig.emulator.close();
  const run = await rig.runCli(['login']);
  // Above it stands that the endpoint is none of AWS's.
  const failure = run.stderr.replace(/^Note: .*\n/, '');
  expect({ exitCode: run.exitCode, failure }).toEqual({
    exitCode: 7,
    failure: expect.stringMatching(ONE_SENTENCE_AND_A_COMMAND),
  });
  expect(failure).toContain(new URL(rig.environment['AWS_ENDPOINT_URL_SSO_OIDC'] ?? '').host);
});

test('a name that does not resolve: it is named', async () => {
  rig = await createRig({ environment: { AWS_ENDPOINT_URL_SSO_OIDC: 'https://oidc.rolecall.invalid' } });
  const run = await rig.runCli(['login', '--yes']);
  expect(run).toMatchObject({ exitCode: 7, stderr: expect.stringMatching(/rolecall: .*oidc\.rolecall\.invalid/) });
});

test.each(['null', 'empty', 'absent'] as const)(
  'a last page whose nextToken is %s ends the list',
  async (lastPageToken) => {
    const { runCli } = await createSignedInRig({ lastPageToken, pageSize: 1 });
    expect(JSON.parse((await runCli(['ls', '--json'])).stdout)).toMatchObject({
      complete: true,
      accounts: { length: 4 },
    });
  },
);
