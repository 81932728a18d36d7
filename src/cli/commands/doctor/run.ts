// `rolecall doctor`: finds problems on this machine and shows the commands that fix them.
import { toRolecallError, UsageError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import { wrapWords } from '../../terminal/display-width.ts';
import { runChecks, stateOf, type GroupState } from './checks.ts';
import { DOCTOR_CODES, isDoctorCode, type CheckGroup, type Finding } from './codes.ts';
import { formatReport } from './report.ts';
import { observeWorld, type DoctorContext, type World } from './world.ts';
import { createProgressLine } from '../../terminal/progress.ts';
import { count, createPainter, harmless, printText, type Style } from '../../terminal/render.ts';

export interface DoctorOptions {
  readonly json?: boolean;
  /** A code; true for all that is safe. */
  readonly fix?: string | true;
  readonly report?: boolean;
}

export async function runDoctor(options: DoctorOptions, context: DoctorContext): Promise<number> {
  const code = typeof options.fix === 'string' ? checkFixable(options.fix) : undefined;
  const { world, groups } = await runAllChecks(context);
  if (code !== undefined) return fix(code, groups, context);
  if (options.fix === true) return fixAll(groups, options, context);
  if (options.report === true) {
    context.stdout.write(formatReport(world, groups));
  } else if (options.json === true) {
    context.stdout.write(formatJson(toDocument(groups)));
  } else {
    await printText(format(groups, context), context);
  }
  return exitCodeOf(groups);
}

async function runAllChecks(context: DoctorContext): Promise<{ world: World; groups: CheckGroup[] }> {
  const progress = createProgressLine(context);
  if (context.stderr.isTTY === true) progress.show('Checking …', ['Ctrl-C stops']);
  try {
    const world = await observeWorld(context);
    return { world, groups: await runChecks(world) };
  } finally {
    progress.clear();
  }
}

function exitCodeOf(groups: readonly CheckGroup[]): number {
  return groups.some((group) => stateOf(group) === 'problem') ? 1 : 0;
}

function checkFixable(code: string): string {
  if (!isDoctorCode(code)) {
    throw new UsageError('usage', `"${code}" is not a doctor code.`, { hint: 'rolecall doctor' });
  }
  if (DOCTOR_CODES[code].fixable) return code;
  const fixable = Object.entries(DOCTOR_CODES).flatMap(([name, row]) => (row.fixable ? [name] : []));
  throw new UsageError('usage', `doctor cannot fix "${code}" for you. It can fix: ${fixable.join(', ')}.`, {
    hint: 'rolecall doctor',
  });
}

async function fix(code: string, groups: readonly CheckGroup[], context: DoctorContext): Promise<number> {
  const findings = groups.flatMap((group) => group.findings).filter((finding) => finding.code === code);
  if (findings.length === 0) {
    context.stdout.write(`Nothing to fix: no ${code} found.\n`);
    return 0;
  }
  for (const finding of findings) {
    if (finding.fix !== undefined) context.stdout.write(`${harmless(await finding.fix())}\n`);
  }
  const left = (await runAllChecks(context)).groups
    .flatMap((group) => group.findings)
    .filter((finding) => finding.code === code);
  for (const { message } of left) context.stderr.write(`Not fixed: ${harmless(message)}\n`);
  return left.length === 0 ? 0 : 1;
}

/** Fixes everything that is safe to fix, without asking; then shows what is left. */
async function fixAll(groups: readonly CheckGroup[], options: DoctorOptions, context: DoctorContext): Promise<number> {
  const out = options.json === true ? context.stderr : context.stdout;
  const fixable = groups.flatMap(({ findings }) => findings).filter((finding) => finding.fix !== undefined);
  for (const finding of fixable) {
    if (finding.endsSignIn === true) {
      const command = `rolecall doctor --fix ${finding.code}`;
      out.write(
        `Not fixed, because it ends a sign-in that is in memory only: ${finding.code}. To fix it: ${command}\n`,
      );
      continue;
    }
    try {
      out.write(`${harmless((await finding.fix?.()) ?? '')}\n`);
    } catch (error) {
      const { message, hint } = toRolecallError(error);
      out.write(`Not fixed: ${harmless(message)} Run: ${harmless(hint)}\n`);
    }
  }
  if (fixable.length === 0) out.write('Nothing can be fixed automatically.\n');
  const left = fixable.length === 0 ? groups : (await runAllChecks(context)).groups;
  if (options.json === true) context.stdout.write(formatJson(toDocument(left)));
  else context.stdout.write(`\n${format(left, context)}`);
  return exitCodeOf(left);
}

function toDocument(groups: readonly CheckGroup[]): object {
  return {
    ok: exitCodeOf(groups) === 0,
    groups: groups.map((group) => ({
      name: group.name,
      state: stateOf(group),
      summary: group.summary,
      ...(group.flows === undefined ? {} : { flows: group.flows }),
      findings: group.findings.map(({ code, message, commands }) => ({
        code,
        severity: DOCTOR_CODES[code].severity,
        message,
        commands,
        fixable: DOCTOR_CODES[code].fixable,
      })),
    })),
  };
}

const MARKS: Readonly<Record<GroupState, readonly [text: string, style: Style]>> = {
  ok: ['ok', 'green'],
  problem: ['!', 'red'],
  note: ['note', 'yellow'],
  skipped: ['-', 'dim'],
};

function format(groups: readonly CheckGroup[], context: DoctorContext): string {
  const paint = createPainter(context.stdout, context.environment);
  const width = context.stdout.isTTY === true ? Math.min(context.stdout.columns ?? 80, 100) : undefined;
  const lines: string[] = [];
  for (const group of groups) {
    const [mark, style] = MARKS[stateOf(group)];
    const summary = group.findings.length === 0 ? group.summary : count(group.findings.length, 'finding');
    lines.push(`${paint(style, mark.padEnd(4))}  ${paint('bold', group.title.padEnd(15))}  ${harmless(summary)}`);
    for (const detail of group.details ?? []) lines.push(...indent(harmless(detail), width));
    for (const finding of group.findings) lines.push(...formatFinding(finding, paint, width));
  }
  return `${lines.join('\n')}\n\n${conclude(groups)}\n`;
}

function formatFinding(
  { code, message, commands }: Finding,
  paint: (style: Style, text: string) => string,
  width: number | undefined,
): string[] {
  return [
    ...indent(`${harmless(message)} [${code}]`, width),
    ...commands.map((command) => `${INDENT}${paint('dim', '$')} ${paint('bold', harmless(command))}`),
    ...(DOCTOR_CODES[code].fixable
      ? [
          `${INDENT}${paint('dim', '$')} ${paint('bold', `rolecall doctor --fix ${code}`)}${commands.length > 0 ? '   does the same' : ''}`,
        ]
      : []),
  ];
}

const INDENT = '      ';

function indent(sentence: string, width: number | undefined): string[] {
  const lines = width === undefined ? [sentence] : wrapWords(sentence, width - INDENT.length);
  return lines.map((line) => INDENT + line);
}

function conclude(groups: readonly CheckGroup[]): string {
  const findings = groups.flatMap((group) => group.findings);
  const problems = findings.filter(({ code }) => DOCTOR_CODES[code].severity === 'problem').length;
  const notes = findings.length - problems;
  const skipped = groups.filter((group) => stateOf(group) === 'skipped').length;
  const counts = [
    ...(problems === 0 ? [] : [count(problems, 'problem')]),
    ...(notes === 0 ? [] : [count(notes, 'note')]),
  ].join(', ');
  const rest = skipped === 0 ? '' : ' Checks that need the daemon were skipped. To run them: rolecall daemon start';
  return `${problems === 0 ? `Nothing is broken${counts === '' ? '' : ` (${counts})`}` : counts}.${rest}`;
}
