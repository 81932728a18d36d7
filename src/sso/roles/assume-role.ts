// One AssumeRole call with all that goes with it: the credentials of its source, back-off, circuit breaker and errors.
import type { Clock } from '../../core/clock.ts';
import { RefusedError, UsageError, type RolecallError } from '../../core/errors.ts';
import type { Role, RoleCredentials, SsoSession } from '../../core/model.ts';
import { nameOfRole } from '../../core/text/role-title.js';
import { describeStsFault, isFault } from '../faults.ts';
import type { RoleAssumer } from '../ports.ts';
import type { CircuitBreakers } from '../resilience/circuit-breakers.ts';
import { withBackOff, type BackOffPolicy } from '../session/portal-call.ts';
import { stsOf, type ChainStep } from './chains.ts';

/** The credentials that call AssumeRole. */
export interface SourceCredentials {
  /** Rejects with a RolecallError. */
  fetch(): Promise<RoleCredentials>;
  /** STS does not know these any more. */
  forget(credentials: RoleCredentials): void;
  /** Newer ones; the same if they are new themselves, or AWS gives no others. Rejects like `fetch`. */
  renew(credentials: RoleCredentials): Promise<RoleCredentials>;
}

/**
 * What STS answers. If it refuses the credentials of the source, these are forgotten and the call is made once more with
 * new ones. So it is if it refuses the role to older ones: an administrator may have revoked them.
 * @throws IdentityCenterFault; CircuitOpenError; RolecallError: what `source.fetch` throws
 */
export function assumeRole(
  deps: {
    readonly roleAssumer: RoleAssumer;
    readonly circuitBreakers: Pick<CircuitBreakers, 'check' | 'call'>;
    readonly clock: Clock;
    readonly random: () => number;
  },
  session: SsoSession,
  { definition }: ChainStep,
  { source, backOff }: { readonly source: SourceCredentials; readonly backOff: BackOffPolicy },
): Promise<RoleCredentials> {
  const { circuitBreakers, roleAssumer } = deps;
  const sts = stsOf(session, definition);
  return withBackOff(deps, backOff, async () => {
    circuitBreakers.check(session, sts);
    const call = (credentials: RoleCredentials) =>
      circuitBreakers.call(session, sts, () => roleAssumer.assumeRole(session, credentials, definition));
    const credentials = await source.fetch();
    try {
      return await call(credentials);
    } catch (fault) {
      return call(await replace(credentials, fault, source));
    }
  });
}

/** Other credentials after which the call can be repeated. @throws `fault`: there are none */
async function replace(
  credentials: RoleCredentials,
  fault: unknown,
  source: SourceCredentials,
): Promise<RoleCredentials> {
  if (isFault(fault, 'unauthorized')) {
    source.forget(credentials);
    return source.fetch();
  }
  if (!isFault(fault, 'forbidden')) throw fault;
  const renewed = await source.renew(credentials);
  if (renewed === credentials) throw fault;
  return renewed;
}

/** The user-visible error for what `assumeRole` threw; a refusal names the role and its source. */
export function describeAssumeFault(thrown: unknown, { definition }: ChainStep): RolecallError {
  const { roleArn, source } = definition;
  if (isFault(thrown, 'forbidden')) {
    return new RefusedError(
      'assume-role-refused',
      `AWS does not let ${nameSource(source)} assume ${roleArn}: ${thrown.message}`,
      { cause: thrown },
    );
  }
  if (isFault(thrown, 'invalid-policy')) {
    return new UsageError(
      'invalid-policy',
      `AWS does not accept the session policy for ${roleArn}: ${thrown.message}`,
      { cause: thrown },
    );
  }
  return describeStsFault(thrown);
}

const nameSource = ({ accountId, permissionSet }: Role) => `${nameOfRole(permissionSet)} in account ${accountId}`;
