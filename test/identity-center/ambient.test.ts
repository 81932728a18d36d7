// AWS settings in the environment change nothing: only AWS's own hosts are called.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListAccountsCommand, SSOClient } from '@aws-sdk/client-sso';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createIdentityCenter, type IdentityCenterDeps } from '../../src/identity-center/identity-center.ts';
import { type ConnectProxy, startConnectProxy } from '../helpers/connect-proxy.ts';
import { createPrivateCa } from '../helpers/private-ca.ts';
import { createTemporaryHome } from '../helpers/temporary-home.ts';
import { REGISTRATION, ROLE, SESSION, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const home = createTemporaryHome();
const ca = createPrivateCa(home.path);
const original = { ...process.env };

/** Stands in for AWS behind the proxy: whatever name is asked for ends here. */
let aws: ScriptedServer;
let proxy: ConnectProxy;
/** Where the shell's variables point. */
let trap: ScriptedServer;

beforeAll(async () => {
  aws = await startScriptedServer(
    ca.issue([
      '*.us-east-1.amazonaws.com',
      '*.sso.us-east-1.amazonaws.com',
      '*.cn-north-1.amazonaws.com.cn',
      '*.us-east-1.api.aws',
    ]),
  );
  aws.answer(200, {
    clientId: 'c',
    clientSecret: 's',
    clientSecretExpiresAt: 1_900_000_000,
    accessToken: 'a',
    expiresIn: 3600,
    accountList: [],
    roleList: [],
    roleCredentials: { accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't', expiration: 1_795_000_000_000 },
  });
  trap = await startScriptedServer();
  proxy = await startConnectProxy({ leadTo: () => ({ host: '127.0.0.1', port: aws.port }) });
  const folder = join(home.path, '.aws');
  mkdirSync(folder);
  const configPath = join(folder, 'config');
  writeFileSync(
    configPath,
    `[profile trapped]\nservices = emu\nendpoint_url = ${trap.url}\nuse_fips_endpoint = true\nmax_attempts = 9\n` +
      `credential_process = /bin/false\n[services emu]\nsso_oidc =\n  endpoint_url = ${trap.url}\nsso =\n  endpoint_url = ${trap.url}\n`,
  );
  Object.assign(process.env, {
    HOME: home.path,
    AWS_CONFIG_FILE: configPath,
    AWS_ENDPOINT_URL: trap.url,
    AWS_ENDPOINT_URL_SSO: trap.url,
    AWS_ENDPOINT_URL_SSO_OIDC: trap.url,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: trap.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${trap.url}/credentials`,
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_USE_DUALSTACK_ENDPOINT: 'true',
    AWS_REGION: 'eu-west-3',
    AWS_DEFAULT_REGION: 'eu-west-3',
    AWS_MAX_ATTEMPTS: '9',
    AWS_RETRY_MODE: 'nonsense',
    AWS_DEFAULTS_MODE: 'nonsense',
    AWS_SDK_UA_APP_ID: 'x'.repeat(60),
    AWS_AUTH_SCHEME_PREFERENCE: 'sigv4',
  });
});

afterAll(async () => {
  for (const name of Object.keys(process.env)) if (!(name in original)) delete process.env[name];
  Object.assign(process.env, original);
  await aws.close();
  await trap.close();
  await proxy.close();
  await home.remove();
});

let seenTargets: number;
beforeEach(() => {
  seenTargets = proxy.targets.length;
});
const newTargets = () => [...new Set(proxy.targets.slice(seenTargets))];

async function callEverything(deps: Partial<IdentityCenterDeps> = {}, region = 'us-east-1'): Promise<void> {
  const identityCenter = createIdentityCenter({
    endpointsOf: () => ({}),
    proxyForUrl: () => proxy.url,
    caBundle: () => ca.pem,
    ...deps,
  });
  const session = { ...SESSION, region };
  await identityCenter.registerClient(session);
  await identityCenter.createTokenByRefreshToken(session, REGISTRATION, new Secret('r'));
  await identityCenter.listAccounts(session, new Secret('t'));
  await identityCenter.listAccountRoles(session, new Secret('t'), ROLE.accountId);
  await identityCenter.getRoleCredentials(session, new Secret('t'), ROLE);
  await identityCenter.logout(session, new Secret('t'));
  identityCenter.close();
}

describe.each(['trapped', 'no-such-profile'])('with AWS_PROFILE=%s', (profile) => {
  beforeAll(() => {
    process.env['AWS_PROFILE'] = profile;
  });

  test('every call goes to AWS’s own hosts', async () => {
    await callEverything();
    expect(newTargets()).toEqual(['oidc.us-east-1.amazonaws.com:443', 'portal.sso.us-east-1.amazonaws.com:443']);
    expect(trap.requests).toEqual([]);
  });
});

test('the partition follows from the region', async () => {
  await expect(callEverything({}, 'cn-north-1')).rejects.toMatchObject({ kind: 'unreachable' });
  expect(newTargets().slice(0, 1)).toEqual(['oidc.cn-north-1.amazonaws.com.cn:443']);
});

test('FIPS and dual-stack are parameters', async () => {
  await callEverything({ endpointsOf: () => ({ useDualstack: true }) }).catch(() => undefined);
  expect(newTargets()[0]).toBe('oidc.us-east-1.api.aws:443');
  seenTargets = proxy.targets.length;
  await callEverything({ endpointsOf: () => ({ useFips: true }) }).catch(() => undefined);
  expect(newTargets()[0]).toBe('oidc-fips.us-east-1.amazonaws.com:443');
});

test('a custom endpoint is used, with or without FIPS', async () => {
  const emulator = await startScriptedServer();
  emulator.answer(200, { accountList: [] });
  const identityCenter = createIdentityCenter({
    endpointsOf: () => ({ sso: emulator.url, useFips: true, useDualstack: true }),
    proxyForUrl: () => '',
  });
  await identityCenter.listAccounts(SESSION, new Secret('t'));
  expect(emulator.requests).toHaveLength(1);
  identityCenter.close();
  await emulator.close();
});

test('nothing is retried, regardless of AWS_MAX_ATTEMPTS', async () => {
  const failing = await startScriptedServer();
  failing.answer(500, { message: 'no' });
  const identityCenter = createIdentityCenter({ endpointsOf: () => ({ sso: failing.url }), proxyForUrl: () => '' });
  await expect(identityCenter.listAccounts(SESSION, new Secret('t'))).rejects.toMatchObject({ kind: 'unreachable' });
  expect(failing.requests).toHaveLength(1);
  identityCenter.close();
  await failing.close();
});

test('a client with the SDK’s defaults calls the trap, so the trap works', async () => {
  trap.answer(200, { accountList: [] });
  const client = new SSOClient({
    region: 'us-east-1',
    retryMode: 'standard',
    defaultsMode: 'standard',
    userAgentAppId: '',
    authSchemePreference: [],
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  });
  await client.send(new ListAccountsCommand({ accessToken: 't' })).catch(() => undefined);
  client.destroy();
  expect(trap.requests).toHaveLength(1);
});
