// The user code of a sign-in on the screen while it is pending, by the desktop's notification server.
import { escapeMarkup, toHarmlessLine } from '../../core/text/harmless-text.ts';
import type { SignInDocument } from '../../local-api/schemas.ts';
import type { BusConnection } from '../../platform/bus/bus-connection.ts';
import { closeNotification, showNotification } from '../../platform/bus/desktop-notifications.ts';

export interface CodeNotification {
  /** Shows the code of a sign-in that was started here; a desktop without notifications shows it in the menu alone. */
  show(session: string, signIn: SignInDocument): Promise<void>;
  /** Takes the code of `session` from the screen. */
  withdraw(session: string): Promise<void>;
}

export function createCodeNotification(call: BusConnection['call']): CodeNotification {
  const shown = new Map<string, number>();
  return {
    async show(session, { userCode, openUri }) {
      if (userCode === undefined) return;
      const title = `Code ${toHarmlessLine(userCode, 40)} signs in to ${toHarmlessLine(session, 60)}`;
      const page = openUri === undefined ? 'Its page is not AWS’s nor your start URL’s, so it was not opened. ' : '';
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
        // The menu has the code.
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
