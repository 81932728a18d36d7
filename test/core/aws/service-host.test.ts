// The hosts that rolecall shows are those that the AWS SDK uses.
import { SSOClient } from '@aws-sdk/client-sso';
import { SSOOIDCClient } from '@aws-sdk/client-sso-oidc';
import { STSClient } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { findServiceHost } from '../../../src/core/aws/service-host.ts';

const REGIONS = ['us-east-1', 'us-gov-west-1', 'us-gov-east-1', 'cn-north-1', 'eusc-de-east-1'];
const ISOLATED = ['us-iso-east-1', 'us-isob-east-1', 'eu-isoe-west-1', 'us-isof-south-1'];
const KINDS = [false, true].flatMap((useFips) => [false, true].map((useDualstack) => ({ useFips, useDualstack })));

test.each([...REGIONS, ...ISOLATED])('in %s, of each kind', (region) => {
  const options = { region, useFipsEndpoint: false, useDualstackEndpoint: false };
  const clients = {
    oidc: new SSOOIDCClient(options),
    'portal.sso': new SSOClient(options),
    sts: new STSClient(options),
  };
  for (const kind of KINDS) {
    const parameters = { Region: region, UseFIPS: kind.useFips, UseDualStack: kind.useDualstack };
    for (const [service, client] of Object.entries(clients)) {
      const { url } = client.config.endpointProvider(parameters);
      expect(`https://${findServiceHost(service as keyof typeof clients, region, kind)}/`).toBe(url.href);
    }
  }
});

test('a word that is no region has none', () => {
  expect(findServiceHost('oidc', 'us-east')).toBeUndefined();
});
