// STS GetCallerIdentity on the wire: who signs with keys of the portal, and keys that are no good.
import { expect, test } from 'vitest';
import { type Started, call, signIn, startEmulator } from './start.ts';

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

test('tells the role and the user, the same for the same permission set and account', async () => {
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

test('keys outlive the session that they came from', async () => {
  const started = await startEmulator();
  const { accessToken } = await signIn(started);
  const keys = await keysOf(started, accessToken, '111111111111', 'Admin-AF-Permission-Set');
  await started.portal('/logout', accessToken, 'POST');
  expect((await whoAmI(started, signedWith(keys))).status).toBe(200);
});
