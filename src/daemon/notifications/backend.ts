// What a desktop can do with one notification, whichever desktop it is.
import type { spawn } from 'node:child_process';
import type { Clock } from '../../core/clock.ts';

/** Text that has been made harmless; a backend escapes it for its own markup and nothing more. */
export interface PlainNotification {
  readonly title: string;
  readonly body: string;
  readonly action?: { readonly label: string; readonly onClick: () => void };
  /** Until it is withdrawn, where a desktop can do that: it is needed for longer than a glance. */
  readonly stays?: boolean;
}

export interface ShownNotification {
  /** Takes it off the screen where that can be done; safe to call at any time. */
  withdraw(): void;
}

export interface NotificationBackend {
  readonly name: 'the notification server' | 'osascript' | 'powershell.exe';
  /** Undefined when it could not be shown; never rejects. */
  show(notification: PlainNotification): Promise<ShownNotification | undefined>;
}

export interface BackendDeps {
  readonly spawn: typeof spawn;
  /** Where the program is, from `findProgram`. */
  readonly programPath: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** A desktop that has not shown it by then is taken for one that does not answer. */
export const SHOW_DEADLINE_MS = 5000;

/** Children of ours get no setting of ours, above all no passphrase. */
export function childEnvironment(environment: BackendDeps['environment']): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('ROLECALL_')));
}
