// The desktop as the daemon sees it, as one value: notifications, a page in the browser, and whether anybody is there.
import { isWsl } from '../../platform/process/wsl.ts';
import { chooseNotificationBackend, hasDisplay, type DesktopSources } from './choose-backend.ts';
import type { NotificationBackend } from './backend.ts';

export interface Desktop {
  readonly notifications: NotificationBackend | undefined;
  /**
   * True when the browser, or the one that a command template of the settings names, was started.
   * The caller has looked at whether the page may be opened.
   */
  openPage(url: string, template?: string): Promise<boolean>;
  /** As far as the system can tell. */
  isAttended(): Promise<boolean>;
}

/** Nobody is told, nothing is opened. */
export const HEADLESS: Readonly<Desktop> = {
  notifications: undefined,
  openPage: async () => false,
  isAttended: async () => false,
};

export async function createDesktop(
  sources: DesktopSources & {
    readonly userId: number;
    /** Starts the person's browser; rejects when it can't. */
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
    async isAttended() {
      const { isDesktopAttended } = await import('./attendance.ts');
      return isDesktopAttended(sources, sources.userId);
    },
  };
}
