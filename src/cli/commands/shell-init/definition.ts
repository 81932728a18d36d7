// `rolecall shell-init`: its argument and help.
import type { CommandDefinition, NoOptions } from '../../definition.ts';
import { HOOK_SHELLS, type HookShell } from '../../shell/hook-text.ts';
import { hookInstallLines, readHookLine } from '../../shell/install-lines.ts';

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n');

export const definition: CommandDefinition<NoOptions, [shell: HookShell]> = {
  description: 'print the shell hook, which lets `rolecall use` switch your shell',
  arguments: [{ name: '<shell>', choices: HOOK_SHELLS }],
  help: `
For every new shell, at almost no cost when it starts:

${HOOK_SHELLS.map((shell) => `${shell}:\n${indent(hookInstallLines(shell))}`).join('\n')}

For this shell only, or if starting one more program does not matter to you:

${indent(HOOK_SHELLS.map(readHookLine))}`,
  run: async (shell, _values, context) => (await import('./run.ts')).runShellInit(shell, context),
} as const;
