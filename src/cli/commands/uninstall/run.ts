// `rolecall uninstall`: shows what it would remove, asks, and removes it step by step.
import { UsageError } from '../../../core/errors.ts';
import { editCommand } from '../../../core/text/quote-for-shell.ts';
import { createInterview } from '../../terminal/interview.ts';
import { createPainter, formatTable, harmless, reportFailure, reportNote, shortenPath } from '../../terminal/render.ts';
import {
  describePlan,
  planUninstall,
  type UninstallContext,
  type UninstallOptions,
  type UninstallPlan,
} from './plan.ts';
import { listSteps } from './steps.ts';

const REMOVE_PROGRAM = 'npm uninstall -g rolecall';

export async function runUninstall(options: UninstallOptions, context: UninstallContext): Promise<number> {
  const interview = createInterview(context, { isQuiet: options.yes === true, command: 'rolecall uninstall' });
  if (options.dryRun !== true && options.yes !== true && !interview.isOpen) {
    throw new UsageError(
      'usage',
      'Not a terminal: pass --yes to remove without asking, or --dry-run to see the list.',
      {
        hint: 'rolecall uninstall --dry-run',
      },
    );
  }
  const plan = await planUninstall(options, context);
  const rows = describePlan(plan, (path) => shortenPath(path, context.homeDirectory), options);
  if (rows.length === 0) context.stdout.write('Nothing of rolecall is left to remove.\n');
  else showRows(rows, context);
  showForeign(plan, context);
  for (const problem of plan.problems) reportFailure(problem, context);
  if (options.dryRun === true) {
    if (rows.length > 0) context.stderr.write('Nothing was removed.\n');
    return 0;
  }
  if (rows.length > 0 && !(await interview.confirm('\nRemove all this?', false))) {
    context.stderr.write('Nothing was removed.\n');
    return 0;
  }
  const exitCode = rows.length > 0 ? await runSteps(plan, options, context) : 0;
  if (exitCode === 0 && plan.problems.length === 0) {
    context.stdout.write(`${rows.length > 0 ? 'Removed. ' : ''}To remove the program: ${REMOVE_PROGRAM}\n`);
    return 0;
  }
  context.stderr.write(
    `Not everything was done. To try again: rolecall uninstall\nTo remove the program: ${REMOVE_PROGRAM}\n`,
  );
  return exitCode === 0 ? 1 : exitCode;
}

/** Each step runs, whatever became of those before it. Returns the exit code of the first failure. */
async function runSteps(plan: UninstallPlan, options: UninstallOptions, context: UninstallContext): Promise<number> {
  let exitCode = 0;
  for (const step of listSteps(plan, options, context)) {
    for (const failure of await step()) {
      if (context.signal.aborted) throw failure;
      reportFailure(failure.toBody(), context);
      exitCode ||= failure.exitCode;
    }
  }
  return exitCode;
}

function showRows(rows: readonly (readonly [string, string])[], context: UninstallContext): void {
  const paint = createPainter(context.stdout, context.environment);
  context.stdout.write('This removes from your account on this machine:\n\n');
  context.stdout.write(formatTable(rows.map(([label, text]) => [`  ${paint('dim', label)}`, harmless(text)])));
}

/** What stays: files of others in our folders, and lines that the user wrote. */
function showForeign({ foreign, shell }: UninstallPlan, context: UninstallContext): void {
  const shown = (path: string) => harmless(shortenPath(path, context.homeDirectory));
  if (foreign.length > 0) {
    context.stdout.write('\nThis stays:\n\n');
    context.stdout.write(formatTable(foreign.map(({ path, reason }) => [`  ${shown(path)}`, harmless(reason)])));
  }
  for (const { path, line } of shell.handWritten) {
    reportNote(
      `line ${line} of ${shown(path)} loads rolecall and stays. To remove it: ${editCommand(path, line)}`,
      context,
    );
  }
}
