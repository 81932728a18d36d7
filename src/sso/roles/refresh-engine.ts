// The scheduler: each tick renews what is due by the wall clock, first the access tokens, then the credentials of roles in use.
import { isChained } from '../../core/aws/chain-role.ts';
import type { Clock } from '../../core/clock.ts';
import type { SsoSession } from '../../core/model.ts';
import type { AccessTokens } from '../session/access-tokens.ts';
import { forEachConcurrently } from '../../core/async/concurrently.ts';
import { sessionKey } from '../issuer.ts';
import type { ServingLock } from '../serving-lock.ts';
import { createPerSession } from '../session/per-session.ts';
import type { Chains } from './chains.ts';
import type { RoleCredentialsCache } from './role-credentials.ts';
import type { RoleUse } from './role-use.ts';
import type { Service, CircuitBreakers } from '../resilience/circuit-breakers.ts';

export interface RefreshEngine {
  /** Renews what is due and returns the time until the next renewal, undefined if there is none. Never rejects. */
  tick(): Promise<number | undefined>;
}

/** As many as a listing has in flight; the rate budget spaces them. */
const CONCURRENT_RENEWALS = 10;

export function createRefreshEngine(deps: {
  readonly accessTokens: AccessTokens;
  readonly roleCredentials: RoleCredentialsCache;
  readonly circuitBreakers: CircuitBreakers;
  readonly chains: Pick<Chains, 'upstreamOf'>;
  readonly lock: ServingLock;
  /** False while another user has signed in, or may have. */
  readonly isServing: (session: SsoSession) => boolean;
  readonly clock: Clock;
}): RefreshEngine {
  const { accessTokens, clock, roleCredentials, circuitBreakers } = deps;

  /** The roles of a session that may be asked for. In the name of an unconfirmed user, none is assumed. */
  const openRoles = (session: SsoSession) =>
    roleCredentials
      .list(session)
      .filter(({ role }) => deps.lock.refusal(role) === undefined && (!isChained(role) || deps.isServing(session)));

  async function refreshToken(session: SsoSession): Promise<boolean> {
    try {
      await accessTokens.fresh(session, 'background');
      return true;
    } catch {
      // The session is over, or the failure is shown as a problem by now; a later tick tries again.
      return false;
    }
  }

  /** When the next renewal of this session is due; Infinity while none is possible. */
  async function renewSession(session: SsoSession): Promise<number> {
    if (!(await refreshToken(session))) return Infinity;
    const nowMs = clock.nowMs();
    const due = openRoles(session).filter((use) => use.state !== 'unused' && nextRenewalMs(use) <= nowMs);
    await forEachConcurrently(due, CONCURRENT_RENEWALS, ({ role }) => roleCredentials.renewAhead(session, role));
    return Math.min(
      nextTryMs(session, 'oidc', accessTokens.nextRefreshMs(session)),
      ...openRoles(session).map(nextRenewalMs),
    );
  }

  const nextRenewalMs = ({ session, role, nextRefreshAtMs }: RoleUse) =>
    nextTryMs(session, deps.chains.upstreamOf(session, role), nextRefreshAtMs);

  function nextTryMs(session: SsoSession, service: Service, dueAtMs: number | undefined): number {
    const health = circuitBreakers.describe(session).find((upstream) => upstream.service === service);
    return Math.max(dueAtMs ?? Infinity, health?.nextTryAtMs ?? 0);
  }

  /** When the next renewal is due, as of the last run of each session. */
  const dueAtMs = new Map<string, number>();
  const renewSessions = createPerSession({
    clock,
    async work(session) {
      dueAtMs.set(sessionKey(session), await renewSession(session));
    },
    onFailure: () => undefined,
  });

  return {
    async tick() {
      circuitBreakers.sweep();
      roleCredentials.removeUnused();
      if (deps.lock.refusal() !== undefined) return undefined;
      const sessions = sessionsInUse(roleCredentials.list());
      dueAtMs.clear();
      await renewSessions(sessions);
      const soonestMs = Math.min(...dueAtMs.values());
      return soonestMs === Infinity ? undefined : soonestMs - clock.nowMs();
    },
  };
}

function sessionsInUse(uses: readonly RoleUse[]): SsoSession[] {
  const inUse = uses.filter(({ state }) => state !== 'unused');
  return [...new Map(inUse.map(({ session }) => [sessionKey(session), session])).values()];
}
