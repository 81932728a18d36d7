// Warns a person before an Identity Center session ends, so that long-running work can be saved.
import type { Clock } from '../../core/clock.ts';
import type { SsoSession } from '../../core/model.ts';
import { loginCommand } from '../../sso/faults.ts';
import { createPerSession } from '../../sso/session/per-session.ts';
import type { Log } from '../process/log.ts';
import type { Notifier } from '../notifications/notifier.ts';

export interface SessionEnd {
  /** When the session began. A different time means a different session. */
  readonly signedInAtMs: number;
  readonly endsAtMs: number;
}

export interface SessionWarnings {
  /** Timed work. */
  check(): Promise<void>;
}

/** Longest first. */
const WARNED_AHEAD_MS = [30 * 60_000, 10 * 60_000] as const;

/** At most two warnings per session, and none for a session that was replaced by a new sign-in. */
export function createSessionWarnings(deps: {
  readonly sessions: () => Promise<readonly SsoSession[]>;
  /** Undefined when nobody is signed in, or the end is unknown. */
  readonly findEnd: (session: SsoSession) => Promise<SessionEnd | undefined>;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly log: Log;
}): SessionWarnings {
  const { clock, notifier } = deps;
  /** How many warnings each sso-session had. */
  const given = new Map<string, { readonly signedInAtMs: number; readonly steps: number }>();

  async function checkOne(session: SsoSession): Promise<void> {
    const { sessionName } = session;
    const end = await deps.findEnd(session);
    const earlier = given.get(sessionName);
    if (earlier !== undefined && earlier.signedInAtMs !== end?.signedInAtMs) {
      given.delete(sessionName);
      notifier.resolve(keyOf(sessionName));
    }
    if (end === undefined) return;
    const leftMs = end.endsAtMs - clock.nowMs();
    const due = WARNED_AHEAD_MS.filter((aheadMs) => leftMs <= aheadMs);
    if (due.length <= (given.get(sessionName)?.steps ?? 0)) return;
    given.set(sessionName, { signedInAtMs: end.signedInAtMs, steps: due.length });
    const aheadMs = due.at(-1) ?? 0;
    // A short session would otherwise be warned about as soon as it begins.
    if (leftMs <= 0 || end.endsAtMs - end.signedInAtMs <= 2 * aheadMs) return;
    const minutes = Math.max(1, Math.round(leftMs / 60_000));
    await notifier.notify({
      key: keyOf(sessionName),
      title: `Your sign-in to ${sessionName} ends in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`,
      // No button: `--fresh` signs out of the old session, which stops everything that runs on it.
      body: `Programs that run longer lose their credentials. At a convenient moment, run: ${loginCommand(sessionName, '--fresh')}`,
    });
  }

  const checkAll = createPerSession({
    clock,
    work: checkOne,
    onFailure: ({ sessionName }, error) => deps.log('warn', `end of ${sessionName}: ${(error as Error).message}`),
  });

  return {
    async check() {
      if (!notifier.isAble) return;
      await checkAll(await deps.sessions());
    },
  };
}

function keyOf(sessionName: string): string {
  return `session end ${sessionName}`;
}
