// Custom endpoints of all sessions, and where each was set: config.toml, else AWS_ENDPOINT_URL_<SERVICE>. AWS_ENDPOINT_URL is not read.
import { findRelay } from '../../core/aws/aws-endpoint.ts';
import { RefusedError } from '../../core/errors.ts';
import type { Endpoints, SsoSession } from '../../core/model.ts';
import { isPlainHttp, parseEndpoint } from '../../identity-center/endpoint.ts';
import { loginCommand } from '../../sso/faults.ts';
import type { StatusDocument } from '../../local-api/schemas.ts';
import type { Settings } from './settings.ts';

export type EndpointInForce = Readonly<NonNullable<StatusDocument['endpoints']['ssoOidc']>>;

export type EndpointsInForce = { readonly [K in keyof Endpoints]?: EndpointInForce };

const VARIABLES = {
  ssoOidc: 'AWS_ENDPOINT_URL_SSO_OIDC',
  sso: 'AWS_ENDPOINT_URL_SSO',
  sts: 'AWS_ENDPOINT_URL_STS',
} as const;

/** The services whose endpoint can be set, and their keys in the settings. */
export const SERVICES = ['ssoOidc', 'sso', 'sts'] as const;
export const ENDPOINT_KEYS = { ssoOidc: 'sso_oidc', sso: 'sso', sts: 'sts' } as const;

/** The endpoints as configured when the daemon started. @throws UsageError settings-invalid: as parseEndpoint */
export function resolveEndpoints(
  settings: Pick<Settings, 'endpoints'>,
  environment: Readonly<Record<string, string | undefined>>,
): EndpointsInForce {
  const found: { -readonly [K in keyof Endpoints]?: EndpointInForce } = {};
  for (const service of SERVICES) {
    const fromSettings = settings.endpoints[service];
    const fromVariable = environment[VARIABLES[service]];
    if (fromSettings !== undefined) {
      requireUsable(service, fromSettings, `endpoints.${ENDPOINT_KEYS[service]}`);
      found[service] = { url: fromSettings, source: 'settings' };
    } else if (fromVariable !== undefined && fromVariable !== '') {
      requireUsable(service, fromVariable, VARIABLES[service]);
      found[service] = { url: fromVariable, source: 'environment' };
    }
  }
  return found;
}

export function toEndpoints(inForce: EndpointsInForce): Endpoints {
  return {
    ...(inForce.ssoOidc === undefined ? {} : { ssoOidc: inForce.ssoOidc.url }),
    ...(inForce.sso === undefined ? {} : { sso: inForce.sso.url }),
    ...(inForce.sts === undefined ? {} : { sts: inForce.sts.url }),
  };
}

/**
 * STS may be at a container of tests, such as http://localstack:4566: that must not stop the daemon, which asks STS only
 * who signed in, and does not ask it there.
 */
function requireUsable(service: keyof typeof VARIABLES, url: string, settingName: string): void {
  if (service === 'sts' && isPlainHttp(url)) return;
  parseEndpoint(url, settingName);
}

/**
 * Refuses a sign-in that was not confirmed in a terminal when a custom endpoint would relay it.
 * @throws RefusedError endpoint-not-accepted: an endpoint is neither AWS's nor this machine's
 */
export function requireNoRelay(endpoints: Endpoints, { sessionName }: SsoSession): void {
  const relay = findRelay([endpoints.ssoOidc, endpoints.sso, endpoints.sts]);
  if (relay === undefined) return;
  throw new RefusedError(
    'endpoint-not-accepted',
    `Signing in to ${sessionName} goes through ${relay}, which is not an AWS endpoint. Sign in from a terminal to confirm it.`,
    { hint: loginCommand(sessionName) },
  );
}
