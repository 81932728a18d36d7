// The one scheduler: at each tick it renews what is due by the wall clock of the roles in use, their access tokens first.
import type { Clock } from '../core/clock.ts';
import type { SsoSession } from '../core/model.ts';
import type { AccessTokens } from './access-tokens.ts';
import { forEachConcurrently } from './concurrently.ts';
import { sessionKey } from './issuer.ts';
import type { RoleCredentialsCache } from './role-credentials.ts';
import type { RoleUse } from './role-use.ts';
import type { Service, Upstreams } from './upstreams.ts';

export interface RefreshEngine {
  /** Renews what is due; gives the time to the next thing that comes due, undefined when nothing does. Never rejects. */
  tick(): Promise<number | undefined>;
}

/** As many as a listing has under way; the rate budget spaces them. */
const CONCURRENT_RENEWALS = 10;

export function createRefreshEngine(deps: {
  readonly accessTokens: AccessTokens;
  readonly roleCredentials: RoleCredentialsCache;
  readonly upstreams: Upstreams;
  readonly clock: Clock;
}): RefreshEngine {
  const { accessTokens, clock, roleCredentials, upstreams } = deps;
  async function refreshToken(session: SsoSession): Promise<boolean> {
    try {
      await accessTokens.fresh(session);
      return true;
    } catch {
      // Over, which only a sign-in helps, or a problem that is told by now; a later tick tries again.
      return false;
    }
  }

  /** When the next thing of this session is due; Infinity while nothing of it can be had. */
  async function renewSession(session: SsoSession, roles: readonly RoleUse[]): Promise<number> {
    if (!(await refreshToken(session))) return Infinity;
    const nowMs = clock.nowMs();
    const due = roles.filter((use) => nextTryMs(session, 'portal', use.nextRefreshAtMs) <= nowMs);
    await forEachConcurrently(due, CONCURRENT_RENEWALS, ({ role }) => roleCredentials.renewAhead(session, role));
    const left = roleCredentials.list().filter((use) => sessionKey(use.session) === sessionKey(session));
    return Math.min(
      nextTryMs(session, 'oidc', accessTokens.nextRefreshMs(session)),
      ...left.map((use) => nextTryMs(session, 'portal', use.nextRefreshAtMs)),
    );
  }

  function nextTryMs(session: SsoSession, service: Service, dueAtMs: number | undefined): number {
    const health = upstreams.describe(session).find((upstream) => upstream.service === service);
    return Math.max(dueAtMs ?? Infinity, health?.nextTryAtMs ?? 0);
  }

  return {
    async tick() {
      upstreams.sweep();
      roleCredentials.letGo();
      const sessions = bySession(roleCredentials.list());
      const soonestMs = Math.min(
        ...(await Promise.all(sessions.map(([session, roles]) => renewSession(session, roles)))),
      );
      return soonestMs === Infinity ? undefined : soonestMs - clock.nowMs();
    },
  };
}

/** The roles in use of each session. */
function bySession(uses: readonly RoleUse[]): (readonly [SsoSession, readonly RoleUse[]])[] {
  const groups = new Map<string, RoleUse[]>();
  for (const use of uses) {
    if (use.state === 'unused') continue;
    const key = sessionKey(use.session);
    groups.set(key, [...(groups.get(key) ?? []), use]);
  }
  return [...groups.values()].flatMap((roles) => (roles[0] === undefined ? [] : [[roles[0].session, roles] as const]));
}
