// `rolecall shell-init`: prints the shell hook.
import type { CliContext } from '../../context.ts';
import { formatShellHook, type HookShell } from '../../shell/hook-text.ts';
import { hookInstallLines } from '../../shell/install-lines.ts';

export function runShellInit(shell: HookShell, context: Pick<CliContext, 'stdout' | 'stderr' | 'paths'>): number {
  context.stdout.write(formatShellHook(shell, context.paths.switchDirectory));
  explain(hookInstallLines(shell), context);
  return 0;
}

/** Prints `lines` on stderr, but only to a terminal: a file or a shell reads just the hook. */
export function explain(lines: readonly string[], context: Pick<CliContext, 'stdout' | 'stderr'>): void {
  if (context.stdout.isTTY !== true) return;
  context.stderr.write(`\nTo have this in every new shell:\n${lines.map((line) => `  ${line}\n`).join('')}`);
}
