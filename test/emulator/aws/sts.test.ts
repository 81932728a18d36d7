// STS on the wire: identities of portal keys, invalid keys, and keys of assumed roles.
import { describe, expect, test } from 'vitest';
import { type Started, call, signIn, startEmulator } from '../start.ts';

interface Keys {
  readonly accessKeyId: string;
  readonly sessionToken: string;
}

async function keysOf(started: Started, accessToken: string, accountId: string, roleName: string): Promise<Keys> {
  const { json } = await started.portal(
    `/federation/credentials?account_id=${accountId}&role_name=${roleName}`,
    accessToken,
  );
  return json['roleCredentials'] as Keys;
}

function whoAmI(
  started: Started,
  headers: Record<string, string>,
  body = 'Action=GetCallerIdentity&Version=2011-06-15',
) {
  return call(`${started.url}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', ...headers },
    body,
  });
}

function signedWith({ accessKeyId, sessionToken }: Keys): Record<string, string> {
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20261124/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00`,
    'x-amz-security-token': sessionToken,
  };
}

const error = (code: string, message: string) =>
  `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;

test('returns role and user, stable for a permission set and account', async () => {
  const started = await startEmulator();
  const { accessToken } = await signIn(started);
  const ask = async (accountId: string, roleName: string) => {
    const answer = await whoAmI(started, signedWith(await keysOf(started, accessToken, accountId, roleName)));
    return {
      status: answer.status,
      type: answer.headers['content-type'],
      arn: /<Arn>(.*)<\/Arn>/.exec(answer.text)?.[1],
      text: answer.text,
    };
  };
  const first = await ask('111111111111', 'Admin-AF-Permission-Set');
  expect(first).toEqual({
    status: 200,
    type: 'text/xml',
    arn: expect.stringMatching(
      /^arn:aws:sts::111111111111:assumed-role\/AWSReservedSSO_Admin-AF-Permission-Set_[0-9a-f]{16}\/taylor$/,
    ),
    text: expect.stringMatching(
      /^<GetCallerIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/"><GetCallerIdentityResult><Arn>[^<]+<\/Arn><UserId>AROA[A-Z2-7]{17}:taylor<\/UserId><Account>111111111111<\/Account><\/GetCallerIdentityResult><ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata><\/GetCallerIdentityResponse>$/,
    ),
  });
  expect((await ask('111111111111', 'Admin-AF-Permission-Set')).arn).toBe(first.arn);
  expect((await ask('222222222222', 'Admin-AF-Permission-Set')).arn).not.toBe(
    first.arn?.replace('111111111111', '222222222222'),
  );
});

test('the ARN is the same in every emulator', async () => {
  const arns = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const keys = await keysOf(started, accessToken, '044444444444', 'ReadOnly');
    arns.push(/<Arn>(.*)<\/Arn>/.exec((await whoAmI(started, signedWith(keys))).text)?.[1]);
  }
  expect(arns[0]).toMatch(/^arn:aws:sts::044444444444:assumed-role\/AWSReservedSSO_ReadOnly_/);
  expect(arns[1]).toBe(arns[0]);
});

test('refuses expired, unknown, mixed-up and missing keys, and another action', async () => {
  const started = await startEmulator();
  const { accessToken } = await signIn(started);
  const keys = await keysOf(started, accessToken, '111111111111', 'Admin-AF-Permission-Set');
  const others = await keysOf(started, accessToken, '222222222222', 'ReadOnly');
  const shape = async (headers: Record<string, string>, body?: string) => {
    const answer = await whoAmI(started, headers, body);
    return { status: answer.status, type: answer.headers['content-type'], text: answer.text };
  };
  const refusal = (status: number, code: string, message: string) => ({
    status,
    type: 'text/xml',
    text: expect.stringContaining(error(code, message)) as unknown,
  });
  const invalid = refusal(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');

  expect(await shape(signedWith({ ...keys, accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' }))).toEqual(invalid);
  expect(await shape(signedWith({ ...keys, sessionToken: others.sessionToken }))).toEqual(invalid);
  expect(await shape({ authorization: signedWith(keys)['authorization'] ?? '' })).toEqual(invalid);
  expect(await shape({})).toEqual(
    refusal(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'),
  );
  expect(await shape(signedWith(keys), 'Action=GetSessionToken')).toEqual(
    refusal(400, 'InvalidAction', 'Could not find operation'),
  );
  await started.clock.advance(3_600_000);
  expect(await shape(signedWith(keys))).toEqual(
    refusal(403, 'ExpiredToken', 'The security token included in the request is expired'),
  );
});

test('keys stay valid after their session has ended', async () => {
  const started = await startEmulator();
  const { accessToken } = await signIn(started);
  const keys = await keysOf(started, accessToken, '111111111111', 'Admin-AF-Permission-Set');
  await started.portal('/logout', accessToken, 'POST');
  expect((await whoAmI(started, signedWith(keys))).status).toBe(200);
});

const assume = (started: Started, keys: Keys, parameters: Record<string, string> = {}) =>
  whoAmI(
    started,
    signedWith(keys),
    new URLSearchParams({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::222222222222:role/team/Deployer',
      RoleSessionName: 'build-7',
      ...parameters,
    }).toString(),
  );

const policyArns = (count: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `PolicyArns.member.${index + 1}.arn`,
      `arn:aws:iam::222222222222:policy/p${index}`,
    ]),
  );

const element = (text: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';

describe('AssumeRole', () => {
  test('issues keys of the assumed role until they expire', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const keys = await keysOf(started, accessToken, '111111111111', 'Admin-AF-Permission-Set');
    const answer = await assume(started, keys, { DurationSeconds: '900' });
    expect({ status: answer.status, type: answer.headers['content-type'], text: answer.text }).toEqual({
      status: 200,
      type: 'text/xml',
      text: expect.stringMatching(
        /^<AssumeRoleResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/"><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA[A-Z2-7]{17}:build-7<\/AssumedRoleId><Arn>arn:aws:sts::222222222222:assumed-role\/Deployer\/build-7<\/Arn><\/AssumedRoleUser><Credentials><AccessKeyId>ASIA[A-Z2-7]{16}<\/AccessKeyId><SecretAccessKey>[^<]+<\/SecretAccessKey><SessionToken>[^<]+<\/SessionToken><Expiration>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ<\/Expiration><\/Credentials><\/AssumeRoleResult><ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata><\/AssumeRoleResponse>$/,
      ),
    });
    expect(Date.parse(element(answer.text, 'Expiration'))).toBe(started.clock.nowMs() + 900_000);
    const assumed = {
      accessKeyId: element(answer.text, 'AccessKeyId'),
      sessionToken: element(answer.text, 'SessionToken'),
    };
    const identity = await whoAmI(started, signedWith(assumed));
    expect(element(identity.text, 'Arn')).toBe('arn:aws:sts::222222222222:assumed-role/Deployer/build-7');
    expect(element(identity.text, 'UserId')).toBe(element(answer.text, 'AssumedRoleId'));
    expect(element(identity.text, 'Account')).toBe('222222222222');
    // An assumed role may assume another one.
    expect(element((await assume(started, assumed, { RoleSessionName: 'again' })).text, 'Arn')).toBe(
      'arn:aws:sts::222222222222:assumed-role/Deployer/again',
    );
    expect({
      assumed: started.emulator.countCalls('AssumeRole'),
      asked: started.emulator.countCalls('GetCallerIdentity'),
    }).toEqual({ assumed: 2, asked: 1 });
    await started.clock.advance(900_000);
    expect((await whoAmI(started, signedWith(assumed))).text).toContain('<Code>ExpiredToken</Code>');
  });

  test('issues keys for no longer than keys of the portal, which tests let expire early', async () => {
    const started = await startEmulator({ roleCredentialsLifetimeSeconds: 7 });
    const { accessToken } = await signIn(started);
    const keys = await keysOf(started, accessToken, '111111111111', 'Admin-AF-Permission-Set');
    const answer = await assume(started, keys, { DurationSeconds: '900' });
    expect(Date.parse(element(answer.text, 'Expiration'))).toBe(started.clock.nowMs() + 7000);
  });

  test('takes session policies, refuses what is no policy, and shows what it was asked for', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const keys = await keysOf(started, accessToken, '111111111111', 'Admin-AF-Permission-Set');
    started.emulator.resetCalls();
    const policy = '{"Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"é*"}]}';
    expect((await assume(started, keys, { Policy: policy, ...policyArns(10) })).status).toBe(200);
    expect(started.emulator.requests()).toMatchObject([
      {
        operation: 'AssumeRole',
        assumeRole: {
          roleArn: 'arn:aws:iam::222222222222:role/team/Deployer',
          roleSessionName: 'build-7',
          policy,
          policyArns: Object.values(policyArns(10)),
        },
      },
    ]);
    for (const wrong of ['', 'x', '[]', 'null', '{}', '{"Statement":[],"Id":"日"}']) {
      const { status, text } = await assume(started, keys, { Policy: wrong });
      expect([wrong, status, element(text, 'Code')]).toEqual([wrong, 400, 'MalformedPolicyDocument']);
    }
  });

  test('refuses roles that cannot be assumed, and parameters that AWS refuses', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const keys = await keysOf(started, accessToken, '111111111111', 'Admin-AF-Permission-Set');
    const refusal = async (parameters: Record<string, string>) => {
      const { status, text } = await assume(started, keys, parameters);
      return [status, element(text, 'Code'), element(text, 'Message')];
    };
    const notAuthorized = (roleArn: string): unknown[] => [
      403,
      'AccessDenied',
      expect.stringMatching(
        new RegExp(
          `^User: arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin-AF-Permission-Set_[0-9a-f]{16}/taylor is not authorized to perform: sts:AssumeRole on resource: ${roleArn}$`,
        ),
      ),
    ];
    const elsewhere = 'arn:aws:iam::999999999999:role/Deployer';
    expect(await refusal({ RoleArn: elsewhere })).toEqual(notAuthorized(elsewhere));
    const reserved =
      'arn:aws:iam::222222222222:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_ReadOnly_0123456789abcdef';
    expect(await refusal({ RoleArn: reserved })).toEqual(notAuthorized(reserved));
    expect(await refusal({ RoleArn: 'Deployer<b>' })).toEqual([
      400,
      'ValidationError',
      'Deployer&#60;b&#62; is invalid',
    ]);
    for (const [parameters, message] of [
      [{ RoleSessionName: 'a b' }, /at &#39;roleSessionName&#39; failed to satisfy constraint/],
      [{ DurationSeconds: '899' }, /greater than or equal to 900/],
      [{ DurationSeconds: '43201' }, /less than or equal to 43200/],
      [{ Policy: `{"Statement":[],"Id":"${'x'.repeat(2048)}"}` }, /at &#39;policy&#39; failed to satisfy constraint/],
      [policyArns(11), /at &#39;policyArns&#39; failed to satisfy constraint/],
      [{ DurationSeconds: '7200' }, /exceeds the 1 hour session limit for roles assumed by role chaining/],
    ] as const) {
      expect(await refusal(parameters)).toEqual([400, 'ValidationError', expect.stringMatching(message)]);
    }
    expect((await assume(started, { ...keys, accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' })).text).toContain(
      '<Code>InvalidClientTokenId</Code>',
    );
  });

  test('gives a role only to callers that it trusts, with its external id', async () => {
    const started = await startEmulator();
    const { directory } = started.emulator;
    directory.replace({
      ...directory.toDocument(),
      roles: [
        { accountId: '222222222222', name: 'Deployer', trustedBy: ['111111111111/Admin-AF-Permission-Set'] },
        { accountId: '222222222222', name: 'Partner', externalId: 'partner-7' },
        { accountId: '222222222222', name: 'Audit', trustedBy: ['222222222222/Deployer'] },
      ],
    });
    const { accessToken } = await signIn(started);
    const arnOf = (name: string) => `arn:aws:iam::222222222222:role/${name}`;
    const admin = await keysOf(started, accessToken, '111111111111', 'Admin-AF-Permission-Set');
    const readOnly = await keysOf(started, accessToken, '222222222222', 'ReadOnly');
    const deployer = await assume(started, admin);
    const statuses = [
      deployer,
      await assume(started, readOnly),
      await assume(started, admin, { RoleArn: arnOf('Partner') }),
      await assume(started, admin, { RoleArn: arnOf('Partner'), ExternalId: 'other' }),
      await assume(started, admin, { RoleArn: arnOf('Partner'), ExternalId: 'partner-7' }),
      await assume(started, admin, { RoleArn: arnOf('Audit') }),
      await assume(
        started,
        { accessKeyId: element(deployer.text, 'AccessKeyId'), sessionToken: element(deployer.text, 'SessionToken') },
        { RoleArn: arnOf('Audit') },
      ),
      await assume(started, readOnly, { RoleArn: arnOf('Everybody') }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([200, 403, 403, 403, 200, 403, 200, 200]);
  });

  test('shows tags and ids in the record of requests', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const keys = await keysOf(started, accessToken, '111111111111', 'Admin-AF-Permission-Set');
    started.emulator.resetCalls();
    await assume(started, keys, {
      DurationSeconds: '900',
      ExternalId: 'partner-7',
      SourceIdentity: 'taylor',
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'a b',
      'TransitiveTagKeys.member.1': 'team',
    });
    expect(started.emulator.requests().map(({ detail, assumeRole }) => ({ detail, assumeRole }))).toEqual([
      {
        detail: '222222222222/Deployer',
        assumeRole: {
          roleArn: 'arn:aws:iam::222222222222:role/team/Deployer',
          roleSessionName: 'build-7',
          policy: null,
          policyArns: [],
          durationSeconds: '900',
          externalId: 'partner-7',
          sourceIdentity: 'taylor',
          tags: { team: 'a b' },
          transitiveTagKeys: ['team'],
        },
      },
    ]);
  });

  test('can fail for one role only', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const keys = await keysOf(started, accessToken, '111111111111', 'Admin-AF-Permission-Set');
    started.emulator.addFault({
      operation: 'AssumeRole',
      detail: '222222222222/Deployer',
      kind: 'exception',
      exception: 'RegionDisabledException',
    });
    const other = { RoleArn: 'arn:aws:iam::222222222222:role/Other' };
    expect([(await assume(started, keys)).status, (await assume(started, keys, other)).status]).toEqual([403, 200]);
  });

  test('can fail independently of GetCallerIdentity', async () => {
    const started = await startEmulator();
    const { accessToken } = await signIn(started);
    const keys = await keysOf(started, accessToken, '111111111111', 'Admin-AF-Permission-Set');
    started.emulator.addFault({ operation: 'AssumeRole', kind: 'exception', exception: 'AccessDenied' });
    expect((await assume(started, keys)).status).toBe(403);
    expect((await whoAmI(started, signedWith(keys))).status).toBe(200);
  });
});
