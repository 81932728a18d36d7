// When a session's token and keys are renewed next, and what delays that.
import type { RolecallError } from '../core/errors.ts';
import type { SsoSession } from '../core/model.ts';
import type { CircuitBreakers, Service } from './resilience/circuit-breakers.ts';
import type { Chains } from './roles/chains.ts';
import type { RoleCredentialsCache } from './roles/role-credentials.ts';
import type { AccessTokens } from './session/access-tokens.ts';

export interface NextRenewal {
  /** Of the access token or the keys of a role in use, whichever is first; undefined while no role is in use. */
  readonly atMs?: number;
  /** Set while something delays renewals. */
  readonly retry?: Retry;
}

/** The next attempt after a failure. */
export interface Retry {
  /**
   * - `outage`: the upstream failed several times in a row
   * - `server-pause`: the server asked for a pause
   * - `back-off`: the last renewal failed
   */
  readonly reason: 'outage' | 'server-pause' | 'back-off';
  readonly error: RolecallError;
  /** Absent: at the next request. */
  readonly atMs?: number;
}

export function findNextRenewal(
  session: SsoSession,
  deps: {
    readonly accessTokens: Pick<AccessTokens, 'nextRefreshMs' | 'backOff'>;
    readonly circuitBreakers: Pick<CircuitBreakers, 'describe' | 'heldCalls'>;
    readonly roleCredentials: Pick<RoleCredentialsCache, 'list'>;
    readonly chains: Pick<Chains, 'upstreamOf'>;
  },
): NextRenewal {
  const { accessTokens, circuitBreakers } = deps;
  const inUse = deps.roleCredentials.list(session).filter(({ state }) => state !== 'unused');
  const upstreams = circuitBreakers.describe(session);
  const after = (service: Service, dueAtMs: number | undefined) =>
    Math.max(dueAtMs ?? Infinity, upstreams.find((upstream) => upstream.service === service)?.nextTryAtMs ?? 0);
  const dueMs = inUse.map(({ role, nextRefreshAtMs }) => after(deps.chains.upstreamOf(session, role), nextRefreshAtMs));
  const atMs = inUse.length === 0 ? Infinity : Math.min(after('oidc', accessTokens.nextRefreshMs(session)), ...dueMs);
  const failures = [accessTokens.backOff(session), ...inUse.map(({ backOff }) => backOff)];
  const retries: Retry[] = [
    ...circuitBreakers.heldCalls(session).map(({ reason, error, untilMs }) => toRetry(reason, error, untilMs)),
    ...failures.flatMap((failure) =>
      failure === undefined ? [] : [toRetry('back-off', failure.error, failure.untilMs)],
    ),
  ];
  const retry = chooseRetry(retries);
  return { ...(atMs === Infinity ? {} : { atMs }), ...(retry === undefined ? {} : { retry }) };
}

function toRetry(reason: Retry['reason'], error: RolecallError, atMs: number | undefined): Retry {
  return { reason, error, ...(atMs === undefined ? {} : { atMs }) };
}

/** An upstream that is not called delays everything, so it comes before single failures; among equals the first attempt. */
function chooseRetry(retries: readonly Retry[]): Retry | undefined {
  const rank = ({ reason }: Retry) => (reason === 'back-off' ? 1 : 0);
  return retries.toSorted((a, b) => rank(a) - rank(b) || (a.atMs ?? 0) - (b.atMs ?? 0))[0];
}
