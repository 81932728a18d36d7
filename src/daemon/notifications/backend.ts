// The interface that the notification backends of all desktops implement.
import type { spawn } from 'node:child_process';
import type { Clock } from '../../core/clock.ts';

/** Sanitized text; a backend only escapes it for its own markup. */
export interface PlainNotification {
  readonly title: string;
  readonly body: string;
  readonly action?: { readonly label: string; readonly onClick: () => void };
  /** Keep it on the screen until it is withdrawn, if the desktop supports that. */
  readonly stays?: boolean;
}

export interface ShownNotification {
  /** Removes it from the screen if the desktop supports that; safe to call at any time. */
  withdraw(): void;
}

export interface NotificationBackend {
  readonly name: 'the notification server' | 'osascript' | 'powershell.exe';
  /** Resolves to undefined when it could not be shown; never rejects. */
  show(notification: PlainNotification): Promise<ShownNotification | undefined>;
}

export interface BackendDeps {
  readonly spawn: typeof spawn;
  /** Path of the program, from `findProgram`. */
  readonly programPath: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** After this the desktop counts as not answering. */
export const SHOW_DEADLINE_MS = 5000;

/** The environment for child processes, without ROLECALL_ variables: one of them may be a passphrase. */
export function childEnvironment(environment: BackendDeps['environment']): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('ROLECALL_')));
}
