// Custom endpoints and where each was set: the settings, else the three service variables; AWS_ENDPOINT_URL is not read.
import { findRelay } from '../../core/aws/aws-endpoint.ts';
import { RefusedError } from '../../core/errors.ts';
import type { Endpoints, SsoSession } from '../../core/model.ts';
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

/** The endpoints as they stood when the daemon was started. */
export function resolveEndpoints(
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
): EndpointsInForce {
  const found: { -readonly [K in keyof Endpoints]?: EndpointInForce } = {};
  for (const service of ['ssoOidc', 'sso', 'sts'] as const) {
    const fromSettings = settings.endpoints[service];
    const fromVariable = environment[VARIABLES[service]];
    if (fromSettings !== undefined) found[service] = { url: fromSettings, source: 'settings' };
    else if (fromVariable !== undefined && fromVariable !== '') {
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
 * Whether a sign-in may begin that no command has asked a person about.
 * @throws RefusedError endpoint-not-accepted: an endpoint is neither AWS's nor this machine's
 */
export function requireNoRelay(endpoints: Endpoints, { sessionName }: SsoSession): void {
  const relay = findRelay([endpoints.ssoOidc, endpoints.sso, endpoints.sts]);
  if (relay === undefined) return;
  throw new RefusedError(
    'endpoint-not-accepted',
    `Signing in to ${sessionName} would go by ${relay}, which is not AWS's. A terminal asks you whether you want that.`,
    { hint: loginCommand(sessionName) },
  );
}
