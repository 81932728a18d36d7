// The endpoints of an sso-session that are AWS's, but not the default ones.
import type { SessionStatusDocument } from '../local-api/schemas.ts';
import { harmless } from './terminal/render.ts';

export type SessionEndpoint = NonNullable<SessionStatusDocument['endpoints']>[number];

const ENDPOINT_KINDS = { fips: 'FIPS', dualstack: 'dual-stack', 'fips-dualstack': 'FIPS and dual-stack' } as const;

/**
 * "oidc.us-east-1.api.aws, AWS's dual-stack endpoint (set by its start URL)": the first of a
 * session's endpoints that are AWS's but not the default ones. Undefined if there is none.
 */
export function describeAwsEndpoint(endpoints: readonly SessionEndpoint[] = []): string | undefined {
  for (const { url, kind, setBy } of endpoints) {
    if (kind === 'custom') continue;
    return harmless(`${new URL(url).host}, AWS's ${ENDPOINT_KINDS[kind]} endpoint (set by ${setBy})`);
  }
  return undefined;
}
