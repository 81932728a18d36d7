// `rolecall uninstall`: shows what it would remove, asks, and removes it step by step.
import { errorFromBody, UsageError, type RolecallError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
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
import { toUninstallDocument } from './to-document.ts';

const REMOVE_PROGRAM = 'npm uninstall -g rolecall';

export async function runUninstall(options: UninstallOptions, context: UninstallContext): Promise<number> {
  const interview = createInterview(context, {
    isQuiet: options.yes === true || options.json === true,
    command: 'rolecall uninstall',
  });
  if (options.dryRun !== true && options.yes !== true && !interview.isOpen) {
    throw new UsageError(
      'usage',
      `${options.json === true ? 'With --json nobody is asked' : 'Not a terminal'}: pass --yes to remove without asking, or --dry-run to see the list.`,
      {
        hint: 'rolecall uninstall --dry-run',
      },
    );
  }
  const plan = await planUninstall(options, context);
  if (options.json === true) return runWithJson(plan, options, context);
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
  const report = (failure: RolecallError) => reportFailure(failure.toBody(), context);
  const failures = rows.length > 0 ? await runSteps(plan, options, context, report) : [];
  const exitCode = failures[0]?.exitCode ?? 0;
  if (exitCode === 0 && plan.problems.length === 0) {
    context.stdout.write(`${rows.length > 0 ? 'Removed. ' : ''}To remove the program: ${REMOVE_PROGRAM}\n`);
    return 0;
  }
  context.stderr.write(
    `Not everything was done. To try again: rolecall uninstall\nTo remove the program: ${REMOVE_PROGRAM}\n`,
  );
  return exitCode === 0 ? 1 : exitCode;
}

/** Prints one document. @throws RolecallError: the first failure, after the document */
async function runWithJson(plan: UninstallPlan, options: UninstallOptions, context: UninstallContext): Promise<number> {
  const isFound = describePlan(plan, (path) => path, options).length > 0;
  const isRemoving = options.dryRun !== true && isFound;
  // The steps say on standard output what they leave to the user.
  const failures = isRemoving ? await runSteps(plan, options, { ...context, stdout: context.stderr }) : [];
  const isRemoved = isRemoving && failures.length === 0;
  const bodies = failures.map((failure) => failure.toBody());
  context.stdout.write(formatJson(toUninstallDocument(plan, isRemoved, bodies)));
  const [first = plan.problems[0]] = bodies;
  if (first === undefined || options.dryRun === true) return 0;
  throw failures[0] ?? errorFromBody(first);
}

/** Each step runs, whatever became of those before it. */
async function runSteps(
  plan: UninstallPlan,
  options: UninstallOptions,
  context: UninstallContext,
  report: (failure: RolecallError) => void = () => undefined,
): Promise<readonly RolecallError[]> {
  const failures: RolecallError[] = [];
  for (const step of listSteps(plan, options, context)) {
    for (const failure of await step()) {
      if (context.signal.aborted) throw failure;
      failures.push(failure);
      report(failure);
    }
  }
  return failures;
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
