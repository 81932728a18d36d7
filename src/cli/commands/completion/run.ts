// `rolecall completion`: prints completions of every command for one shell.
import type { CommandContext } from '../../definition.ts';
import { describeCommands } from '../../shell/command-words.ts';
import { formatCompletion } from '../../shell/completion-text.ts';
import type { HookShell } from '../../shell/hook-text.ts';
import { completionInstallLines } from '../../shell/install-lines.ts';
import { explain } from '../shell-init/run.ts';

export async function runCompletion(
  shell: HookShell,
  context: Pick<CommandContext, 'stdout' | 'stderr' | 'paths' | 'loadProgram'>,
): Promise<number> {
  const commands = describeCommands(await context.loadProgram());
  context.stdout.write(formatCompletion(shell, commands, context.paths.switchDirectory));
  explain(completionInstallLines(shell), context);
  return 0;
}
