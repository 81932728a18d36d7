// `rolecall completion`: its argument and help.
import type { CommandDefinition, NoOptions } from '../../definition.ts';
import { HOOK_SHELLS, type HookShell } from '../../shell/hook-text.ts';
import { completionInstallLines } from '../../shell/install-lines.ts';

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n');

export const definition: CommandDefinition<NoOptions, [shell: HookShell]> = {
  section: 'setup',
  description: 'print completions for your shell',
  arguments: [{ name: '<shell>', choices: HOOK_SHELLS }],
  help: `
${HOOK_SHELLS.map((shell) => `${shell}:\n${indent(completionInstallLines(shell))}`).join('\n')}

In zsh, put the line after compinit.`,
  run: async (shell, _values, context) => (await import('./run.ts')).runCompletion(shell, context),
} as const;
