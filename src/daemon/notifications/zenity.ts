// Asks on the screen with zenity. Its text can only be an argument, which other users of the machine can read.
import { runDialog } from './dialog-process.ts';
import type { DialogDeps, DialogProgram } from './dialog.ts';

const TIMED_OUT = 5;

/** Return, the space bar and Escape deny. Without `--default-cancel` Return would allow. */
export function zenity(deps: DialogDeps): DialogProgram {
  return {
    name: deps.name,
    async ask({ heading, lines, timeoutMs }, signal) {
      const args = [
        '--question',
        '--default-cancel',
        '--no-markup',
        '--title=rolecall',
        '--icon=dialog-warning',
        '--ok-label=Allow',
        '--cancel-label=Deny',
        '--width=560',
        `--timeout=${Math.max(1, Math.ceil(timeoutMs / 1000))}`,
        `--text=${[heading, '', ...lines].join('\n')}`,
      ];
      const { exitCode, stderr, wasClosed } = await runDialog(deps, args, { signal });
      if (wasClosed) return 'closed';
      // The status is 1 for a denial and without a display.
      if (/display/i.test(stderr) && exitCode === 1) return 'unavailable';
      switch (exitCode) {
        case 0:
          return 'allowed';
        case 1:
          return 'denied';
        case TIMED_OUT:
          return 'timed-out';
        default:
          return 'unavailable';
      }
    },
  };
}
