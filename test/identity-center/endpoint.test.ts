// Which custom endpoints are accepted: https, or http on this machine.
import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createIdentityCenter } from '../../src/identity-center/identity-center.ts';
import { parseEndpoint } from '../../src/identity-center/endpoint.ts';
import { SESSION } from './scripted-server.ts';

describe('parseEndpoint', () => {
  test.each([
    ['https://oidc.example.com', 'https://oidc.example.com/'],
    ['https://vpce.example.com:8443/base', 'https://vpce.example.com:8443/base'],
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000/'],
    ['http://127.9.8.7:4000', 'http://127.9.8.7:4000/'],
    ['http://[::1]:4000', 'http://[::1]:4000/'],
    ['http://localhost:4000', 'http://localhost:4000/'],
    ['http://127.1:4000', 'http://127.0.0.1:4000/'],
  ])('%s is accepted', (text, href) => {
    expect(parseEndpoint(text, 'endpoints.sso').href).toBe(href);
  });

  test.each([
    ['http://localstack:4566', 'names http://localstack:4566; it must be https, or http on this machine'],
    ['http://10.0.0.1:4566', 'names http://10.0.0.1:4566; it must be https, or http on this machine'],
    ['http://127.0.0.1.evil.example', 'names http://127.0.0.1.evil.example; it must be'],
    ['http://localhost.evil.example', 'names http://localhost.evil.example; it must be'],
    ['http://[::ffff:10.0.0.1]', 'it must be https, or http on this machine'],
    ['ftp://127.0.0.1', 'names ftp://127.0.0.1; it must be'],
    ['file:///etc/passwd', 'it must be https'],
    ['127.0.0.1:4000', 'is not a URL'],
    ['', 'is not a URL'],
    ['https://user:hunter2@example.com', 'must not contain a user name or password'],
    ['https://example.com/?a=b', 'must not have a query or a fragment'],
    ['https://example.com/#x', 'must not have a query or a fragment'],
  ])('%s is refused', (text, reason) => {
    let thrown: unknown;
    try {
      parseEndpoint(text, 'endpoints.sso_oidc');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ errorClass: 'UsageError', code: 'settings-invalid' });
    expect(String(thrown)).toContain(`The endpoint in endpoints.sso_oidc`);
    expect(String(thrown)).toContain(reason);
    expect(String(thrown)).not.toContain('hunter2');
  });

  test('nothing is sent to such an endpoint', async () => {
    const identityCenter = createIdentityCenter({
      endpointsOf: () => ({ sso: 'http://localstack:4566' }),
      proxyForUrl: () => '',
    });
    await expect(identityCenter.listAccounts(SESSION, new Secret('token'))).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('names http://localstack:4566; it must be https, or http on this machine'),
    });
  });
});

describe('oidcOrigin', () => {
  test.each([
    [{}, 'us-east-1', 'https://oidc.us-east-1.amazonaws.com/'],
    [{ useFips: true }, 'us-gov-west-1', 'https://oidc.us-gov-west-1.amazonaws.com/'],
    [{ useFips: true, useDualstack: true }, 'us-east-1', 'https://oidc-fips.us-east-1.api.aws/'],
    [{ useDualstack: true }, 'cn-north-1', 'https://oidc.cn-north-1.api.amazonwebservices.com.cn/'],
    [{}, 'eusc-de-east-1', 'https://oidc.eusc-de-east-1.amazonaws.eu/'],
    [{}, 'us-iso-east-1', 'https://oidc.us-iso-east-1.c2s.ic.gov/'],
    [{ ssoOidc: 'https://vpce.example.com/sso', useFips: true }, 'us-east-1', 'https://vpce.example.com/sso/'],
  ])('%j in %s is %s', async (endpoints, region, expected) => {
    const identityCenter = createIdentityCenter({ endpointsOf: () => endpoints, proxyForUrl: () => '' });
    expect((await identityCenter.oidcOrigin({ ...SESSION, region })).href).toBe(expected);
    identityCenter.close();
  });
});
