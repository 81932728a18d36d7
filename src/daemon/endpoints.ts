// Custom endpoints and where each was set: the settings, else the three service variables; AWS_ENDPOINT_URL is not read.
import type { Endpoints } from '../core/model.ts';
import type { StatusDocument } from '../local-api/schemas.ts';
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
