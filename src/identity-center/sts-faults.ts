// The kinds of the errors with which STS refuses AssumeRole.
import type { FaultKind } from '../sso/ports.ts';

/** As of 2026-11 a throttled request is answered with HTTP 400. */
const STS_KINDS: ReadonlyMap<string, FaultKind> = new Map(
  Object.entries({
    AccessDenied: 'forbidden',
    RegionDisabled: 'forbidden',
    ValidationError: 'forbidden',
    ExpiredToken: 'unauthorized',
    InvalidClientTokenId: 'unauthorized',
    MalformedPolicyDocument: 'invalid-policy',
    PackedPolicyTooLarge: 'invalid-policy',
    Throttling: 'throttled',
    RequestLimitExceeded: 'throttled',
  } as const),
);

/** Undefined for other errors. The SDK adds a suffix to the names that it knows. */
export function kindOfStsError(name: string): FaultKind | undefined {
  return STS_KINDS.get(name.replace(/Exception$/, ''));
}
