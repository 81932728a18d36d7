// Notifications on macOS through osascript; the text is an argument of the script and never a part of it.
import { childEnvironment, SHOW_DEADLINE_MS, type BackendDeps, type NotificationBackend } from './backend.ts';
import { runOnce } from './run-once.ts';

const SCRIPT = [
  'on run argv',
  'display notification (item 2 of argv) with title "rolecall" subtitle (item 1 of argv)',
  'end run',
] as const;

/** Without a button: a notification of osascript has none, and a click on it opens the Script Editor. */
export function osascript(deps: BackendDeps): NotificationBackend {
  return {
    name: 'osascript',
    async show({ title, body }) {
      const { exitCode } = await runOnce(
        deps,
        deps.programPath,
        [...SCRIPT.flatMap((line) => ['-e', line]), title, body],
        { env: childEnvironment(deps.environment), deadlineMs: SHOW_DEADLINE_MS },
      );
      return exitCode === 0 ? { withdraw: () => undefined } : undefined;
    },
  };
}
