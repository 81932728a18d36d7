// The commands of switching: this shell, the current role, and what a shell has to read for it.
import { Argument, Option, type Command } from 'commander';
import type { UseOptions } from '../commands/use/run.ts';
import type { WhoamiOptions } from '../commands/whoami/run.ts';
import type { CliContext } from '../context.ts';
import { HOOK_SHELLS, type HookShell } from '../shell/hook-text.ts';
import { completionInstallLines, hookInstallLines, readHookLine } from '../shell/install-lines.ts';

export function addSwitchingCommands(program: Command, context: CliContext, done: (exitCode: number) => void): void {
  program
    .command('use')
    .description('make this shell another role; without a name you choose from a list')
    .argument(
      '[query...]',
      'a profile, or words of account, permission set, profile or label, or of the account id; - for the last one',
    )
    .option('--current', 'make it the current role of the whole machine instead, which [profile current] follows')
    .option('--off', 'no role: unset AWS_PROFILE, or with --current the current role')
    .option('--json', 'print the role as JSON; nobody is asked')
    .addOption(new Option('--print-name', "print the profile's name alone").hideHelp())
    .addOption(new Option('--no-picker', 'ask nobody').hideHelp())
    .addOption(new Option('--back', 'the name is the earlier one of this shell').hideHelp())
    .addHelpText('after', USE_HELP)
    .action(async (query: string[], options: UseOptions) => {
      const { runUse } = await import('../commands/use/run.ts');
      done(await runUse(query, options, context));
    });

  program
    .command('whoami')
    .description('which account and role this shell is, and why')
    .option('--json', 'print it as JSON')
    .action(async (options: WhoamiOptions) => {
      const { runWhoami } = await import('../commands/whoami/run.ts');
      done(await runWhoami(options, context));
    });

  program
    .command('shell-init')
    .description('the shell hook, with which `use` changes your shell')
    .addArgument(new Argument('<shell>').choices(HOOK_SHELLS))
    .addHelpText('after', SHELL_INIT_HELP)
    .action(async (shell: HookShell) => {
      const { runShellInit } = await import('../commands/shell-init/run.ts');
      done(runShellInit(shell, context));
    });

  program
    .command('completion')
    .description('completions of commands, profiles, accounts and sessions')
    .addArgument(new Argument('<shell>').choices(HOOK_SHELLS))
    .addHelpText('after', COMPLETION_HELP)
    .action(async (shell: HookShell) => {
      const { runCompletion } = await import('../commands/completion/run.ts');
      done(runCompletion(shell, program, context));
    });
}

const USE_HELP = `
  rolecall use taylor.Admin      this shell is that profile
  rolecall use prod read         the only role with both words in it, or a list to choose from
  rolecall use -                 back to the one before
  rolecall use --off             AWS_PROFILE is unset
  rolecall use --current prod    for programs that do not see your shell, by [profile current]

Words have to leave one role. A role whose names start with them comes before
one that has them inside of names, and that before one whose account id begins
with them or has them as four digits or more. A protected role, and one that
only its account id led to, is asked about; a script gives the profile's name,
or account id and permission set in full.

A shell has to read the hook for it once: rolecall shell-init --help`;

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n');

const SHELL_INIT_HELP = `
For good, which costs a shell next to nothing when it starts:

${HOOK_SHELLS.map((shell) => `${shell}:\n${indent(hookInstallLines(shell))}`).join('\n')}

For this shell alone, or when the start of a program does not matter to you:

${indent(HOOK_SHELLS.map(readHookLine))}`;

const COMPLETION_HELP = `
${HOOK_SHELLS.map((shell) => `${shell}:\n${indent(completionInstallLines(shell))}`).join('\n')}

In zsh the line has to come after compinit.`;
