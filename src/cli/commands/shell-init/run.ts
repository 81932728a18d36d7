// `rolecall shell-init`: prints the shell hook.
import type { Output, Places } from '../../context.ts';
import { formatShellHook, type HookShell } from '../../shell/hook-text.ts';
import { hookInstallLines } from '../../shell/install-lines.ts';

export function runShellInit(shell: HookShell, context: Output & Pick<Places, 'paths'>): number {
  context.stdout.write(formatShellHook(shell, context.paths.switchDirectory));
  explain(hookInstallLines(shell), context);
  return 0;
}

/** Prints `lines` on stderr, but only to a terminal: a file or a shell reads just the hook. */
export function explain(lines: readonly string[], context: Omit<Output, 'environment'>): void {
  if (context.stdout.isTTY !== true) return;
  context.stderr.write(`\nTo have this in every new shell:\n${lines.map((line) => `  ${line}\n`).join('')}`);
}
