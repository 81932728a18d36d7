// Offers to renew a session that ends during the working day, once a day and at a quiet moment. Never opens a page unasked.
import type { Clock } from '../../core/clock.ts';
import type { SsoSession } from '../../core/model.ts';
import { loginCommand } from '../../sso/faults.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { Log } from '../process/log.ts';
import { renewOf, type Settings } from '../settings/settings.ts';
import type { DesktopSignIn } from './desktop-sign-in.ts';
import { createQuietMoments } from './quiet-moment.ts';
import type { RenewalOffers } from './renewal-offers.ts';
import type { SessionEnd } from './session-warnings.ts';
import type { WorkingDay } from './working-day.ts';

/** `due`: will be offered at the next quiet moment; `offered`: was offered today. */
export type RenewalState = 'due' | 'offered';

export interface Renewals {
  /** Timed work. */
  check(): Promise<void>;
  /** Undefined while nothing is to be renewed. */
  describe(session: SsoSession): Promise<RenewalState | undefined>;
  /** True if the caller may ask the person now; it then counts as today's offer. */
  take(session: SsoSession): Promise<boolean>;
  /** Call after a sign-in or a sign-out: withdraws the notification. */
  settle(sessionName: string): void;
}

interface Due extends SessionEnd {
  readonly day: string;
}

/** A renewal makes the session end this much later at least; for less nobody wants to be asked. */
const MIN_GAIN_MS = 4 * 3_600_000;

export function createRenewals(deps: {
  readonly settings: Pick<Settings, 'file' | 'renew'>;
  readonly sessions: () => Promise<readonly SsoSession[]>;
  /** Undefined when nobody is signed in, or the end is unknown. */
  readonly findEnd: (session: SsoSession) => Promise<SessionEnd | undefined>;
  /** Whether a sign-in waits for its approval. */
  readonly isPending: (session: SsoSession) => boolean;
  readonly offers: RenewalOffers;
  readonly notifier: Notifier;
  readonly isAttended: () => Promise<boolean>;
  readonly desktopSignIn: Pick<DesktopSignIn, 'start'>;
  /** Call when a person clicks on the notification. */
  readonly personActs: () => void;
  readonly workingDay: WorkingDay;
  readonly announce: () => void;
  readonly clock: Clock;
  readonly log: Log;
}): Renewals {
  const { clock, notifier, offers, workingDay } = deps;
  const quietMoments = createQuietMoments(deps);
  const isAsked = ({ sessionName }: SsoSession) => renewOf(deps.settings, sessionName) === 'ask';

  async function findDue(session: SsoSession): Promise<Due | undefined> {
    if (!isAsked(session) || deps.isPending(session)) return undefined;
    const end = await deps.findEnd(session);
    const nowMs = clock.nowMs();
    if (end === undefined || end.endsAtMs <= nowMs || nowMs - end.signedInAtMs < MIN_GAIN_MS) return undefined;
    return workingDay.hasBoth(nowMs, end.endsAtMs) ? { ...end, day: workingDay.dateOf(nowMs) } : undefined;
  }

  /** A session that can't be read has a problem in the status. */
  async function findOffer(session: SsoSession): Promise<readonly [SsoSession, Due] | undefined> {
    const due = await findDue(session).catch(() => undefined);
    if (due === undefined) notifier.resolve(keyOf(session.sessionName));
    return due === undefined || (await offers.has(session.sessionName, due.day)) ? undefined : [session, due];
  }

  async function offer(session: SsoSession, { day, endsAtMs, signedInAtMs }: Due): Promise<void> {
    const { sessionName } = session;
    if (!(await offers.add(sessionName, day))) return;
    const isShown = await notifier.notify({
      key: keyOf(sessionName),
      title: `Your sign-in to ${sessionName} ends today at ${workingDay.timeOf(endsAtMs)}`,
      body: `To work on without a break, renew it now. Programs keep their credentials meanwhile. Or run: ${loginCommand(sessionName, '--force')}`,
      action: {
        label: 'Renew',
        onClick() {
          deps.personActs();
          void accept(session, signedInAtMs);
        },
      },
    });
    if (!isShown) return offers.remove(sessionName);
    deps.log('info', `offered to renew the session of ${sessionName}`);
    deps.announce();
  }

  /** Does nothing if there was another sign-in since the offer. */
  async function accept(session: SsoSession, signedInAtMs: number): Promise<void> {
    const end = await deps.findEnd(session).catch(() => undefined);
    if (end !== undefined && end.signedInAtMs !== signedInAtMs) return;
    await deps.desktopSignIn.start(session, { force: true });
  }

  return {
    async check() {
      quietMoments.tick();
      const asked = (await deps.sessions()).filter(isAsked);
      if (!notifier.isAble || asked.length === 0) return;
      const due = (await Promise.all(asked.map(findOffer))).filter((found) => found !== undefined);
      if (due.length === 0) return quietMoments.reset();
      if (await quietMoments.isNow()) for (const [session, of] of due) await offer(session, of);
    },
    async describe(session) {
      const due = await findDue(session);
      if (due === undefined) return undefined;
      return (await offers.has(session.sessionName, due.day)) ? 'offered' : 'due';
    },
    async take(session) {
      const due = await findDue(session);
      return due !== undefined && offers.add(session.sessionName, due.day);
    },
    settle: (sessionName) => notifier.resolve(keyOf(sessionName)),
  };
}

function keyOf(sessionName: string): string {
  return `renewal ${sessionName}`;
}
