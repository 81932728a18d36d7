// `rolecall completion`: completions of every command as text for one shell, made from the tree of commands.
import type { Command } from 'commander';
import type { CliContext } from '../../context.ts';
import { describeCommands } from '../../shell/command-words.ts';
import { formatCompletion } from '../../shell/completion-text.ts';
import type { HookShell } from '../../shell/hook-text.ts';
import { completionInstallLines } from '../../shell/install-lines.ts';
import { explain } from '../shell-init/run.ts';

export function runCompletion(shell: HookShell, program: Command, context: CliContext): number {
  context.stdout.write(formatCompletion(shell, describeCommands(program), context.paths.switchDirectory));
  explain(completionInstallLines(shell), context);
  return 0;
}
