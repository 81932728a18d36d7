// Shows the user code of a pending sign-in as a desktop notification.
import { escapeMarkup, toHarmlessLine } from '../../core/text/harmless-text.ts';
import type { SignInDocument } from '../../local-api/schemas.ts';
import type { BusConnection } from '../../platform/bus/bus-connection.ts';
import { closeNotification, showNotification } from '../../platform/bus/desktop-notifications.ts';

export interface CodeNotification {
  /** Shows the code of a sign-in started from the tray; without a notification server only the menu shows it. */
  show(session: string, signIn: SignInDocument): Promise<void>;
  /** Removes the notification of `session`. */
  withdraw(session: string): Promise<void>;
}

export function createCodeNotification(call: BusConnection['call']): CodeNotification {
  const shown = new Map<string, number>();
  return {
    async show(session, { userCode, openUri }) {
      if (userCode === undefined) return;
      const title = `Code ${toHarmlessLine(userCode, 40)} signs in to ${toHarmlessLine(session, 60)}`;
      const page =
        openUri === undefined
          ? 'Its page was not opened: its host is neither AWS’s for your region nor your start URL’s. '
          : '';
      const body = `${page}Enter the code on the page. Approve only if you just started this and the page shows the same code.`;
      try {
        const id = await showNotification(call, {
          title,
          body: escapeMarkup(body),
          replaces: shown.get(session),
          stays: true,
        });
        shown.set(session, id);
      } catch {
        // The menu shows the code too.
      }
    },
    async withdraw(session) {
      const id = shown.get(session);
      shown.delete(session);
      if (id === undefined) return;
      await closeNotification(call, id);
    },
  };
}
