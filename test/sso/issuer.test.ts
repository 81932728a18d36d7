// What a token is bound to, and the names of its items in the secret store.
import { describe, expect, it } from 'vitest';
import type { Endpoints, SsoSession } from '../../src/core/model.ts';
import { Secret } from '../../src/core/secret.ts';
import { formatIssuer, registrationSecretName, sessionSecretName } from '../../src/sso/issuer.ts';
import { createWorld, SESSION } from './world.ts';

const LOCAL: Endpoints = { ssoOidc: 'http://127.0.0.1:4000', sso: 'http://127.0.0.1:4000' };

/** Session and endpoints that differ from the first in exactly one thing that a token is bound to. */
const OTHERS: readonly (readonly [string, SsoSession, Endpoints])[] = [
  ['start URL', { ...SESSION, startUrl: 'https://other.awsapps.com/start' }, {}],
  ['region', { ...SESSION, region: 'eu-central-1' }, {}],
  ['OIDC endpoint', SESSION, { ssoOidc: 'http://127.0.0.1:4000' }],
  ['portal endpoint', SESSION, { sso: 'http://127.0.0.1:4000' }],
];

describe('the issuer', () => {
  it.each(OTHERS)('differs with another %s, and so does the client registration', (_, session, endpoints) => {
    expect(formatIssuer(session, endpoints)).not.toBe(formatIssuer(SESSION, {}));
    expect(registrationSecretName(session, endpoints)).not.toBe(registrationSecretName(SESSION, {}));
  });

  it('is the same with another session name, other scopes or another STS endpoint', () => {
    const renamed = { ...SESSION, sessionName: 'other', registrationScopes: [] };
    expect(formatIssuer(renamed, { sts: 'http://127.0.0.1:1' })).toBe(formatIssuer(SESSION, {}));
  });
});

describe('a sign-in of an earlier version', () => {
  // Written out, because another string signs every user out.
  it.each([
    ['AWS’s endpoints', {}],
    ['FIPS', { useFips: true }],
    ['dual-stack', { useDualstack: true }],
    ['FIPS and dual-stack', { useFips: true, useDualstack: true }],
  ])('is found, and its tokens are used, with %s', (_, endpoints: Endpoints) => {
    const session = { ...SESSION, startUrl: 'https://d-1234567890.awsapps.com/start', region: 'us-east-1' };
    expect(formatIssuer(session, endpoints)).toBe('["https://d-1234567890.awsapps.com/start","us-east-1","aws","aws"]');
    expect(sessionSecretName(session, endpoints)).toBe('session:my-sso-session');
    expect(registrationSecretName({ ...session, registrationScopes: ['sso:account:access'] }, endpoints)).toBe(
      'registration:c8e80f98318f2507',
    );
  });
});

describe('a session record of an earlier version', () => {
  it('is live, also after a switch to FIPS or dual-stack, but not at a custom endpoint', async () => {
    const world = createWorld();
    const nowMs = world.clock.nowMs();
    await world.store.save(
      'session:my-sso-session',
      new Secret(
        `{"schemaVersion":1,"issuer":"[\\"${SESSION.startUrl}\\",\\"${SESSION.region}\\",\\"aws\\",\\"aws\\"]",` +
          `"signedInAtMs":${nowMs},"accessToken":"token-of-yesterday","issuedAtMs":${nowMs},"expiresAtMs":${nowMs + 3_600_000}}`,
      ),
    );
    for (const endpoints of [{}, { useFips: true }, { useDualstack: true }, { sts: 'http://127.0.0.1:1' }]) {
      world.restart(endpoints);
      expect(await world.broker.describe(SESSION)).toMatchObject({ state: 'live' });
    }
    world.restart({ sso: 'https://identity.example.com' });
    expect(await world.broker.describe(SESSION)).toMatchObject({ state: 'signed-out' });
  });
});

describe('names of secrets', () => {
  it('tokens are stored under the session name, and in a separate item for a custom endpoint', () => {
    const names = [{}, LOCAL, { sso: 'http://127.0.0.1:5000' }].map((endpoints) =>
      sessionSecretName(SESSION, endpoints),
    );
    expect(names).toEqual([
      'session:my-sso-session',
      'session:my-sso-session http://127.0.0.1:4000',
      'session:my-sso-session http://127.0.0.1:5000',
    ]);
  });

  it('sessions of the same issuer share a registration, independent of the order of scopes', () => {
    const scopes = ['sso:account:access', 'codewhisperer:completions'];
    const one = registrationSecretName({ ...SESSION, registrationScopes: scopes }, {});
    const two = registrationSecretName({ ...SESSION, sessionName: 'b', registrationScopes: scopes.toReversed() }, {});
    expect(one).toMatch(/^registration:[0-9a-f]{16}$/);
    expect(two).toBe(one);
    expect(registrationSecretName(SESSION, {})).not.toBe(one);
  });
});
