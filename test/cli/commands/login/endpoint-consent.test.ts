// `login --yes` with endpoints that a test cannot connect to.
import { expect, test } from 'vitest';
import { createEndpointConsent } from '../../../../src/cli/commands/login/endpoint-consent.ts';
import type { CliContext } from '../../../../src/cli/context.ts';
import type { StatusDocument } from '../../../../src/local-api/schemas.ts';

const files = { settings: '/home/me/config.toml' } as StatusDocument['files'];

function consent(url: string, yes: boolean) {
  let stderr = '';
  const context = {
    stderr: { write: (text: string) => void (stderr += text) },
    environment: {},
    homeDirectory: '/home/me',
    stdinIsTerminal: false,
  } as unknown as CliContext;
  const endpoints = { ssoOidc: { url, source: 'environment' } } as const;
  return { required: createEndpointConsent({ endpoints, files }, { yes }, context).require(), shown: () => stderr };
}

test('--yes continues without a terminal, after showing the endpoint', async () => {
  const { required, shown } = consent('https://relay.example.com', true);
  await required;
  expect(shown()).toBe(
    "Warning: this sign-in goes to https://relay.example.com, which is not AWS's (set by AWS_ENDPOINT_URL_SSO_OIDC " +
      'when the daemon started). Its operator can use the access that you approve.\n',
  );
});

test('an AWS endpoint that is set explicitly needs no consent', async () => {
  const { required, shown } = consent('https://oidc.us-east-1.amazonaws.com', false);
  await required;
  expect(shown()).toBe('');
});
