// Refreshes the account list of each live session once a day, and after a listing that failed, with back-off.
import { hasElapsed, type Clock } from '../../core/clock.ts';
import type { SsoSession } from '../../core/model.ts';
import { createRetryPauses } from '../../sso/resilience/pauses.ts';
import type { Broker } from '../../sso/broker.ts';
import { sessionKey } from '../../sso/issuer.ts';
import { createPerSession } from '../../sso/session/per-session.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';

const LIST_LIFETIME_MS = 24 * 60 * 60_000;
/** About 30 attempts a day. */
const PAUSE = { firstPauseMs: 60_000, maxPauseMs: 60 * 60_000 } as const;

/** A task for the ticker. Skips a session that was never listed: its sign-in creates the first list. */
export function createDailyLists(deps: {
  readonly broker: Pick<Broker, 'cachedCatalog' | 'describe' | 'listingFailure' | 'refreshCatalog'>;
  readonly sharedConfig: Pick<SharedConfig, 'read'>;
  readonly changes: Pick<Changes, 'announce'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}): () => Promise<void> {
  const { broker, clock } = deps;
  const pauses = createRetryPauses(deps, PAUSE);

  const refreshAll = createPerSession({
    clock,
    async work(session: SsoSession) {
      const key = sessionKey(session);
      const failure = broker.listingFailure(session);
      if (pauses.isPaused(key) && failure !== 'due') return;
      const catalog = await broker.cachedCatalog(session);
      if (catalog === undefined) return pauses.succeeded(key);
      if (failure === undefined && !hasElapsed(clock, catalog.asOfMs, LIST_LIFETIME_MS)) return pauses.succeeded(key);
      if ((await broker.describe(session)).state !== 'live') return;
      try {
        const { catalog: listed } = await broker.refreshCatalog(session);
        if (listed.complete) pauses.succeeded(key);
        else pauses.failed(key);
      } catch (error) {
        pauses.failed(key);
        throw error;
      }
      deps.changes.announce();
    },
    onFailure: ({ sessionName }, error) =>
      deps.log('warn', `daily list of ${sessionName}: ${(error as Error).message}`),
  });

  return async () => refreshAll((await deps.sharedConfig.read()).sessions);
}
