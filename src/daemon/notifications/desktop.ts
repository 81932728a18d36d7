// The desktop: shows notifications, opens pages in the browser, tells whether someone is using it.
import { isWsl } from '../../platform/process/wsl.ts';
import { canAskOnScreen, chooseDialogs } from './choose-dialog.ts';
import { chooseNotificationBackend, hasDisplay, type DesktopSources } from './choose-backend.ts';
import type { NotificationBackend } from './backend.ts';
import type { DialogProgram } from './dialog.ts';

export interface Desktop {
  readonly notifications: NotificationBackend | undefined;
  /**
   * Opens a page in the default browser, or with the command `template` from the settings. True when it was started.
   * The caller must have checked that the URL may be opened.
   */
  openPage(url: string, template?: string): Promise<boolean>;
  /** Whether a program is there that could ask on the screen. */
  canAsk(): boolean;
  /** The programs that could ask, the best first. */
  loadDialogs(): Promise<readonly DialogProgram[]>;
  /** Whether someone is using the desktop, as far as the system can tell. */
  isAttended(): Promise<boolean>;
}

/** A machine without a desktop: shows and opens nothing. */
export const HEADLESS: Readonly<Desktop> = {
  notifications: undefined,
  openPage: async () => false,
  canAsk: () => false,
  loadDialogs: async () => [],
  isAttended: async () => false,
};

export async function createDesktop(
  sources: DesktopSources & {
    readonly userId: number;
    /** Starts the user's browser; rejects when that fails. */
    readonly startBrowser: (url: string, template?: string) => Promise<void>;
  },
): Promise<Desktop> {
  return {
    notifications: await chooseNotificationBackend(sources),
    async openPage(url, template) {
      if (sources.platform !== 'darwin' && !isWsl(sources) && !hasDisplay(sources.environment)) return false;
      try {
        await sources.startBrowser(url, template);
        return true;
      } catch {
        return false;
      }
    },
    canAsk: () => canAskOnScreen(sources),
    loadDialogs: () => chooseDialogs(sources),
    async isAttended() {
      const { isDesktopAttended } = await import('./attendance.ts');
      return isDesktopAttended(sources, sources.userId);
    },
  };
}
