// The container surface: grants of exactly one role, and the real clients that read it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRig, SESSION, type Rig } from '../helpers/rig.ts';

const ADMIN = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' };
const READ_ONLY = { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' };

let rig: Rig;
beforeEach(async () => {
  rig = await createRig({ hasLastingPort: true });
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
});
afterEach(() => rig.remove());

interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

function ask(url: string, headers: Readonly<Record<string, string>>, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          contentType: incoming.headers['content-type'],
          body: text === '' ? undefined : JSON.parse(text),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

test('a grant gives what every SDK reads, for its own role only', async () => {
  const { url, token } = await rig.client.call('createGrant', { body: ADMIN });
  expect(await ask(url, { authorization: token })).toEqual({
    status: 200,
    contentType: 'application/json',
    body: {
      AccessKeyId: expect.stringMatching(/^ASIA/),
      SecretAccessKey: expect.any(String),
      Token: expect.any(String),
      Expiration: expect.stringMatching(/Z$/),
      AccountId: '111111111111',
    },
  });
});

test('a token does not work for another grant, nor for its own once that is revoked', async () => {
  const one = await rig.client.call('createGrant', { body: ADMIN });
  const other = await rig.client.call('createGrant', { body: READ_ONLY });
  expect(await ask(other.url, { authorization: one.token })).toMatchObject({
    status: 401,
    body: { Code: 'token-required' },
  });
  await rig.client.call('revokeGrant', { id: one.id });
  expect(await ask(one.url, { authorization: one.token })).toMatchObject({ status: 401 });
  expect(await ask(other.url, { authorization: other.token })).toMatchObject({ status: 200 });
});

test('grants survive a restart on the same port, and the daemon stores none of their secrets', async () => {
  const { url, token } = await rig.client.call('createGrant', { body: ADMIN });
  await rig.restartDaemon();
  // Tokens are in memory in this rig, so the answer is about the sign-in, and no longer about the grant.
  expect(await ask(url, { authorization: token })).toMatchObject({ status: 401, body: { Code: 'sign-in-required' } });
});

test('a start removes the files of unknown grants, and keeps those of valid ones', async () => {
  const { id } = await rig.client.call('createGrant', { body: ADMIN });
  const directory = join(rig.paths.stateDirectory, 'grants');
  for (const name of [id, '0123456789abcdef', 'not-a-grant']) {
    mkdirSync(join(directory, name), { recursive: true });
    writeFileSync(join(directory, name, 'config'), '[default]\n');
  }
  await rig.restartDaemon();
  expect(readdirSync(directory).toSorted()).toEqual([id, 'not-a-grant'].toSorted());
  expect(readFileSync(join(directory, id, 'config'), 'utf8')).toBe('[default]\n');
});

describe('the guard', () => {
  test('accepts the Host without its port, as aws-c-auth sends it', async () => {
    const { url, token } = await rig.client.call('createGrant', { body: ADMIN });
    expect(await ask(url, { authorization: token, host: '127.0.0.1' })).toMatchObject({ status: 200 });
    expect(await ask(url, { authorization: token, host: 'localhost' })).toMatchObject({ status: 403 });
  });
});
