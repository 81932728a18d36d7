// The notifications of a sign-in from the desktop, and the page that opens with them. A session has one at a time.
import type { SsoSession } from '../../core/model.ts';
import type { Notifier } from '../notifications/notifier.ts';

export interface DesktopPrompts {
  /** Shows the code, then opens the page; the person needs the code to compare. False if no notification can be shown. */
  showCode(session: SsoSession, prompt: CodePrompt, page: string | undefined): Promise<boolean>;
  /**
   * Says what the page is for, then opens it. False if no notification can be shown; `failure`, as a sentence, if the page
   * may not or can't be opened. `onCodeWanted`: the person asked for a code instead.
   */
  showPage(
    session: SsoSession,
    page: string | undefined,
    onCodeWanted: () => void,
  ): Promise<boolean | { readonly failure: string }>;
  /** False if no notification can be shown. */
  referToTerminal(session: SsoSession, body: string): Promise<boolean>;
  /** Removes the notification from the screen. */
  end(sessionName: string): void;
}

export interface CodePrompt {
  readonly userCode: string;
  readonly verificationUri: string;
}

const CAUTION = 'Enter the code on the page. Approve only if you just started this and the page shows the same code.';

export function createDesktopPrompts(deps: {
  readonly notifier: Notifier;
  /** False if no browser could be started. */
  readonly openPage: (page: string, session: SsoSession) => Promise<boolean>;
}): DesktopPrompts {
  const { notifier, openPage } = deps;
  return {
    async showCode(session, { userCode, verificationUri }, page) {
      const { sessionName } = session;
      const notify = (body: string) =>
        notifier.notify({
          key: keyOf(sessionName),
          title: `Code ${userCode} signs in to ${sessionName}`,
          body,
          isAnswer: true,
          stays: true,
        });
      if (page === undefined) {
        return notify(
          `Not opened: ${verificationUri}. Its host is neither AWS's for your region nor your start URL's. ${CAUTION}`,
        );
      }
      if (!(await notify(CAUTION))) return false;
      if (!(await openPage(page, session))) await notify(`Open ${verificationUri} in a browser. ${CAUTION}`);
      return true;
    },
    async showPage(session, page, onCodeWanted) {
      const { sessionName } = session;
      if (page === undefined) return { failure: 'The sign-in page is not on a host of AWS.' };
      // Before the page opens, which happens without a click too (`on_expired`).
      const isShown = await notifier.notify({
        key: keyOf(sessionName),
        title: `Signing in to ${sessionName} in your browser`,
        body: 'Allow it on the page that opens. Approve only if you just started this.',
        action: { label: 'Use a code instead', onClick: onCodeWanted },
        isAnswer: true,
        stays: true,
      });
      if (!isShown) return false;
      return (await openPage(page, session)) || { failure: 'No browser could be started.' };
    },
    referToTerminal: ({ sessionName }, body) =>
      notifier.notify({
        key: keyOf(sessionName),
        title: `Sign in to ${sessionName} in a terminal`,
        body,
        isAnswer: true,
      }),
    end: (sessionName) => notifier.resolve(keyOf(sessionName)),
  };
}

function keyOf(sessionName: string): string {
  return `code ${sessionName}`;
}
