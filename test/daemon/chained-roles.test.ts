// Chained roles while programs use them: a changed definition counts at once, and one that is gone is said to be.
import { writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { askUntilAnswered } from '../helpers/container.ts';
import { CONFIG, createSignedInRig, SESSION, type Rig } from '../helpers/rig.ts';

let rig: Rig;
afterEach(() => rig.remove());

const deploy = (role: string) => `${CONFIG}
[profile deploy]
role_arn = arn:aws:iam::222222222222:role/ops/${role}
source_profile = account1
`;
const ROLE = { session: SESSION, accountId: '222222222222', permissionSet: 'chain:deploy' } as const;

test('a changed definition counts at the next request of a program that runs', async () => {
  rig = await createSignedInRig({ config: deploy('Deploy') });
  const { url, token } = await rig.client.call('createGrant', { body: ROLE });
  const ask = async () => {
    const answer = await askUntilAnswered(url, token);
    const body = (await answer.json()) as { readonly AccessKeyId?: string };
    return { status: answer.status, ...body };
  };
  const first = await ask();
  expect(first).toMatchObject({ status: 200, AccountId: '222222222222' });
  expect(await ask()).toEqual(first);
  writeFileSync(rig.configPath, deploy('DeployReadOnly'));
  const second = await ask();
  expect(second.AccessKeyId).not.toBe(first.AccessKeyId);
  expect(rig.emulator.countCalls('AssumeRole')).toBe(2);
  writeFileSync(rig.configPath, CONFIG);
  expect(await ask()).toMatchObject({ status: 404, Code: 'chain-unavailable' });
});

test('a grant of a chained role, and one as the current role, outlive a restart', async () => {
  const environment = { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'as in the other tests' };
  rig = await createSignedInRig({ config: deploy('Deploy'), hasLastingPort: true, environment });
  const { url, token } = await rig.client.call('createGrant', { body: ROLE });
  await rig.client.call('setCurrent', { body: ROLE });
  await rig.restartDaemon();
  const answer = await askUntilAnswered(url, token);
  const { AccessKeyId } = (await answer.json()) as { readonly AccessKeyId?: string };
  expect(await rig.client.call('currentCredentials', {})).toMatchObject({ AccessKeyId, AccountId: '222222222222' });
  expect(rig.emulator.countCalls('AssumeRole')).toBe(1);
});

test('the current role can be a chained one, and its status says so when it is gone', async () => {
  rig = await createSignedInRig({ config: deploy('Deploy') });
  const use = (body: object) => rig.client.call('setCurrent', { body: { ...ROLE, ...body } });
  await expect(use({ permissionSet: 'chain:deploi' })).rejects.toMatchObject({ code: 'chain-unavailable' });
  await expect(use({ accountId: '111111111111' })).rejects.toMatchObject({ code: 'chain-unavailable' });
  expect(await use({})).toMatchObject(ROLE);
  const status = async () => {
    const { current, problems } = await rig.client.call('status', {});
    return { current, problems: problems.filter(({ code }) => code === 'current-role-gone') };
  };
  expect(await status()).toMatchObject({ current: ROLE, problems: [] });
  writeFileSync(rig.configPath, CONFIG);
  expect((await status()).problems).toEqual([
    {
      code: 'current-role-gone',
      session: SESSION,
      message: expect.stringMatching(/^The current role cannot be used\. No chained role .*"deploy"\.$/u) as string,
      hint: expect.stringMatching(/^rolecall profiles /u) as string,
    },
  ]);
});
