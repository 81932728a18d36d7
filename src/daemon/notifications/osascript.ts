// Shows notifications on macOS with osascript. The script goes to stdin, because every user can read a program's arguments.
import { childEnvironment, SHOW_DEADLINE_MS, type BackendDeps, type NotificationBackend } from './backend.ts';
import { runOnce } from './run-once.ts';

/** Supports no button: osascript notifications have none, and a click on one opens the Script Editor. */
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

/** An AppleScript string, where only `\` and `"` need escaping; the text is a single line. */
function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, (character) => `\\${character}`)}"`;
}
