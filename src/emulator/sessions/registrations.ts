// Client registrations of SSO OIDC with their grant types and scopes.
import type { Clock } from '../../core/clock.ts';
import type { KnobStore } from './knobs.ts';
import { type RandomBytes, randomOpaque } from '../http/random.ts';

export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
export const AUTHORIZATION_CODE_GRANT = 'authorization_code';
export const REFRESH_TOKEN_GRANT = 'refresh_token';
export const GRANTS = [DEVICE_CODE_GRANT, AUTHORIZATION_CODE_GRANT, REFRESH_TOKEN_GRANT] as const;

/** Required to list accounts and to refresh tokens. */
export const ACCOUNT_ACCESS_SCOPE = 'sso:account:access';

export interface Registration {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientName: string;
  readonly scopes: readonly string[];
  /** Empty when none were requested, as by the AWS CLI for the device flow; then device codes and refresh are allowed. */
  readonly grantTypes: readonly string[];
  /** For the authorization code: where codes may go, and the start URL of its portal. */
  readonly redirectUris: readonly string[];
  readonly issuerUrl?: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

export interface Registrations {
  register(wanted: Omit<Registration, 'clientId' | 'clientSecret' | 'issuedAtMs' | 'expiresAtMs'>): Registration;
  /** The registration if id and secret match and it has not expired. */
  find(clientId: string, clientSecret: string): Registration | undefined;
  /** The registration of a request that comes through a browser, without the secret. */
  findById(clientId: string): Registration | undefined;
  /** Expires all registrations issued so far. */
  expireAll(): void;
}

export function createRegistrations(deps: { clock: Clock; random: RandomBytes; knobs: KnobStore }): Registrations {
  const byId = new Map<string, Registration>();
  const findById = (clientId: string) => {
    const registration = byId.get(clientId);
    return registration !== undefined && deps.clock.nowMs() < registration.expiresAtMs ? registration : undefined;
  };
  return {
    register(wanted) {
      const issuedAtMs = deps.clock.nowMs();
      const registration = {
        clientId: randomOpaque(deps.random, 21),
        clientSecret: `eyJraWQiOiJrZXkt${randomOpaque(deps.random, 270)}`,
        ...wanted,
        issuedAtMs,
        expiresAtMs: issuedAtMs + deps.knobs.current.registrationLifetimeSeconds * 1000,
      };
      byId.set(registration.clientId, registration);
      return registration;
    },
    find(clientId, clientSecret) {
      const registration = findById(clientId);
      return registration?.clientSecret === clientSecret ? registration : undefined;
    },
    findById,
    expireAll: () => byId.clear(),
  };
}

export function mayUseGrant(registration: Registration, grantType: string): boolean {
  if (registration.grantTypes.length === 0) return grantType !== AUTHORIZATION_CODE_GRANT;
  return registration.grantTypes.includes(grantType);
}

/** Only clients with the account scope and the refresh grant get a refresh token. */
export function getsRefreshToken(registration: Registration): boolean {
  return registration.scopes.includes(ACCOUNT_ACCESS_SCOPE) && mayUseGrant(registration, REFRESH_TOKEN_GRANT);
}
