// Who issued a token: a token is bound to these and never sent anywhere else.
import { createHash } from 'node:crypto';
import type { Endpoints, SsoSession } from '../core/model.ts';

/** The identity of an Identity Center as a token remembers it; equal strings mean the same issuer. */
export function formatIssuer(session: SsoSession, endpoints: Endpoints): string {
  return JSON.stringify([session.startUrl, session.region, endpoints.ssoOidc ?? 'aws', endpoints.sso ?? 'aws']);
}

/** The secret's name of a session's tokens; custom endpoints get an item of their own, so an emulator never overwrites the real one. */
export function sessionSecretName(session: SsoSession, endpoints: Endpoints): string {
  const custom = endpoints.ssoOidc ?? endpoints.sso;
  return custom === undefined ? `session:${session.sessionName}` : `session:${session.sessionName} ${custom}`;
}

/** The secret's name of the client registered for device authorization at this issuer with these scopes. */
export function registrationSecretName(session: SsoSession, endpoints: Endpoints): string {
  const scopes = session.registrationScopes.toSorted();
  const identity = JSON.stringify([formatIssuer(session, endpoints), scopes, 'device_code']);
  return `registration:${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`;
}

/** Tells sections apart: one that was edited to name another Identity Center is another session. */
export function sessionKey(session: SsoSession): string {
  return `${session.sessionName}\0${session.startUrl}\0${session.region}`;
}
