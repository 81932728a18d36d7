// A desktop that records notifications and opened pages.
import type { PlainNotification } from '../../src/daemon/notifications/backend.ts';
import type { Desktop } from '../../src/daemon/notifications/desktop.ts';

export interface RecordedNotification extends PlainNotification {
  isWithdrawn: boolean;
}

export interface RecordingDesktop extends Desktop {
  /** All that was shown, in order. */
  readonly shown: readonly RecordedNotification[];
  readonly openedPages: readonly string[];
  /** A person's click on the newest notification with a button. */
  click(): void;
}

export function createRecordingDesktop(
  options: {
    readonly isAttended?: boolean;
    /** False: the desktop takes no notification. */
    readonly shows?: (notification: PlainNotification) => boolean;
  } = {},
): RecordingDesktop {
  const shown: RecordedNotification[] = [];
  const openedPages: string[] = [];
  return {
    shown,
    openedPages,
    notifications: {
      name: 'the notification server',
      async show(notification) {
        if (options.shows?.(notification) === false) return undefined;
        const recorded = { ...notification, isWithdrawn: false };
        shown.push(recorded);
        return {
          withdraw() {
            recorded.isWithdrawn = true;
          },
        };
      },
    },
    async openPage(url) {
      openedPages.push(url);
      return true;
    },
    canAsk: () => false,
    loadDialogs: async () => [],
    isAttended: async () => options.isAttended === true,
    click() {
      const action = shown.findLast((notification) => notification.action !== undefined)?.action;
      if (action === undefined) throw new Error('there is no button to click');
      action.onClick();
    },
  };
}
