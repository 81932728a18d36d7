// Grants that go through another role: what arrives at STS, and that nothing but the assumed role is ever served.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RolecallError } from '../../../src/core/errors.ts';
import type { IssuedGrantDocument, ViaDocument } from '../../../src/local-api/schemas.ts';
import { askUntilAnswered } from '../../helpers/container.ts';
import { createSignedInRig, SESSION, type Rig, type RigOptions } from '../../helpers/rig.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const ADMIN = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' } as const;
const DEPLOY = 'arn:aws:iam::222222222222:role/team/Deploy';
const DEPLOYED = 'arn:aws:sts::222222222222:assumed-role/Deploy/rolecall';
const READ_ONLY = 'arn:aws:iam::aws:policy/ReadOnlyAccess';

/** Different at each call, so that no test gets the keys of another. */
let policies = 0;
function narrow(): ViaDocument & { policy: string } {
  policies += 1;
  const policy = `{"Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::bucket-${policies}/*"}]}`;
  return { role: DEPLOY, policy, policyArns: [READ_ONLY] };
}
const asAtSts = ({ policy }: { policy: string }) => ({
  roleArn: DEPLOY,
  roleSessionName: 'rolecall',
  policy,
  policyArns: [READ_ONLY],
});

let rig: Rig;
const open = async (options: RigOptions = {}) => {
  rig = await createSignedInRig({ hasLastingPort: true, ...options });
};
const create = (via: ViaDocument) => rig.client.call('createGrant', { body: { ...ADMIN, via } });
const assumed = () => rig.emulator.requests().flatMap(({ assumeRole }) => assumeRole ?? []);

async function ask({ url, token }: IssuedGrantDocument): Promise<{ status: number; body: Record<string, string> }> {
  const answer = await askUntilAnswered(url, token);
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
}

/** Whose keys the grant gives, as STS knows them; the error code if it gives none. */
async function whoIs(grant: IssuedGrantDocument): Promise<string | undefined> {
  const { status, body } = await ask(grant);
  if (status !== 200) return body['Code'];
  const answer = await fetch(rig.emulator.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=${body['AccessKeyId'] ?? ''}/20261124/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00`,
      'x-amz-security-token': body['Token'] ?? '',
    },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  });
  return /<Arn>(.*)<\/Arn>/u.exec(await answer.text())?.[1];
}

async function refusal(work: Promise<unknown>): Promise<RolecallError> {
  const thrown = await work.then(
    () => new Error('it was served'),
    (error: unknown) => error,
  );
  return thrown as RolecallError;
}

describe('a grant through another role', () => {
  beforeAll(() => open());
  afterEach(async () => {
    rig.emulator.clearFaults();
    rig.emulator.resetCalls();
    for (const { id } of (await rig.client.call('grants', {})).grants) await rig.client.call('revokeGrant', { id });
  });
  afterAll(() => rig.remove());

  test('serves that role, under the policies that arrived at STS', async () => {
    const via = narrow();
    const grant = await create(via);
    expect(assumed()).toMatchObject([asAtSts(via)]);
    expect(await whoIs(grant)).toBe(DEPLOYED);
    expect(grant).toMatchObject({
      role: { session: SESSION, accountId: '222222222222', permissionSet: expect.stringMatching(/^chain:~/) },
      chain: {
        roleArn: DEPLOY,
        roleName: 'Deploy',
        sourceProfile: 'taylor.Admin-AF-Permission-Set',
        sourcePermissionSet: ADMIN.permissionSet,
        policy: true,
      },
    });
    const { accountId: account, permissionSet: role } = ADMIN;
    const query = new URLSearchParams({ account, role, ...ADMIN }).toString();
    expect(await whoIs({ ...grant, url: `${grant.url}?${query}` })).not.toMatch(/Admin/u);
    expect(await whoIs({ ...grant, url: new URL(`/v1/credentials?${query}`, grant.url).href })).not.toMatch(/Admin/u);
    // One more command with the same line takes no more calls.
    expect(await whoIs(await create(via))).toBe(DEPLOYED);
    expect(assumed()).toHaveLength(1);
  });

  test('takes the name of a role in the account, and its own name and length of the session', async () => {
    const grant = await create({ role: 'Deploy', roleSessionName: 'agent-7', durationSeconds: 900 });
    expect(await whoIs(grant)).toBe('arn:aws:sts::111111111111:assumed-role/Deploy/agent-7');
    expect(grant.chain).toMatchObject({ lifetimeSeconds: 900, policy: false });
    const { body } = await ask(grant);
    expect(Date.parse(body['Expiration'] ?? '') - Date.now()).toBeLessThanOrEqual(900_000);
  });

  test('gives two policies two roles', async () => {
    const [first, second] = [narrow(), narrow()];
    const [one, other] = [await create(first), await create(second)];
    expect(one.role?.permissionSet).not.toBe(other.role?.permissionSet);
    const keys = await Promise.all([one, other].map(async (grant) => (await ask(grant)).body['AccessKeyId']));
    expect(new Set(keys).size).toBe(2);
    expect(assumed().map(({ policy }) => policy)).toEqual([first.policy, second.policy]);
  });

  test('is refused in one message when STS refuses it, and no grant is left', async () => {
    const refusals: unknown[] = [];
    for (const exception of ['AccessDenied', 'MalformedPolicyDocument', 'PackedPolicyTooLarge']) {
      rig.emulator.addFault({ operation: 'AssumeRole', kind: 'exception', exception, count: 1 });
      const { code, message } = await refusal(create(narrow()));
      refusals.push([exception, code, message.includes('Deploy')]);
    }
    expect(refusals).toEqual([
      ['AccessDenied', 'assume-role-refused', true],
      ['MalformedPolicyDocument', 'invalid-policy', true],
      ['PackedPolicyTooLarge', 'invalid-policy', true],
    ]);
    expect(await rig.client.call('grants', {})).toEqual({ grants: [] });
    const line = /refused .* arn:aws:iam::222222222222:role\/team\/Deploy from 111111111111 Admin/u;
    await waitFor('its line in the log', async () => line.test((await rig.runCli(['log', '--role', 'Deploy'])).stdout));
  });

  test('is refused before STS is asked if it names no role, or no policy that AWS could take', async () => {
    const { policy } = narrow();
    const wrong: readonly [object, string][] = [
      [{ policy }, 'invalid-request'],
      [{ role: 'a b' }, 'invalid-request'],
      [{ role: 'arn:aws:iam::222222222222:user/x' }, 'invalid-request'],
      [{ role: DEPLOY, policy: '{}' }, 'invalid-policy'],
      [{ role: DEPLOY, policy: `{"Statement":[],"x":"${'x'.repeat(2048)}"}` }, 'invalid-request'],
      [{ role: DEPLOY, policyArns: [DEPLOY] }, 'invalid-policy'],
      [{ role: DEPLOY, tags: [] }, 'invalid-request'],
      [{ role: DEPLOY, durationSeconds: 3601 }, 'invalid-request'],
    ];
    for (const [via, code] of wrong) {
      await expect(create(via as ViaDocument), JSON.stringify(via)).rejects.toMatchObject({ code });
    }
    // The current role can be another one later.
    const body = { current: true, via: narrow() } as never;
    await expect(rig.client.call('createGrant', { body })).rejects.toMatchObject({ code: 'invalid-request' });
    expect(assumed()).toEqual([]);
  });

  test('gives nothing while rolecall is locked', async () => {
    const grant = await create(narrow());
    await rig.client.call('lock', {});
    expect(await whoIs(grant)).toBe('locked');
    await expect(create(narrow())).rejects.toMatchObject({ code: 'locked' });
    await rig.client.call('unlock', {});
    expect(await whoIs(grant)).toBe(DEPLOYED);
  });
});

describe('with a daemon of its own', () => {
  afterEach(() => rig.remove());
  const stateFile = (name: string) => join(rig.paths.stateDirectory, name);
  const readGrants = () =>
    JSON.parse(readFileSync(stateFile('grants.json'), 'utf8')) as { grants: Record<string, unknown>[] };

  test('the session is called as who signed in, and is in no list of roles', async () => {
    await open({ checksUsers: true });
    const { roles } = await rig.client.call('roles', { query: {} });
    expect(await whoIs(await create(narrow()))).toBe(DEPLOYED.replace(/rolecall$/u, 'taylor'));
    expect(await rig.client.call('roles', { query: {} })).toMatchObject({
      roles: roles.map(({ profile }) => ({ profile })),
    });
    expect((await rig.client.call('roles', { query: {} })).roles).toHaveLength(roles.length);
  });

  test('the role is the same after the next sign-in, also while AWS does not say who signed in', async () => {
    await open({ checksUsers: true });
    const via = narrow();
    const { role } = await create(via);
    rig.emulator.addFault({ operation: 'GetCallerIdentity', kind: 'status', status: 503 });
    await rig.runCli(['login', SESSION, '--force']);
    expect((await create(via)).role).toEqual(role);
  });

  test('after a restart it is the same role under the same policies', async () => {
    await open();
    const via = narrow();
    const grant = await create(via);
    await rig.restartDaemon();
    rig.emulator.resetCalls();
    // Tokens are in memory in this rig.
    expect(await whoIs(grant)).toBe('sign-in-required');
    await rig.runCli(['login']);
    expect(await whoIs(grant)).toBe(DEPLOYED);
    expect(assumed()).toMatchObject([asAtSts(via)]);
    expect((await rig.client.call('grant', { id: grant.id })).chain).toEqual(grant.chain);

    await rig.client.call('revokeGrant', { id: grant.id });
    expect(await whoIs(grant)).toBe('token-required');
    await rig.restartDaemon();
    for (const name of ['grants.json', 'used-roles.json']) {
      expect(readFileSync(stateFile(name), 'utf8')).not.toContain('chain:~');
    }
    const query = { session: SESSION, account: '222222222222', role: grant.role?.permissionSet ?? '' };
    await expect(rig.client.call('credentials', { query })).rejects.toMatchObject({ code: 'chain-unavailable' });
    expect((await rig.runCli(['log'])).stdout).toMatch(
      /^\S+ {2}grant .* arn:aws:iam::222222222222:role\/team\/Deploy from 111111111111 Admin-AF-Permission-Set, policy [0-9a-f]{12}, arn:aws:iam::aws:policy\/ReadOnlyAccess, socket/mu,
    );
    const lines = readFileSync(stateFile('audit.log'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as { event: string })).toContainEqual(
      expect.objectContaining({
        event: 'grant-issued',
        accountId: '222222222222',
        permissionSet: grant.role?.permissionSet,
        via: {
          roleArn: DEPLOY,
          sourceAccountId: ADMIN.accountId,
          sourcePermissionSet: ADMIN.permissionSet,
          policySha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          policyArns: [READ_ONLY],
        },
      }),
    );
  });

  test('a damaged file gives nothing in its place, and neither would a daemon that knows no hops', async () => {
    await open();
    const damages: readonly ((grant: Record<string, unknown>) => object)[] = [
      ({ hop: _, ...grant }) => grant,
      (grant) => ({ ...grant, hop: { ...(grant['hop'] as object), policy: undefined } }),
      (grant) => ({ ...grant, role: (grant['hop'] as { source: object }).source }),
      ({ hop, ...grant }) => ({ ...grant, hop, role: 'current' }),
      (grant) => ({ ...grant, hop: { ...(grant['hop'] as object), roleArn: `${DEPLOY}2` } }),
    ];
    const issued: IssuedGrantDocument[] = [];
    while (issued.length <= damages.length) issued.push(await create(narrow()));
    const damaged = issued.slice(0, damages.length);
    await rig.daemon().stop();
    const { grants, ...rest } = readGrants();
    // Such a daemon takes it for a permission set, and there can be none of that name.
    for (const { role } of grants as { role: { permissionSet: string } }[]) {
      expect(role.permissionSet).not.toMatch(/^[\w+=,.@-]{1,32}$/);
    }
    const content = { ...rest, grants: grants.map((grant, index) => damages[index]?.(grant) ?? grant) };
    writeFileSync(stateFile('grants.json'), JSON.stringify(content));
    await rig.restartDaemon();
    await rig.runCli(['login']);
    expect(await Promise.all(damaged.map(whoIs))).toEqual(damages.map(() => 'token-required'));
    const whole = (await rig.client.call('grants', {})).grants.map(({ id }) => id);
    expect(whole).toEqual([issued.at(-1)?.id]);
    expect(await Promise.all(issued.slice(damages.length).map(whoIs))).toEqual([DEPLOYED]);
  });

  test('a protected source asks once, about the hop, and the grant keeps the approval', async () => {
    await open({ settings: '[[protect]]\npermission_set = "Admin*"\n' });
    const { approvals } = rig.daemon();
    const decide = async (how: 'approve' | 'refuse') => {
      const creating = create(narrow());
      creating.catch(() => undefined);
      await waitFor('a question', () => approvals.list().length === 1);
      const [asked] = (await rig.client.call('approvals', {})).approvals;
      expect(asked).toMatchObject({ accountId: '222222222222', permissionSet: expect.stringMatching(/^chain:~/) });
      expect(assumed()).toEqual([]);
      approvals[how](asked?.id ?? '', 'click');
      return creating;
    };
    expect(await refusal(decide('refuse'))).toMatchObject({ code: 'approval-refused' });
    expect(await rig.client.call('grants', {})).toEqual({ grants: [] });
    const grant = await decide('approve');
    expect([await whoIs(grant), await whoIs(grant)]).toEqual([DEPLOYED, DEPLOYED]);
    expect(approvals.list()).toEqual([]);
  });

  test('a command behind a protected role asks once, and names the role and its source', async () => {
    await open({ settings: '[[protect]]\npermission_set = "Admin*"\n', approvalPlaces: ['screen'] });
    const { approvals } = rig.daemon();
    const questions: string[] = [];
    approvals.subscribe({ asked: ({ id }) => void questions.push(id) });
    const [profile, via] = ['taylor.Admin-AF-Permission-Set', ['--via', DEPLOY, '--policy', READ_ONLY]];
    const running = rig.runCli(['exec', profile, ...via, '--', 'ls'], {
      runInPlace: async ({ environment }) => {
        const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = environment;
        return (await whoIs({ url, token } as IssuedGrantDocument)) === DEPLOYED ? 37 : 1;
      },
    });
    await waitFor('a question', () => questions.length === 1);
    approvals.approve(questions[0] ?? '', 'click');
    const { exitCode, stderr } = await running;
    expect({ exitCode, asked: questions.length }).toEqual({ exitCode: 37, asked: 1 });
    expect(stderr).toContain(`Deploy via ${profile} in `);
  });
});
