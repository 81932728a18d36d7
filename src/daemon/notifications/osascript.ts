// Notifications on macOS through osascript, by a script on its stdin: every user can read the arguments of a program.
import { childEnvironment, SHOW_DEADLINE_MS, type BackendDeps, type NotificationBackend } from './backend.ts';
import { runOnce } from './run-once.ts';

/** Without a button: a notification of osascript has none, and a click on it opens the Script Editor. */
export function osascript(deps: BackendDeps): NotificationBackend {
  return {
    name: 'osascript',
    async show({ title, body }) {
      const script = `display notification ${quote(body)} with title "rolecall" subtitle ${quote(title)}\n`;
      const { exitCode } = await runOnce(deps, deps.programPath, ['-'], {
        env: childEnvironment(deps.environment),
        deadlineMs: SHOW_DEADLINE_MS,
        input: script,
      });
      return exitCode === 0 ? { withdraw: () => undefined } : undefined;
    },
  };
}

/** A string of AppleScript, in which only these two mean something; the text is on one line already. */
function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, (character) => `\\${character}`)}"`;
}
