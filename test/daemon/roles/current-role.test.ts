// PUT /v1/current over real sockets: the daemon finds the profile itself, and every surface shows the same.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRig, SESSION, writePrivate, type Rig } from '../../helpers/rig.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const ADMIN = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' } as const;
const READ_ONLY = { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' } as const;
const NAME = 'taylor.Admin-AF-Permission-Set';
const OTHER = 'professional-af.ReadOnly';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({
    settings: '[[role]]\naccount_id = "111111111111"\npermission_set = "*"\nalias = "boss"\n',
  });
  expect(await rig.runCli(['login'])).toMatchObject({ exitCode: 0 });
});
afterAll(() => rig.remove());

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const onSocket = async (body: unknown): Promise<Answer> => {
  try {
    return { status: 200, body: await rig.client.call('setCurrent', { body: body as never }) };
  } catch (error) {
    const { httpStatus, code, message, hint } = error as Error & { httpStatus: number; code: string; hint: string };
    return { status: httpStatus, body: { code, message, hint } };
  }
};
const onWeb = async (body: unknown): Promise<Answer> => {
  const web = JSON.parse(readFileSync(join(rig.paths.stateDirectory, 'web.json'), 'utf8')) as Record<string, string>;
  const response = await fetch(`${web['url'] ?? ''}/v1/current`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${web['token'] ?? ''}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
};

describe.each([
  ['the socket', onSocket],
  ['the web surface', onWeb],
])('on %s', (_, put) => {
  test.each([
    ['another role’s', OTHER],
    ['that of a profile that follows the current role', 'current'],
    ['unknown', 'prod.Admin'],
    ['empty', ''],
    ['evaluated by a prompt', '%F{red}$(touch x)'],
  ])('refuses a profile name that is %s and keeps the previous role', async (_kind, profile) => {
    expect(await put(READ_ONLY)).toEqual({ status: 200, body: { ...READ_ONLY, profile: OTHER } });
    expect(await put({ ...ADMIN, profile })).toEqual({
      status: 400,
      body: {
        code: 'profile-mismatch',
        message: `Profile "${profile}" is not for Admin-AF-Permission-Set in account 111111111111.`,
        hint: `rolecall use --current ${NAME}`,
      },
    });
    expect(await rig.client.call('current', {})).toEqual({ ...READ_ONLY, profile: OTHER });
  });

  test.each([
    ['is left out', {}],
    ['is null', { profile: null }],
    ['is the role’s own', { profile: NAME }],
    ['is its alias', { profile: 'boss' }],
    ['is a hand-written profile of the role', { profile: 'account1' }],
  ])('answers with what every surface shows when the profile %s', async (_kind, extra) => {
    const document = { ...ADMIN, profile: NAME };
    expect(await put({ ...ADMIN, ...extra })).toEqual({ status: 200, body: document });
    expect(await rig.client.call('current', {})).toEqual(document);
    expect((await rig.client.call('status', {})).current).toMatchObject(document);
  });
});

test('updates the prompt when the profile is renamed, given to another role, or shadowed by the credentials file', async () => {
  const prompt = () => readFileSync(join(rig.paths.switchDirectory, 'prompt'), 'utf8');
  const profile = async () => (await rig.client.call('status', {})).current?.profile;
  const before = readFileSync(rig.configPath, 'utf8');
  await onSocket(ADMIN);
  await waitFor('the name', () => prompt() === `${NAME} ok\n`);

  writeFileSync(rig.configPath, before.replace(`[profile ${NAME}]`, '[profile x.y]'));
  expect(await profile()).toBe('x.y');
  writeFileSync(
    rig.configPath,
    before.replaceAll(
      '--account 111111111111 --role Admin-AF-Permission-Set',
      '--account 333333333333 --role ReadOnly',
    ),
  );
  expect(await profile()).toBeNull();
  writeFileSync(rig.configPath, before);
  const credentials = join(rig.home.path, '.aws', 'credentials');
  writePrivate(credentials, `[${NAME}]\naws_access_key_id = x\n`);
  expect(await profile()).toBe('boss');
  appendFileSync(credentials, '[boss]\n');
  expect(await profile()).toBeNull();
  await rig.client.call('setCurrent', { body: ADMIN });
  await waitFor('no name', () => prompt() === '- ok\n');
});

test('ignores a profile name that an earlier daemon saved with the role', async () => {
  await rig.client.call('setCurrent', { body: READ_ONLY });
  const state = join(rig.paths.stateDirectory, 'current.json');
  const kept = JSON.parse(readFileSync(state, 'utf8')) as { role: object };
  expect(kept.role).toEqual(READ_ONLY);
  await rig.daemon().stop();
  writePrivate(state, JSON.stringify({ ...kept, role: { ...READ_ONLY, profile: NAME } }));
  await rig.restartDaemon();
  expect(await rig.client.call('current', {})).toEqual({ ...READ_ONLY, profile: OTHER });
});
