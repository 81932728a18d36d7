// Protected roles over real sockets: each surface asks, once for all callers, and serves only what a person has approved.
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { Approval } from '../../../src/daemon/approvals/approvals.ts';
import type { ApprovalDocument } from '../../../src/local-api/schemas.ts';
import { CONFIG, createSignedInRig, SESSION, type Rig, type RigOptions } from '../../helpers/rig.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { exchange, formatRequest, openSocket } from '../raw-http.ts';

const ADMIN = { session: SESSION, accountId: '111111111111', permissionSet: 'Admin-AF-Permission-Set' } as const;
const READ_ONLY = { session: SESSION, accountId: '222222222222', permissionSet: 'ReadOnly' } as const;
const PROTECT = '[[protect]]\npermission_set = "Admin*"\n';
const CALLERS = 20;

let rig: Rig;
afterEach(() => rig.remove());

async function open(settings = PROTECT, options: RigOptions = {}): Promise<void> {
  rig = await createSignedInRig({ settings, ...options });
}

const credentialsTarget = ({ session, accountId, permissionSet }: typeof ADMIN | typeof READ_ONLY) =>
  `/v1/credentials?${new URLSearchParams({ session, account: accountId, role: permissionSet }).toString()}`;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function ask(
  surface: 'socket' | 'web',
  method: string,
  target: string,
  { body, wait }: { readonly body?: unknown; readonly wait?: number } = {},
): Promise<Answer> {
  const { port, token } = JSON.parse(readFileSync(rig.paths.webAddressFile, 'utf8')) as { port: number; token: string };
  const text = body === undefined ? '' : JSON.stringify(body);
  const answer = await exchange(
    surface === 'socket' ? { path: rig.paths.socketPath } : { host: '127.0.0.1', port },
    formatRequest({
      method,
      target,
      body: text,
      headers: [
        ['Host', surface === 'socket' ? 'localhost' : `localhost:${port}`],
        ...(surface === 'socket' ? [] : ([['Authorization', `Bearer ${token}`]] as const)),
        ...(body === undefined ? [] : ([['Content-Type', 'application/json']] as const)),
        ...(wait === undefined ? [] : ([['Prefer', `wait=${wait}`]] as const)),
        ['Content-Length', String(Buffer.byteLength(text))],
      ],
    }),
  );
  return { status: answer.status, body: JSON.parse(answer.body) as Record<string, unknown> };
}

function askContainer({ url, token }: { readonly url: string; readonly token: string }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { authorization: token }, agent: false }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> }),
      );
    })
      .on('error', reject)
      .end();
  });
}

const pending = () => rig.daemon().approvals.list();
const approve = (how: 'approve' | 'refuse' = 'approve') =>
  expect(rig.daemon().approvals[how](pending()[0]?.id ?? '', 'click')).toBe(true);

/** Resolves once so many callers wait. */
async function waitForCallers(count: number): Promise<Approval> {
  await waitFor(`${count} callers wait`, () => pending()[0]?.callers === count);
  return pending()[0] as Approval;
}

/** What is asked until now. */
function countQuestions(): () => number {
  let asked = 0;
  rig.daemon().approvals.subscribe({ asked: () => void (asked += 1) });
  return () => asked;
}

const codes = (answers: readonly Answer[]) => [...new Set(answers.map(({ body }) => body['code'] ?? 'served'))];

const SURFACES = [
  ['credentials', () => ask('socket', 'GET', credentialsTarget(ADMIN))],
  ['a grant', () => ask('socket', 'POST', '/v1/grants', { body: ADMIN })],
  ['a link to the console', () => ask('socket', 'POST', '/v1/console', { body: ADMIN })],
  ['a sign-in to the console', () => ask('socket', 'POST', '/v1/console', { body: { ...ADMIN, federated: true } })],
  ['a link to the console on the page', () => ask('web', 'POST', '/v1/console', { body: ADMIN })],
] as const;

describe('each surface', () => {
  test('makes its callers wait for one question, whose answer is theirs', async () => {
    await open();
    const { approvals } = rig.daemon();
    const asked = countQuestions();
    for (const [index, [surface, once]] of SURFACES.entries()) {
      const callers = index === 0 ? CALLERS : 4;
      const waits = Array.from({ length: callers }, once);
      const { id } = await waitForCallers(callers);
      expect((await rig.client.call('status', {})).approvals).toBe(1);
      expect(approvals.approve(id, 'click')).toBe(true);
      expect({ surface, got: codes(await Promise.all(waits)) }).toEqual({ surface, got: ['served'] });
      expect({ surface, again: codes([await once()]) }).toEqual({ surface, again: ['served'] });
      expect({ surface, asked: asked() }).toEqual({ surface, asked: index + 1 });
      approvals.forget();
    }
  });

  test('refuses its callers when the person refuses, and asks nobody again at once', async () => {
    await open();
    const asked = countQuestions();
    const waits = SURFACES.map(([, once]) => once());
    await waitForCallers(SURFACES.length);
    approve('refuse');
    expect(codes(await Promise.all(waits))).toEqual(['approval-refused']);
    for (const [surface, once] of SURFACES) {
      expect({ surface, ...(await once()) }).toEqual({
        surface,
        status: 403,
        body: {
          code: 'approval-refused',
          message: 'Admin-AF-Permission-Set in taylor (111111111111) was refused.',
          hint: expect.any(String),
        },
      });
    }
    expect(asked()).toBe(1);
    expect((await rig.client.call('grants', {})).grants).toEqual([]);
  });
});

describe('a caller', () => {
  test('that can’t wait long enough is refused, and the next one is served after the answer', async () => {
    await open();
    expect(await ask('socket', 'GET', credentialsTarget(ADMIN), { wait: 2 })).toMatchObject({
      status: 403,
      body: {
        code: 'approval-refused',
        message: expect.stringMatching(/^Nobody has approved Admin-AF-Permission-Set in taylor/) as string,
      },
    });
    approve();
    expect(await ask('socket', 'GET', credentialsTarget(ADMIN), { wait: 2 })).toMatchObject({ status: 200 });
  });

  test('of another role, and of one that is only marked, is served at once', async () => {
    await open(`[[protect]]\naccount_id = "222222222222"\napprove = "none"\n${PROTECT}`);
    expect(await ask('socket', 'GET', credentialsTarget(READ_ONLY))).toMatchObject({ status: 200 });
    expect((await rig.client.call('roles', { query: {} })).roles.find((role) => role.protected)).toBeDefined();
    expect(pending()).toEqual([]);
  });

  test('is not held, and nobody asked, for a role that would not be served', async () => {
    await open('[[protect]]\n');
    const other = { ...ADMIN, permissionSet: 'ReadOnly' } as unknown as typeof ADMIN;
    expect(await ask('socket', 'GET', credentialsTarget(other))).toMatchObject({
      body: { code: 'permission-set-not-assigned' },
    });
    await rig.runCli(['logout', SESSION]);
    expect(await ask('socket', 'GET', credentialsTarget(ADMIN))).toMatchObject({ body: { code: 'sign-in-required' } });
    expect(await ask('socket', 'POST', '/v1/approvals', { body: ADMIN })).toMatchObject({
      body: { code: 'sign-in-required' },
    });
    expect(pending()).toEqual([]);
  });

  test('that hangs up is not counted any more, and one that waits when the daemon stops is answered', async () => {
    await open();
    const socket = openSocket({ path: rig.paths.socketPath });
    socket.write(formatRequest({ target: credentialsTarget(ADMIN), headers: [['Host', 'localhost']] }));
    await waitForCallers(1);
    socket.destroy();
    await waitForCallers(0);
    expect(pending()).toHaveLength(1);
    const wait = ask('socket', 'GET', credentialsTarget(ADMIN));
    await waitForCallers(1);
    await rig.daemon().stop();
    expect(await wait).toMatchObject({ body: { code: 'approval-refused' } });
  });
});

describe('a running command', () => {
  const useGrant = async () => {
    const grant = await rig.client.call('createGrant', { body: { current: true } });
    await rig.client.call('setCurrent', { body: ADMIN });
    return grant;
  };

  test('is refused at once, 20 times for one question, and served after the approval', async () => {
    await open(`${PROTECT}remember_minutes = 0\n`, { hasLastingPort: true });
    const grant = await useGrant();
    const asked = countQuestions();
    const refused = await Promise.all(Array.from({ length: CALLERS }, () => askContainer(grant)));
    expect([...new Set(refused.map(({ status }) => status))]).toEqual([403]);
    expect(refused[0]?.body).toMatchObject({
      Code: 'approval-required',
      Message: expect.stringContaining(
        'Admin-AF-Permission-Set in taylor (111111111111) needs your approval.',
      ) as string,
    });
    expect(pending()).toMatchObject([{ surface: 'container', callers: 0 }]);
    approve();
    expect(await askContainer(grant)).toMatchObject({ status: 200, body: { AccountId: ADMIN.accountId } });
    // The cached answer too, and as often as it likes.
    expect(await askContainer(grant)).toMatchObject({ status: 200 });
    expect(asked()).toBe(1);
    const other = await rig.client.call('createGrant', { body: { current: true } });
    expect(await askContainer(other)).toMatchObject({ status: 403 });
  });

  test('that was approved at its start is not asked about again', async () => {
    await open(`${PROTECT}remember_minutes = 0\n`, { hasLastingPort: true });
    const wait = ask('socket', 'POST', '/v1/grants', { body: ADMIN });
    await waitForCallers(1);
    approve();
    const { status, body } = await wait;
    expect(status).toBe(201);
    const grant = body as { readonly url: string; readonly token: string };
    expect(await askContainer(grant)).toMatchObject({ status: 200 });
    expect(await askContainer(grant)).toMatchObject({ status: 200 });
    expect(pending()).toEqual([]);
  });

  test('is asked about again after its sign-out, and others before', async () => {
    await open(PROTECT, { hasLastingPort: true });
    const grant = await useGrant();
    await askContainer(grant);
    approve();
    expect(await askContainer(grant)).toMatchObject({ status: 200 });
    await rig.runCli(['logout', SESSION]);
    expect(await rig.runCli(['login', SESSION])).toMatchObject({ exitCode: 0 });
    expect(await askContainer(grant)).toMatchObject({ status: 403, body: { Code: 'approval-required' } });
  });
});

describe('an approval', () => {
  test('is forgotten by a restart', async () => {
    await open(PROTECT, { environment: { ROLECALL_SECRET_STORE: 'file', ROLECALL_PASSPHRASE: 'correct horse' } });
    const wait = ask('socket', 'GET', credentialsTarget(ADMIN));
    await waitForCallers(1);
    approve();
    await wait;
    await rig.restartDaemon();
    expect(await ask('socket', 'GET', credentialsTarget(ADMIN), { wait: 2 })).toMatchObject({
      body: { code: 'approval-refused' },
    });
    expect(pending()).toHaveLength(1);
  });

  test('leaves a trace in the audit log when a rule was weakened before a restart', async () => {
    await open(PROTECT);
    writeFileSync(rig.paths.settingsFile, PROTECT.replace('Admin*', 'Admin'));
    await rig.restartDaemon();
    await rig.daemon().stop();
    const starts = readFileSync(rig.paths.auditFile, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; rules?: string })
      .filter(({ event }) => event === 'daemon-started');
    expect(starts.map(({ rules }) => rules)).toEqual(['click 15 min role: * * Admin*', 'click 15 min role: * * Admin']);
  });

  test('is shown with its program, followed until it is settled, refused by everybody, and in the audit log', async () => {
    await open();
    const { body: asked } = await ask('socket', 'POST', '/v1/approvals', { body: ADMIN });
    const document = asked as ApprovalDocument;
    expect(document).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      state: 'pending',
      subject: 'role',
      ...ADMIN,
      accountName: 'taylor',
      approve: 'click',
      surface: 'socket',
      rememberMinutes: 15,
      for: 'role',
    });
    const target = `/v1/approvals/${document.id}`;
    const follow = ask('web', 'GET', target, { wait: 50 });
    await waitForCallers(1);
    expect((await rig.client.call('approvals', {})).approvals).toHaveLength(1);
    expect(await ask('web', 'POST', `${target}/refuse`)).toMatchObject({ status: 200, body: { state: 'refused' } });
    expect(await follow).toMatchObject({ status: 200, body: { id: document.id, state: 'refused', callers: 0 } });
    expect(await ask('socket', 'GET', '/v1/approvals/0123456789abcdef')).toMatchObject({
      status: 404,
      body: { code: 'approval-not-found' },
    });
    // A person asks again by a command.
    await ask('socket', 'POST', '/v1/approvals', { body: ADMIN });
    approve();
    await rig.daemon().stop();
    const lines = readFileSync(rig.paths.auditFile, 'utf8').trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as { event: string; surface: string; by?: string });
    expect(
      events.filter(({ event }) => event.startsWith('approval-')).map(({ event, surface, by }) => [event, surface, by]),
    ).toEqual([
      ['approval-asked', 'socket', undefined],
      ['approval-refused', 'web', undefined],
      ['approval-asked', 'socket', undefined],
      ['approval-given', 'socket', 'click'],
    ]);
  });

  test('of a chained role says which role is assumed by which, and never the name that only programs use', async () => {
    const roleArn = 'arn:aws:iam::222222222222:role/ops/Deploy';
    const config = `${CONFIG}\n[profile deploy]\nrole_arn = ${roleArn}\nsource_profile = account1\n`;
    // A machine without `ss` has none of its own.
    await open('[[protect]]\naccount_id = "222222222222"\n', { config, approvalPlaces: ['screen'] });
    const role = { session: SESSION, accountId: '222222222222', permissionSet: 'chain:deploy' };
    const asked = await rig.client.call('askApproval', { body: role });
    expect(asked).toMatchObject({
      state: 'pending',
      accountName: 'professional-af',
      chain: { roleArn, sourceProfile: 'account1' },
    });
    expect((await rig.client.call('approvals', {})).approvals).toMatchObject([{ chain: { roleName: 'Deploy' } }]);
    const { stdout } = await rig.runCli(['approvals']);
    expect(stdout).toContain('Deploy via account1 in professional-af (222222222222)');
    expect([stdout, (await rig.runCli(['status'])).stdout].join('')).not.toContain('chain:');
    const refusing = rig.runCli(['exec', 'deploy', '--', 'true']);
    await waitForCallers(1);
    approve('refuse');
    expect((await refusing).stderr).toContain('Deploy via account1 in professional-af (222222222222) was refused.');
  });

  test('is not given by any route', async () => {
    await open();
    const { body } = await ask('socket', 'POST', '/v1/approvals', { body: ADMIN });
    const id = String(body['id']);
    for (const surface of ['socket', 'web'] as const) {
      for (const word of ['approve', 'approved', 'accept', 'click', 'assertion']) {
        await ask(surface, 'POST', `/v1/approvals/${id}/${word}`, { body: { state: 'approved', by: 'click' } });
      }
      await ask(surface, 'PUT', `/v1/approvals/${id}`, { body: { state: 'approved' } });
    }
    expect(pending()).toMatchObject([{ id, state: 'pending' }]);
    // Neither by asking for a role that needs none.
    expect(await ask('socket', 'POST', '/v1/approvals', { body: READ_ONLY })).toMatchObject({
      status: 200,
      body: { id: '', state: 'approved', ...READ_ONLY },
    });
  });
});
