// Asks on the screen of macOS with osascript. The script goes to stdin, because every user can read a program's arguments.
import { runDialog } from './dialog-process.ts';
import type { DialogDeps, DialogProgram } from './dialog.ts';

/** Written from Apple's AppleScript Language Guide; not run on a Mac yet. */
export function osascriptDialog(deps: DialogDeps): DialogProgram {
  return {
    name: deps.name,
    async ask({ heading, lines, timeoutMs }, signal) {
      const text = [heading, '', ...lines].map(quote).join(' & linefeed & ');
      const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
      // "Deny" is the cancel button as well: Escape presses it, and raises error -128.
      const input = `try
  set answer to display dialog ${text} with title "rolecall" buttons {"Deny", "Allow"} default button "Deny" cancel button "Deny" with icon caution giving up after ${seconds}
  if gave up of answer then return "timed-out"
  return button returned of answer
on error number -128
  return "Deny"
end try
`;
      const { exitCode, stdout, wasClosed } = await runDialog(deps, ['-'], { input, signal });
      if (wasClosed) return 'closed';
      if (exitCode !== 0) return 'unavailable';
      switch (stdout.trim()) {
        case 'Allow':
          return 'allowed';
        case 'Deny':
          return 'denied';
        case 'timed-out':
          return 'timed-out';
        default:
          return 'unavailable';
      }
    },
  };
}

/** An AppleScript string, where only `\` and `"` need escaping; each text is a single line. */
function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, (character) => `\\${character}`)}"`;
}
