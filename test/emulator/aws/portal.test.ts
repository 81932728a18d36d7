// The SSO portal on the wire: paging, keys, refusals, throttle and logout.
import { describe, expect, test } from 'vitest';
import { generateDirectory } from '../../../src/emulator/directory/generate-directory.ts';
import { call, portalError, portalErrorShape, refreshToken, signIn, startEmulator } from '../start.ts';

const NOW_MS = Date.UTC(2026, 10, 24, 6, 0, 0);
const UNAUTHORIZED = portalError(401, 'UnauthorizedException', 'Session token not found or invalid');

describe('authorization', () => {
  test.each([
    ['/assignment/accounts', 'GET'],
    ['/assignment/roles?account_id=111111111111', 'GET'],
    ['/federation/credentials?account_id=111111111111&role_name=ReadOnly', 'GET'],
    ['/logout', 'POST'],
  ])('%s refuses an invalid token', async (path, method) => {
    const started = await startEmulator();
    expect(portalErrorShape(await started.portal(path, 'aoaAAAAAnonsense', method))).toEqual(UNAUTHORIZED);
  });

  test('the token is accepted only in its own header', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const byAuthorization = await call(`${started.url}/assignment/accounts`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect(portalErrorShape(byAuthorization)).toEqual(UNAUTHORIZED);
  });

  test('an access token expires after an hour', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    await started.clock.advance(3_599_000);
    expect((await started.portal('/assignment/accounts', accessToken)).status).toBe(200);
    await started.clock.advance(1000);
    expect(portalErrorShape(await started.portal('/assignment/accounts', accessToken))).toEqual(UNAUTHORIZED);
    expect(portalErrorShape(await started.portal('/logout', accessToken, 'POST'))).toEqual(UNAUTHORIZED);
  });
});

describe('ListAccounts', () => {
  test('lists exactly the accounts of group and user assignments', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started, 'sam');
    const answer = await started.portal('/assignment/accounts', accessToken);
    expect({ status: answer.status, type: answer.headers['content-type'], body: answer.json }).toEqual({
      status: 200,
      type: 'application/json',
      body: {
        accountList: [
          { accountId: '044444444444', accountName: 'Log Archive', emailAddress: 'aws+log-archive@example.com' },
        ],
        nextToken: null,
      },
    });
  });

  test('omits a missing name and email, and keeps hostile ones unchanged', async () => {
    const started = await startEmulator();
    const { directory } = started.emulator;
    directory.addAccount({ accountId: '000000000005' });
    directory.addAccount({ accountId: '000000000006', accountName: '"]$(touch x)<script>🚀', emailAddress: '' });
    for (const accountId of ['000000000005', '000000000006']) {
      directory.assign({ accountId, permissionSet: 'ReadOnly', user: 'sam' });
    }
    const { accessToken } = await signIn(started, 'sam');
    const { json } = await started.portal('/assignment/accounts', accessToken);
    expect(json['accountList']).toEqual([
      { accountId: '044444444444', accountName: 'Log Archive', emailAddress: 'aws+log-archive@example.com' },
      { accountId: '000000000005' },
      { accountId: '000000000006', accountName: '"]$(touch x)<script>🚀', emailAddress: '' },
    ]);
  });

  test('pages by max_result with opaque tokens until there are no more', async () => {
    const started = await startEmulator({ directory: generateDirectory({ accountCount: 5, permissionSetCount: 1 }) });
    const { accessToken } = await signIn(started);
    const pages: string[][] = [];
    const tokens: unknown[] = [];
    let next = '';
    do {
      const { json } = await started.portal(`/assignment/accounts?max_result=2&next_token=${next}`, accessToken);
      pages.push((json['accountList'] as { accountId: string }[]).map(({ accountId }) => accountId));
      tokens.push(json['nextToken']);
      next = typeof json['nextToken'] === 'string' ? json['nextToken'] : '';
    } while (next !== '');
    expect({ pages, tokens }).toEqual({
      pages: [['100000000001', '100000000002'], ['100000000003', '100000000004'], ['100000000005']],
      tokens: [expect.any(String), expect.any(String), null],
    });
  });

  test('returns at most a hundred per page, or what the knob says', async () => {
    const started = await startEmulator({ directory: generateDirectory({ accountCount: 250, permissionSetCount: 1 }) });
    const { accessToken } = await signIn(started);
    const sizeOf = async (query: string) =>
      ((await started.portal(`/assignment/accounts${query}`, accessToken)).json['accountList'] as unknown[]).length;
    expect([await sizeOf(''), await sizeOf('?max_result=100'), await sizeOf('?max_result=7')]).toEqual([100, 100, 7]);
    started.emulator.turnKnobs({ pageSize: 3 });
    expect(await sizeOf('?max_result=100')).toBe(3);
  });

  test.each([
    ['null', { accountList: expect.any(Array), nextToken: null }],
    ['empty', { accountList: expect.any(Array), nextToken: '' }],
    ['absent', { accountList: expect.any(Array) }],
  ] as const)('ends with a nextToken that is %s', async (lastPageToken, body) => {
    const started = await startEmulator({ lastPageToken });
    const { accessToken } = await signIn(started);
    const { json } = await started.portal('/assignment/accounts', accessToken);
    expect(json).toEqual(body);
    expect('nextToken' in json).toBe('nextToken' in body);
  });

  test.each(['0', '101', '1.5', 'many', '-1', ''])('refuses a max_result of %j', async (maxResult) => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const answer = await started.portal(`/assignment/accounts?max_result=${maxResult}`, accessToken);
    expect(portalErrorShape(answer)).toEqual(
      portalError(400, 'InvalidRequestException', 'ResultSize parameter must be within the valid limits of: 1-100'),
    );
  });

  test('refuses a page token of another list', async () => {
    const started = await startEmulator({ pageSize: 1 });
    const { accessToken } = await signIn(started);
    const { json } = await started.portal('/assignment/accounts', accessToken);
    const invalid = portalError(400, 'InvalidRequestException', 'Invalid next token provided');
    for (const path of [
      '/assignment/accounts?next_token=nonsense',
      `/assignment/roles?account_id=222222222222&next_token=${String(json['nextToken'])}`,
    ]) {
      expect(portalErrorShape(await started.portal(path, accessToken))).toEqual(invalid);
    }
  });
});

describe('ListAccountRoles', () => {
  test('pages through the permission sets of one account', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const path = '/assignment/roles?account_id=222222222222&max_result=1';
    const first = await started.portal(path, accessToken);
    const second = await started.portal(`${path}&next_token=${String(first.json['nextToken'])}`, accessToken);
    expect([first.json, second.json]).toEqual([
      {
        roleList: [{ accountId: '222222222222', roleName: 'Admin-AF-Permission-Set' }],
        nextToken: expect.any(String),
      },
      { roleList: [{ accountId: '222222222222', roleName: 'ReadOnly' }], nextToken: null },
    ]);
  });

  test('403 for an account without an assignment, 404 for an unknown one, 400 for an invalid id', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started, 'sam');
    const ask = async (query: string) =>
      portalErrorShape(await started.portal(`/assignment/roles${query}`, accessToken));
    const noId = portalError(400, 'InvalidRequestException', 'account_id must be twelve digits');
    expect(await ask('?account_id=111111111111')).toEqual(portalError(403, 'ForbiddenException', 'No access'));
    expect(await ask('?account_id=999999999999')).toEqual(
      portalError(404, 'ResourceNotFoundException', 'Resource not found'),
    );
    expect(await ask('?account_id=12')).toEqual(noId);
    expect(await ask('')).toEqual(noId);
  });
});

describe('GetRoleCredentials', () => {
  const path = (accountId: string, roleName: string) =>
    `/federation/credentials?role_name=${roleName}&account_id=${accountId}`;

  test('issues keys for the permission set’s duration, in epoch milliseconds', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    await started.clock.advance(250);
    const answer = await started.portal(path('222222222222', 'ReadOnly'), accessToken);
    expect({ status: answer.status, body: answer.json }).toEqual({
      status: 200,
      body: {
        roleCredentials: {
          accessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
          secretAccessKey: expect.stringMatching(/^[\w+/]{40}$/),
          sessionToken: expect.stringMatching(/^IQoJ[\w-]{600,}$/),
          expiration: NOW_MS + 14_400_000,
        },
      },
    });
  });

  test('issues new keys each time, and short-lived ones with the knob', async () => {
    const started = await startEmulator({ roleCredentialsLifetimeSeconds: 20 });
    const { accessToken } = await signIn(started);
    const keysOf = async () =>
      (await started.portal(path('111111111111', 'Admin-AF-Permission-Set'), accessToken)).json[
        'roleCredentials'
      ] as Record<string, unknown>;
    const [first, second] = [await keysOf(), await keysOf()];
    expect(first['expiration']).toBe(NOW_MS + 20_000);
    expect(second['accessKeyId']).not.toBe(first['accessKeyId']);
  });

  test('issues keys for an hour without a duration', async () => {
    const started = await startEmulator();
    started.emulator.directory.addPermissionSet({ name: 'Plain' });
    started.emulator.directory.assign({ accountId: '111111111111', permissionSet: 'Plain', user: 'sam' });
    const { accessToken } = await signIn(started, 'sam');
    const { json } = await started.portal(path('111111111111', 'Plain'), accessToken);
    expect(json['roleCredentials']).toMatchObject({ expiration: NOW_MS + 3_600_000 });
  });

  test('403 when not assigned, 404 for unknown accounts and permission sets, 400 without a name', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const ask = async (accountId: string, roleName: string) =>
      portalErrorShape(await started.portal(path(accountId, roleName), accessToken));
    const notFound = portalError(404, 'ResourceNotFoundException', 'Resource not found');
    expect(await ask('111111111111', 'ReadOnly')).toEqual(portalError(403, 'ForbiddenException', 'No access'));
    expect(await ask('999999999999', 'ReadOnly')).toEqual(notFound);
    expect(await ask('111111111111', 'Nonsense')).toEqual(notFound);
    expect(await ask('111111111111', '')).toEqual(portalError(400, 'InvalidRequestException', 'role_name is missing'));
    expect(await ask('%0a', 'ReadOnly')).toEqual(
      portalError(400, 'InvalidRequestException', 'account_id must be twelve digits'),
    );
  });

  test('follows changes of the directory: assigned, removed, account removed', async () => {
    const started = await startEmulator();
    const { directory } = started.emulator;
    const { accessToken } = await signIn(started);
    const ask = async () => (await started.portal(path('333333333333', 'Admin-AF-Permission-Set'), accessToken)).status;
    const assignment = {
      accountId: '333333333333',
      permissionSet: 'Admin-AF-Permission-Set',
      group: 'ProfessionalAfAdmins',
    };
    expect(await ask()).toBe(403);
    directory.assign(assignment);
    expect(await ask()).toBe(200);
    directory.unassign(assignment);
    expect(await ask()).toBe(403);
    directory.removeAccount('333333333333');
    expect(await ask()).toBe(404);
  });
});

describe('Logout', () => {
  test('answers with an empty body and ends the session', async () => {
    const started = await startEmulator();
    const { client, accessToken, refreshToken: token } = await signIn(started);
    const answer = await started.portal('/logout', accessToken, 'POST');
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '' });
    expect(portalErrorShape(await started.portal('/assignment/accounts', accessToken))).toEqual(UNAUTHORIZED);
    expect((await refreshToken(started, client, token)).json['error']).toBe('invalid_grant');
    expect(portalErrorShape(await started.portal('/logout', accessToken, 'POST'))).toEqual(UNAUTHORIZED);
  });
});

describe('the throttle', () => {
  test('allows a burst of one second, then twenty calls per second', async () => {
    const started = await startEmulator({ portalCallsPerSecond: 20 });
    const { accessToken } = await signIn(started);
    const statuses = async (count: number) =>
      Promise.all(
        Array.from({ length: count }, async () => (await started.portal('/assignment/accounts', accessToken)).status),
      );
    const passed = (all: readonly number[]) => all.filter((status) => status === 200).length;

    expect(passed(await statuses(25))).toBe(20);
    expect(portalErrorShape(await started.portal('/assignment/accounts', accessToken))).toEqual(
      portalError(429, 'TooManyRequestsException', 'HTTP 429 Unknown Code'),
    );
    await started.clock.advance(500);
    expect(passed(await statuses(15))).toBe(10);
    // A clock that was set back adds no tokens, and does not block calls forever.
    started.clock.jump(-3_600_000);
    expect(passed(await statuses(3))).toBe(0);
    await started.clock.advance(1000);
    expect(passed(await statuses(25))).toBe(20);
  });

  test('is off by default', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => started.portal('/assignment/accounts', accessToken)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 60 }, () => 200));
  });
});
