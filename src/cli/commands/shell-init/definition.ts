// `rolecall shell-init`: its argument, options and help.
import type { CommandDefinition } from '../../definition.ts';
import { HOOK_SHELLS, type HookShell } from '../../shell/hook-text.ts';
import { hookInstallLines, readHookLine } from '../../shell/install-lines.ts';

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n');

const options = {
  '--install': 'set up hook and completions in the start file of your shell, after showing the change',
  '--uninstall': 'remove what --install has written, for one shell or for all of them',
  '--dry-run': 'show the change and write nothing',
  '-y, --yes': 'do not ask',
} as const;

export const definition: CommandDefinition<typeof options, [shell: HookShell | undefined]> = {
  section: 'setup',
  description: 'set up or print the hook with which `use` switches shells',
  arguments: [
    { name: '[shell]', description: 'with --install: by default the shell that $SHELL names', choices: HOOK_SHELLS },
  ],
  options,
  help: `
  rolecall shell-init --install      for bash, zsh or fish, by $SHELL
  rolecall shell-init --uninstall    remove it again

--install keeps hook and completions in a file, so shells start at almost no
cost. To do the same for the hook by hand:

${HOOK_SHELLS.map((shell) => `${shell}:\n${indent(hookInstallLines(shell))}`).join('\n')}

For this shell only, or if starting one more program does not matter to you:

${indent(HOOK_SHELLS.map(readHookLine))}`,
  run: async (shell, values, context) => (await import('./run.ts')).runShellInit(shell, values, context),
} as const;
