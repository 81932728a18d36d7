// The SDK is slow to load, so it is loaded by the first call, not by the import.
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { createIdentityCenter } from '../../src/identity-center/identity-center.ts';
import { SESSION, faultOf } from './scripted-server.ts';

// The SDK's packages are CommonJS (as of 3.1164), so what is loaded of them stands in Node's module cache.
const loadedPackages = () => [
  ...new Set(
    Object.keys(createRequire(import.meta.url).cache).map((path) =>
      path.replace(/^.*node_modules\/((@[^/]+\/)?[^/]+)\/.*$/, '$1'),
    ),
  ),
];

test('the SDK is loaded by the first call', async () => {
  const identityCenter = createIdentityCenter({
    endpointsOf: () => ({ ssoOidc: 'http://127.0.0.1:1' }),
    proxyForUrl: () => '',
  });
  expect(loadedPackages().filter((name) => /^@(aws-sdk|smithy)\//.test(name))).toEqual([]);
  expect((await faultOf(identityCenter.registerClient(SESSION))).kind).toBe('unreachable');
  expect(loadedPackages()).toContain('@aws-sdk/client-sso-oidc');
  identityCenter.close();
});
