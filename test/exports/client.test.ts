// `rolecall/client` against a daemon: what an outsider's program gets from each method.
import { chmodSync, mkdirSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient, RolecallError, type Client } from '../../src/exports/client.ts';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';

const ROLE = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
const NO_DAEMON = {
  name: 'RolecallError',
  code: 'daemon-not-running',
  message: 'The rolecall daemon is not running.',
  hint: 'rolecall daemon start',
  exitCode: 3,
};

let rig: Rig;
let client: Client;
beforeAll(async () => {
  rig = await createRig();
  client = createClient({ environment: rig.environment });
});
afterAll(() => rig.remove());

/** What `promise` rejects with, by the fields that are promised. */
const failureOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RolecallError);
  const { name, code, message, hint, exitCode } = error as RolecallError;
  return { name, code, message, hint, exitCode };
};

test('signs in, and tells when that has happened', async () => {
  expect(await client.credentials(ROLE).catch((error: unknown) => error)).toMatchObject({
    code: 'sign-in-required',
    exitCode: 4,
    hint: `rolecall login ${SESSION}`,
  });
  const started = await client.startSignIn(SESSION, { flow: 'device' });
  expect(started).toMatchObject({ state: 'pending', flow: 'device', userCode: expect.any(String) });
  const outcome = { state: 'approved', setup: { state: 'done', profiles: { total: expect.any(Number) } } };
  expect(await client.waitForSignIn(SESSION, { setup: true })).toMatchObject(outcome);
  const { roles } = await client.roles();
  expect(roles.map(({ profile }) => profile)).toContain('taylor.Admin-AF-Permission-Set');
  expect(await client.startSignIn(SESSION)).toMatchObject({ state: 'live' });
});

describe('signed in', () => {
  test('lists accounts and roles, and takes a row of the list as a role', async () => {
    const { accounts } = await client.accounts({ refresh: true });
    expect(accounts.map(({ accountId }) => accountId)).toContain(ROLE.accountId);
    const { roles } = await client.roles({ session: SESSION });
    const row = roles.find((role) => role.accountId === ROLE.accountId);
    if (row === undefined) throw new Error('the list lacks the role');
    expect(await client.credentials(row)).toMatchObject({ Version: 1, AccountId: ROLE.accountId });
    expect(await client.setCurrent(row)).toMatchObject(ROLE);
    expect(await client.current()).toMatchObject(ROLE);
    expect(await client.currentCredentials()).toMatchObject({ AccountId: ROLE.accountId });
    expect(await client.console(row)).toMatchObject({ ...ROLE, secret: false, url: expect.any(String) });
    expect(await client.setCurrent(null)).toBe(null);
  });

  test('gives the AWS SDK what it takes', async () => {
    expect(await client.credentialProvider(ROLE)()).toEqual({
      accessKeyId: expect.any(String),
      secretAccessKey: expect.any(String),
      sessionToken: expect.any(String),
      expiration: expect.any(Date),
      accountId: ROLE.accountId,
    });
  });

  test('creates a grant and ends it', async () => {
    const grant = await client.createGrant(ROLE, { purpose: 'a test', lifetimeSeconds: 60 });
    expect(grant).toMatchObject({ role: ROLE, purpose: 'a test', url: expect.stringContaining('http://127.0.0.1:') });
    await client.revokeGrant(grant.id);
    expect(await failureOf(client.call('grant', { id: grant.id }))).toMatchObject({ code: 'grant-not-found' });
    const following = await client.createGrant('current');
    expect(following).toMatchObject({ current: true, role: null });
    await client.revokeGrant(following.id);
  });

  test('writes profiles', async () => {
    expect(await client.profiles()).toMatchObject({ profiles: expect.any(Array) });
    expect(await client.syncProfiles()).toMatchObject({ profiles: expect.any(Array) });
  });

  test('shows the status and each change of it until the loop is left', async () => {
    const seen: (string | undefined)[] = [];
    for await (const status of client.statusChanges()) {
      seen.push(status?.current?.permissionSet);
      if (seen.length === 1) await client.setCurrent(ROLE);
      if (seen.at(-1) !== undefined) break;
    }
    expect({ first: seen[0], last: seen.at(-1) }).toEqual({ first: undefined, last: ROLE.permissionSet });
  });

  test('ends events when the signal is aborted', async () => {
    const stop = new AbortController();
    const types: string[] = [];
    for await (const { type } of client.events({ signal: stop.signal })) {
      types.push(type);
      stop.abort();
    }
    expect(types).toEqual(['hello']);
  });
});

describe('without a daemon', () => {
  const nowhere = () => createClient({ socket: join(rig.home.path, 'none.sock'), environment: rig.environment });

  test.each([
    [
      'an operation that does not exist',
      (the: Client) => the.call('nothing' as 'status', {}),
      'no operation "nothing"',
    ],
    ['no time', (the: Client) => the.status({ timeoutMs: 0 }), 'timeoutMs must be above 0, and it is 0.'],
    ['no number', (the: Client) => the.status({ timeoutMs: Number.NaN }), 'timeoutMs must be above 0, and it is NaN.'],
    [
      'a flow that does not exist',
      (the: Client) => the.startSignIn(SESSION, { flow: 'Device' as 'device' }),
      '"flow" in the body must be "device" or "pkce".',
    ],
  ])('names %s', async (_what, call, message) => {
    expect(await failureOf(call(client))).toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining(message),
    });
  });

  test('takes any longer time', async () => {
    expect(await client.status({ timeoutMs: Number.POSITIVE_INFINITY })).toMatchObject({ pid: expect.any(Number) });
  });

  test('fails with one error, which names the command that helps', async () => {
    expect(await failureOf(nowhere().status())).toEqual(NO_DAEMON);
  });

  test("rejects with the caller's reason when the signal is aborted", async () => {
    const reason = new Error('enough');
    await expect(nowhere().status({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('says once that there is none, and waits for one', async () => {
    const stop = new AbortController();
    const seen: unknown[] = [];
    for await (const status of nowhere().statusChanges({ signal: stop.signal })) {
      seen.push(status);
      stop.abort();
    }
    expect(seen).toEqual([undefined]);
  });
});

test('sends nothing to a socket in a folder that others can write to', async () => {
  const folder = join(rig.home.path, 'open');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const socket = join(folder, 'daemon.sock');
  const server = createServer(() => expect.unreachable('somebody has connected'));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    const { code, exitCode } = await failureOf(createClient({ socket, environment: rig.environment }).status());
    expect({ code, exitCode }).toEqual({ code: 'foreign-socket', exitCode: 3 });
  } finally {
    server.close();
  }
});

test('keeps the code of a newer daemon, and says when to ask again', async () => {
  const folder = join(rig.home.path, 'newer');
  mkdirSync(folder, { mode: 0o700 });
  const socket = join(folder, 'daemon.sock');
  const body = { code: 'too-new-to-know', message: 'Something new.', hint: 'rolecall new' };
  const server = createHttpServer((_request, response) => {
    response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '7' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  chmodSync(socket, 0o600);
  try {
    const call = createClient({ socket, environment: rig.environment }).status();
    await expect(call).rejects.toMatchObject({ ...body, exitCode: 1, retryAfterMs: 7000 });
  } finally {
    server.close();
  }
});
