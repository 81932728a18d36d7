// `rolecall shell-init --install` and `--uninstall`: shows the change, asks, and makes it.
import type { CliContext, Dialog, Output, Places } from '../../context.ts';
import type { CommandContext } from '../../definition.ts';
import { describeCommands } from '../../shell/command-words.ts';
import { formatCompletion } from '../../shell/completion-text.ts';
import { formatShellHook, type HookShell } from '../../shell/hook-text.ts';
import {
  applyShellPlan,
  planShellInstall,
  planShellRemoval,
  type HandWrittenLine,
  type ShellPlan,
} from '../../shell/install.ts';
import { findZshNotes, fishFilesOf, initFileOf, startFileOf } from '../../shell/start-file.ts';
import { editCommand, quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { formatDiff } from '../../terminal/diff-lines.ts';
import { createInterview } from '../../terminal/interview.ts';
import { createPainter, harmless, printText, reportNote, shortenPath } from '../../terminal/render.ts';

export interface InstallOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export type InstallContext = Dialog &
  Output &
  Places &
  Pick<CliContext, 'platform' | 'userId'> &
  Pick<CommandContext, 'loadProgram'>;

export async function runInstall(shell: HookShell, options: InstallOptions, context: InstallContext): Promise<number> {
  const plan = await planInstall(shell, context);
  const shown = (path: string) => harmless(shortenPath(path, context.homeDirectory));
  for (const { path, line } of plan.handWritten) {
    context.stderr.write(`Line ${line} of ${shown(path)} loads the hook already, so that file stays as it is.\n`);
  }
  const [problem] = plan.problems;
  if (plan.changes.length === 0) {
    if (problem !== undefined) throw problem;
    if (plan.handWritten.length === 0) context.stderr.write(`The shell hook for ${shell} is set up already.\n`);
    return 0;
  }
  await showPlan(plan, context);
  if (options.dryRun === true) {
    if (problem !== undefined) throw problem;
    return 0;
  }
  if (!(await confirm('Write it?', options, context))) {
    context.stderr.write('Nothing was written. Without the hook, `rolecall use` cannot switch this shell.\n');
    return 0;
  }
  await install(shell, plan, context);
  if (problem !== undefined) throw problem;
  return 0;
}

export async function planInstall(shell: HookShell, context: InstallContext): Promise<ShellPlan> {
  const { switchDirectory } = context.paths;
  const hook = formatShellHook(shell, switchDirectory);
  const completion = formatCompletion(shell, describeCommands(await context.loadProgram()), switchDirectory);
  return planShellInstall(shell, { hook, completion }, context);
}

/** Makes the planned changes, and says how the hook comes into the current shell. */
export async function install(shell: HookShell, plan: ShellPlan, context: InstallContext): Promise<void> {
  await applyShellPlan(plan);
  for (const { path } of plan.changes) {
    context.stderr.write(`Wrote ${harmless(shortenPath(path, context.homeDirectory))}\n`);
  }
  if (plan.problems.length > 0) return;
  if (shell === 'zsh') {
    for (const note of findZshNotes(startFileOf('zsh', context), context)) reportNote(note, context);
  }
  // fish looks for a function that it has missed only after a while.
  const file = quoteForShell(shell === 'fish' ? fishFilesOf(context).hook : initFileOf(shell, context));
  context.stderr.write(`New shells have it. For this one: source ${shortenPath(file, context.homeDirectory)}\n`);
}

export async function runUninstall(
  shell: HookShell | undefined,
  options: InstallOptions,
  context: InstallContext,
): Promise<number> {
  const plan = await planShellRemoval(context, shell === undefined ? undefined : [shell]);
  if (plan.changes.length > 0) {
    await showPlan(plan, context);
    if (options.dryRun !== true) {
      if (!(await confirm('Remove it?', options, context))) {
        context.stderr.write('Nothing was removed.\n');
        return 0;
      }
      await applyShellPlan(plan);
      for (const { path, after } of plan.changes) {
        const verb = after === undefined ? 'Deleted' : 'Cleaned';
        context.stderr.write(`${verb} ${harmless(shortenPath(path, context.homeDirectory))}\n`);
      }
    }
  } else if (plan.problems.length === 0 && plan.handWritten.length === 0) {
    context.stderr.write('Nothing to remove: no start file has the lines of rolecall.\n');
  }
  reportHandWritten(plan.handWritten, context);
  const [first, ...others] = plan.problems;
  for (const problem of others) reportNote(`${problem.message} Run: ${problem.hint}`, context);
  if (first !== undefined) throw first;
  return 0;
}

/** Lines that the user has to remove: a removal takes only what is between the markers. */
function reportHandWritten(lines: readonly HandWrittenLine[], context: Output & Places): void {
  for (const { path, line } of lines) {
    const name = harmless(shortenPath(path, context.homeDirectory));
    reportNote(
      `line ${line} of ${name} was written by hand and stays. To remove it: ${editCommand(path, line)}`,
      context,
    );
  }
}

/** The diff of the start file, and the names of the files that are rolecall's alone. */
export async function showPlan({ changes }: ShellPlan, context: Output & Places): Promise<void> {
  const paint = createPainter(context.stdout, context.environment);
  for (const { kind, path, after, diff } of changes) {
    const verb = after === undefined ? 'Deletes' : 'Writes';
    const name = harmless(shortenPath(path, context.homeDirectory));
    const what = after === undefined ? '' : ', with hook and completions';
    if (kind === 'start-file') context.stdout.write(`\n${formatDiff(diff, paint)}`);
    else await printText(`${verb} ${name}${what}\n`, context);
  }
}

function confirm(question: string, options: InstallOptions, context: InstallContext): Promise<boolean> {
  const interview = createInterview(context, { isQuiet: options.yes === true, command: 'rolecall shell-init' });
  return interview.confirm(question, true);
}
