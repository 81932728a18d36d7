// `login --yes` with endpoints that a test cannot connect to.
import { describe, expect, test } from 'vitest';
import { createEndpointConsent } from '../../../../src/cli/commands/login/endpoint-consent.ts';
import type { CliContext } from '../../../../src/cli/context.ts';
import type { StatusDocument } from '../../../../src/local-api/schemas.ts';

const files = { settings: '/home/me/config.toml' } as StatusDocument['files'];

function createConsent(status: Partial<StatusDocument>, yes: boolean) {
  let stderr = '';
  const context = {
    stderr: { write: (text: string) => void (stderr += text) },
    environment: {},
    homeDirectory: '/home/me',
    stdinIsTerminal: false,
  } as unknown as CliContext;
  const consent = createEndpointConsent({ endpoints: {}, sessions: [], files, ...status }, { yes }, context);
  return { ...consent, shown: () => stderr };
}

function consent(url: string, yes: boolean) {
  const { require: consentTo, shown } = createConsent({ endpoints: { ssoOidc: { url, source: 'environment' } } }, yes);
  return { required: consentTo('work'), shown };
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

describe('with endpoints of single sessions', () => {
  const LINK = 'https://vpce-1.oidc.us-east-1.vpce.amazonaws.com';
  const setBy = '[session.work.endpoints] in the settings';
  const sessions = [
    { session: 'work', endpoints: [{ service: 'oidc', url: LINK, kind: 'custom', setBy }] },
    { session: 'home' },
  ] as unknown as StatusDocument['sessions'];

  test('only the session that uses one needs consent, once', async () => {
    const { require: consentTo, shown } = createConsent({ sessions }, true);
    await consentTo('home');
    expect(shown()).toBe('');
    await consentTo('work');
    await consentTo('work');
    expect(shown()).toBe(
      `Warning: this sign-in goes to ${LINK}, which is not AWS's (set by ${setBy}). Its operator can use the access that you approve.\n`,
    );
  });

  test('without a terminal, it is refused for that session alone', async () => {
    const { require: consentTo } = createConsent({ sessions }, false);
    await consentTo('home');
    await expect(consentTo('work')).rejects.toMatchObject({ code: 'usage', hint: 'rolecall login --yes' });
  });

  test('the endpoint for all is not shown where the session has its own', async () => {
    const all = { url: 'https://relay.example.com', source: 'settings' } as const;
    const { require: consentTo, shown } = createConsent({ sessions, endpoints: { ssoOidc: all } }, true);
    await consentTo('work');
    expect(shown()).not.toContain('relay.example.com');
    await consentTo('home');
    expect(shown()).toContain('https://relay.example.com');
  });

  test('an endpoint of AWS that is not the default one is named once, with the reason', async () => {
    const endpoint = {
      service: 'oidc',
      url: 'https://oidc.us-east-1.api.aws/',
      kind: 'dualstack',
      setBy: 'its start URL',
    };
    const { require: consentTo, shown } = createConsent(
      { sessions: [{ session: 'work', endpoints: [endpoint] }] as unknown as StatusDocument['sessions'] },
      false,
    );
    await consentTo('work');
    await consentTo('work');
    expect(shown()).toBe(
      "Note: this sign-in uses oidc.us-east-1.api.aws, AWS's dual-stack endpoint (set by its start URL).\n",
    );
  });
});
