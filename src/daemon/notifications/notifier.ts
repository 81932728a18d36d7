// Sends notifications to the user: one per topic, rate-limited, with sanitized text and no secrets.
import { hasElapsed, type Clock } from '../../core/clock.ts';
import type { Log } from '../process/log.ts';
import type { NotificationBackend, ShownNotification } from './backend.ts';
import { toHarmlessLine } from '../../core/text/harmless-text.ts';

export interface Notification {
  /** The topic: until it is resolved, notifications with the same key replace each other. */
  readonly key: string;
  readonly title: string;
  /** Should include the command to type, because not every desktop shows buttons. */
  readonly body: string;
  readonly action?: { readonly label: string; readonly onClick: () => void };
  /** A response to the user's own click; never throttled. */
  readonly isAnswer?: boolean;
  /** Stays on the screen until the topic is resolved. */
  readonly stays?: boolean;
}

export interface Notifier {
  /** False when this machine can't show notifications. */
  readonly isAble: boolean;
  /** True when shown; false when it was throttled or could not be shown. Never rejects. */
  notify(notification: Notification): Promise<boolean>;
  /** Withdraws the topic's notification and resets its throttling. */
  resolve(key: string): void;
  /** Withdraws all notifications and shows no more. */
  close(): void;
}

interface Topic {
  readonly shownAtMs: number;
  readonly timesShown: number;
  shown?: ShownNotification | undefined;
}

const FIRST_PAUSE_MS = 10 * 60_000;
/** Pauses double up to this, so that a cron job that fails all night does not fill the screen. */
const MAX_PAUSE_MS = 4 * 3_600_000;
const MINUTE_MS = 60_000;
const MAX_PER_MINUTE = 5;
const MAX_TITLE_LENGTH = 100;
const MAX_BODY_LENGTH = 400;

/** Without a `backend` the notifier does nothing. */
export function createNotifier(deps: {
  readonly backend: NotificationBackend | undefined;
  readonly clock: Clock;
  readonly log: Log;
}): Notifier {
  const { backend, clock } = deps;
  const topics = new Map<string, Topic>();
  let recentMs: readonly number[] = [];
  let isClosed = false;

  function isThrottled({ key, isAnswer }: Notification): boolean {
    if (isAnswer === true) return false;
    const topic = topics.get(key);
    if (topic !== undefined && !hasElapsed(clock, topic.shownAtMs, pauseAfter(topic.timesShown))) return true;
    recentMs = recentMs.filter((shownAtMs) => !hasElapsed(clock, shownAtMs, MINUTE_MS));
    return recentMs.length >= MAX_PER_MINUTE;
  }

  return {
    isAble: backend !== undefined,
    async notify(notification) {
      if (backend === undefined || isClosed || isThrottled(notification)) return false;
      const { key, action, stays } = notification;
      const earlier = topics.get(key);
      // Counted before it is shown, so that a burst is throttled while the first one is in flight.
      const topic: Topic = { shownAtMs: clock.nowMs(), timesShown: (earlier?.timesShown ?? 0) + 1 };
      topics.set(key, topic);
      recentMs = [...recentMs, topic.shownAtMs];
      earlier?.shown?.withdraw();
      const shown = await backend.show({
        title: toHarmlessLine(notification.title, MAX_TITLE_LENGTH),
        body: toHarmlessLine(notification.body, MAX_BODY_LENGTH),
        ...(action === undefined ? {} : { action }),
        ...(stays === undefined ? {} : { stays }),
      });
      if (shown === undefined) deps.log('warn', `could not show a notification with ${backend.name}`);
      topic.shown = shown;
      // Resolved or replaced while it was in flight.
      if (topics.get(key) !== topic) shown?.withdraw();
      return shown !== undefined;
    },
    resolve(key) {
      topics.get(key)?.shown?.withdraw();
      topics.delete(key);
    },
    close() {
      isClosed = true;
      for (const { shown } of topics.values()) shown?.withdraw();
      topics.clear();
    },
  };
}

function pauseAfter(timesShown: number): number {
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (timesShown - 1));
}
