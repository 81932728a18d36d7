// Runs timed work for several sso-sessions in parallel, so that a slow or failing one does not delay the others.
import type { Clock } from '../../core/clock.ts';
import type { SsoSession } from '../../core/model.ts';
import { sessionKey } from '../issuer.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import { withTimeout } from '../../core/async/with-timeout.ts';

/** A tick waits this long. The work for a slower session continues, and later ticks skip the session until it is done. */
const TIMEOUT_MS = 1000;

/**
 * A function that runs `work` for every session without an unfinished run. It resolves when all are done, after one
 * second at the latest, and never rejects: failures go to `onFailure`.
 */
export function createPerSession(deps: {
  readonly clock: Clock;
  readonly work: (session: SsoSession) => Promise<void>;
  readonly onFailure: (session: SsoSession, error: unknown) => void;
}): (sessions: readonly SsoSession[]) => Promise<void> {
  const running = createSingleFlight<void>();

  async function runOne(session: SsoSession): Promise<void> {
    const key = sessionKey(session);
    if (running.isRunning(key)) return;
    try {
      await running.run(key, () => deps.work(session));
    } catch (error) {
      deps.onFailure(session, error);
    }
  }

  return async (sessions) => {
    await withTimeout(deps.clock, TIMEOUT_MS, Promise.all(sessions.map(runOne)));
  };
}
