// AWS's own JavaScript clients as independent witnesses: the whole flow against the emulator.
import {
  GetRoleCredentialsCommand,
  ListAccountRolesCommand,
  ListAccountsCommand,
  LogoutCommand,
  SSOClient,
} from '@aws-sdk/client-sso';
import {
  CreateTokenCommand,
  RegisterClientCommand,
  SSOOIDCClient,
  StartDeviceAuthorizationCommand,
} from '@aws-sdk/client-sso-oidc';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Emulator, createEmulator } from '../../src/emulator/emulator.ts';

let emulator: Emulator;
let oidc: SSOOIDCClient;
let sso: SSOClient;

beforeEach(async () => {
  emulator = createEmulator({ forgivenEarlyPolls: 0 });
  const { url } = await emulator.listen();
  const settings = { region: 'us-east-1', endpoint: url, maxAttempts: 1 };
  oidc = new SSOOIDCClient(settings);
  sso = new SSOClient(settings);
});

afterEach(async () => {
  oidc.destroy();
  sso.destroy();
  await emulator.close();
});

test('the SDK registers, gets approval, lists, gets keys, calls STS, refreshes and logs out', async () => {
  const client = await oidc.send(
    new RegisterClientCommand({ clientName: 'rolecall', clientType: 'public', scopes: ['sso:account:access'] }),
  );
  const started = await oidc.send(
    new StartDeviceAuthorizationCommand({
      clientId: client.clientId,
      clientSecret: client.clientSecret,
      startUrl: 'https://d-1234567890.awsapps.com/start',
    }),
  );
  expect(started).toMatchObject({
    userCode: expect.stringMatching(/^[B-Z]{4}-[B-Z]{4}$/),
    verificationUri: `${emulator.url}/device`,
    verificationUriComplete: `${emulator.url}/device?user_code=${started.userCode}`,
    expiresIn: 600,
    interval: 1,
  });
  const createToken = () =>
    oidc.send(
      new CreateTokenCommand({
        clientId: client.clientId,
        clientSecret: client.clientSecret,
        grantType: 'urn:ietf:params:oauth:grant-type:device_code',
        deviceCode: started.deviceCode,
      }),
    );
  await expect(createToken()).rejects.toMatchObject({
    name: 'AuthorizationPendingException',
    error: 'authorization_pending',
    $metadata: { httpStatusCode: 400 },
  });
  await expect(createToken()).rejects.toMatchObject({ name: 'SlowDownException', error: 'slow_down' });

  emulator.approve(started.userCode ?? '', 'taylor');
  const token = await createToken();
  expect(token).toMatchObject({ tokenType: 'Bearer', expiresIn: 3600, refreshToken: expect.any(String) });
  await expect(createToken()).rejects.toMatchObject({ name: 'InvalidGrantException', error: 'invalid_grant' });

  const { accessToken } = token;
  const accounts = await sso.send(new ListAccountsCommand({ accessToken }));
  expect({ accountList: accounts.accountList, nextToken: accounts.nextToken }).toEqual({
    accountList: [
      { accountId: '111111111111', accountName: 'taylor', emailAddress: 'taylor@example.com' },
      { accountId: '222222222222', accountName: 'professional-af', emailAddress: 'aws+professional-af@example.com' },
      { accountId: '333333333333', accountName: 'Shop Staging', emailAddress: 'aws+shop-staging@example.com' },
      { accountId: '044444444444', accountName: 'Log Archive', emailAddress: 'aws+log-archive@example.com' },
    ],
    nextToken: undefined,
  });
  const roles = await sso.send(new ListAccountRolesCommand({ accessToken, accountId: '222222222222' }));
  expect(roles.roleList).toEqual([
    { accountId: '222222222222', roleName: 'Admin-AF-Permission-Set' },
    { accountId: '222222222222', roleName: 'ReadOnly' },
  ]);
  const { roleCredentials } = await sso.send(
    new GetRoleCredentialsCommand({
      accessToken,
      accountId: '222222222222',
      roleName: 'Admin-AF-Permission-Set',
    }),
  );
  expect(roleCredentials).toEqual({
    accessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
    secretAccessKey: expect.stringMatching(/^.{40}$/),
    sessionToken: expect.stringMatching(/^IQoJ/),
    expiration: expect.any(Number),
  });

  const sts = new STSClient({
    region: 'us-east-1',
    endpoint: emulator.url,
    credentials: {
      accessKeyId: roleCredentials?.accessKeyId ?? '',
      secretAccessKey: roleCredentials?.secretAccessKey ?? '',
      sessionToken: roleCredentials?.sessionToken ?? '',
    },
  });
  const identity = await sts.send(new GetCallerIdentityCommand({}));
  sts.destroy();
  expect({ Arn: identity.Arn, Account: identity.Account, UserId: identity.UserId }).toEqual({
    Arn: expect.stringMatching(
      /^arn:aws:sts::222222222222:assumed-role\/AWSReservedSSO_Admin-AF-Permission-Set_[0-9a-f]{16}\/taylor$/,
    ),
    Account: '222222222222',
    UserId: expect.stringMatching(/^AROA[A-Z2-7]{17}:taylor$/),
  });

  const refresh = (refreshToken: string | undefined) =>
    oidc.send(
      new CreateTokenCommand({
        clientId: client.clientId,
        clientSecret: client.clientSecret,
        grantType: 'refresh_token',
        refreshToken,
      }),
    );
  const renewed = await refresh(token.refreshToken);
  expect(renewed.refreshToken).not.toBe(token.refreshToken);
  await expect(refresh(token.refreshToken)).rejects.toMatchObject({
    name: 'InvalidGrantException',
    error_description: 'Invalid refresh token provided',
  });

  await sso.send(new LogoutCommand({ accessToken: renewed.accessToken }));
  await expect(sso.send(new ListAccountsCommand({ accessToken: renewed.accessToken }))).rejects.toMatchObject({
    name: 'UnauthorizedException',
    message: 'Session token not found or invalid',
    $metadata: { httpStatusCode: 401 },
  });
  await expect(refresh(renewed.refreshToken)).rejects.toMatchObject({ name: 'InvalidGrantException' });
});
