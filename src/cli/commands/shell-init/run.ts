// `rolecall shell-init`: prints the shell hook, or sets it up and removes it.
import { UsageError } from '../../../core/errors.ts';
import type { Output } from '../../context.ts';
import { formatShellHook, type HookShell } from '../../shell/hook-text.ts';
import { guessHookShell } from '../../shell/install-lines.ts';
import type { InstallContext, InstallOptions } from './install.ts';

export interface ShellInitOptions extends InstallOptions {
  readonly install?: boolean;
  readonly uninstall?: boolean;
}

export async function runShellInit(
  shell: HookShell | undefined,
  { install, uninstall, ...options }: ShellInitOptions,
  context: InstallContext,
): Promise<number> {
  if (install === true && uninstall === true) {
    throw new UsageError('usage', 'shell-init takes --install or --uninstall, not both.', {
      hint: 'rolecall shell-init --help',
    });
  }
  if (uninstall === true) return (await import('./install.ts')).runUninstall(shell, options, context);
  const guessed = shell ?? guessHookShell(context.environment['SHELL']);
  if (install === true && guessed !== undefined) {
    return (await import('./install.ts')).runInstall(guessed, options, context);
  }
  if (shell === undefined) {
    const command = `rolecall shell-init ${install === true ? '--install ' : ''}${guessed ?? 'bash'}`;
    throw new UsageError('usage', 'shell-init needs the name of your shell: bash, zsh or fish.', { hint: command });
  }
  context.stdout.write(formatShellHook(shell, context.paths.switchDirectory));
  explain([`rolecall shell-init --install ${shell}`], context);
  return 0;
}

/** Prints `lines` on stderr, but only to a terminal: a file or a shell reads just the hook. */
export function explain(lines: readonly string[], context: Omit<Output, 'environment'>): void {
  if (context.stdout.isTTY !== true) return;
  context.stderr.write(`\nTo have this in every new shell:\n${lines.map((line) => `  ${line}\n`).join('')}`);
}
