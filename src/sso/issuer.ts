// Identifies the issuer of a token, which is the only place the token may be sent to.
import { createHash } from 'node:crypto';
import type { Endpoints, SignInFlow, SsoSession } from '../core/model.ts';

/**
 * Start URL, region and custom endpoints as one string, stored with each token; equal strings mean the same issuer.
 * AWS's own endpoints of a region are one issuer, plain, FIPS or dual-stack: they serve the same Identity Center, so
 * switching between them keeps the sign-in. If AWS refuses a token at one of them, the session ends as usual.
 */
export function formatIssuer(session: SsoSession, endpoints: Endpoints): string {
  return JSON.stringify([session.startUrl, session.region, endpoints.ssoOidc ?? 'aws', endpoints.sso ?? 'aws']);
}

/** The name of the secret with a session's tokens. Custom endpoints have a separate one, so an emulator never overwrites the real one. */
export function sessionSecretName(session: SsoSession, endpoints: Endpoints): string {
  const custom = endpoints.ssoOidc ?? endpoints.sso;
  return custom === undefined ? `session:${session.sessionName}` : `session:${session.sessionName} ${custom}`;
}

const GRANTS: Readonly<Record<SignInFlow, string>> = { device: 'device_code', pkce: 'authorization_code' };

/** The name of the secret with the client registered for this flow at this issuer with these scopes. */
export function registrationSecretName(session: SsoSession, endpoints: Endpoints, flow: SignInFlow = 'device'): string {
  const scopes = session.registrationScopes.toSorted();
  const identity = JSON.stringify([formatIssuer(session, endpoints), scopes, GRANTS[flow]]);
  return `registration:${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`;
}

/** Identifies a session in memory; a section that was edited to name another Identity Center is a different session. */
export function sessionKey(session: SsoSession): string {
  return `${session.sessionName}\0${session.startUrl}\0${session.region}`;
}
