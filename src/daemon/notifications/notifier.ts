// The port through which the daemon speaks to a person: few notifications, one a matter, and never a secret in one.
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../process/log.ts';
import type { NotificationBackend, ShownNotification } from './backend.ts';
import { toHarmlessLine } from '../../core/text/harmless-text.ts';

export interface Notification {
  /** The matter: while it is unresolved, notifications of the same key are one. */
  readonly key: string;
  readonly title: string;
  /** Says what to type as well, for a button is not to be had everywhere. */
  readonly body: string;
  readonly action?: { readonly label: string; readonly onClick: () => void };
  /** The answer to a person's own click is shown whatever was shown before. */
  readonly isAnswer?: boolean;
  /** Stays on the screen until the matter is over. */
  readonly stays?: boolean;
}

export interface Notifier {
  /** False when nobody can be told anything here. */
  readonly isAble: boolean;
  /** True once it is on the screen; false when it was held back or can't be shown. Never rejects. */
  notify(notification: Notification): Promise<boolean>;
  /** The matter is over: what is shown of it goes, and a new one may be told of at once. */
  resolve(key: string): void;
  /** Takes everything off the screen, and shows nothing any more. */
  close(): void;
}

interface Matter {
  readonly toldAtMs: number;
  readonly timesTold: number;
  shown?: ShownNotification | undefined;
}

const FIRST_PAUSE_MS = 10 * 60_000;
/** Each pause is twice the one before: a cron job that fails all night is no reason for a screen full of notes. */
const MAX_PAUSE_MS = 4 * 3_600_000;
const MINUTE_MS = 60_000;
const MAX_PER_MINUTE = 5;
const MAX_TITLE_LENGTH = 100;
const MAX_BODY_LENGTH = 400;

/** A notifier that is silent when `backend` is undefined. */
export function createNotifier(deps: {
  readonly backend: NotificationBackend | undefined;
  readonly clock: Clock;
  readonly log: Log;
}): Notifier {
  const { backend, clock } = deps;
  const matters = new Map<string, Matter>();
  let recentMs: readonly number[] = [];
  let isClosed = false;

  /** A clock that was set back counts as time gone by: rather one note too many than none for hours. */
  const hasPassed = (sinceMs: number, durationMs: number) => Math.abs(clock.nowMs() - sinceMs) >= durationMs;

  function isHeldBack({ key, isAnswer }: Notification): boolean {
    if (isAnswer === true) return false;
    const matter = matters.get(key);
    if (matter !== undefined && !hasPassed(matter.toldAtMs, pauseAfter(matter.timesTold))) return true;
    recentMs = recentMs.filter((toldAtMs) => !hasPassed(toldAtMs, MINUTE_MS));
    return recentMs.length >= MAX_PER_MINUTE;
  }

  return {
    isAble: backend !== undefined,
    async notify(notification) {
      if (backend === undefined || isClosed || isHeldBack(notification)) return false;
      const { key, action, stays } = notification;
      const earlier = matters.get(key);
      // Counted before it is shown, so that a burst is held back while the first one is on its way.
      const matter: Matter = { toldAtMs: clock.nowMs(), timesTold: (earlier?.timesTold ?? 0) + 1 };
      matters.set(key, matter);
      recentMs = [...recentMs, matter.toldAtMs];
      earlier?.shown?.withdraw();
      const shown = await backend.show({
        title: toHarmlessLine(notification.title, MAX_TITLE_LENGTH),
        body: toHarmlessLine(notification.body, MAX_BODY_LENGTH),
        ...(action === undefined ? {} : { action }),
        ...(stays === undefined ? {} : { stays }),
      });
      if (shown === undefined) deps.log('warn', `${backend.name} could not show a notification`);
      matter.shown = shown;
      // Resolved or replaced while it was on its way.
      if (matters.get(key) !== matter) shown?.withdraw();
      return shown !== undefined;
    },
    resolve(key) {
      matters.get(key)?.shown?.withdraw();
      matters.delete(key);
    },
    close() {
      isClosed = true;
      for (const { shown } of matters.values()) shown?.withdraw();
      matters.clear();
    },
  };
}

function pauseAfter(timesTold: number): number {
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (timesTold - 1));
}
