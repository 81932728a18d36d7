// `rolecall shell-init`: the shell hook as text, to be kept in a file or read at once.
import type { CliContext } from '../../context.ts';
import { formatShellHook, type HookShell } from '../../shell/hook-text.ts';
import { hookInstallLines } from '../../shell/install-lines.ts';

export function runShellInit(shell: HookShell, context: CliContext): number {
  context.stdout.write(formatShellHook(shell, context.paths.switchDirectory));
  explain(hookInstallLines(shell), context);
  return 0;
}

/** Said to a person who looks at the text, never to a file or a shell. */
export function explain(lines: readonly string[], context: CliContext): void {
  if (context.stdout.isTTY !== true) return;
  context.stderr.write(`\nTo have this in every new shell:\n${lines.map((line) => `  ${line}\n`).join('')}`);
}
