// `rolecall doctor`: finds problems on this machine and shows the commands that fix them.
import { UsageError } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import { wrapWords } from '../../terminal/display-width.ts';
import { runChecks, stateOf, type GroupState } from './checks.ts';
import { DOCTOR_CODES, isDoctorCode, type CheckGroup, type Finding } from './codes.ts';
import { formatReport } from './report.ts';
import { observeWorld, type DoctorContext, type World } from './world.ts';
import { createProgressLine } from '../../terminal/progress.ts';
import { count, createPainter, harmless, type Style } from '../../terminal/render.ts';

export interface DoctorOptions {
  readonly json?: boolean;
  readonly fix?: string;
  readonly report?: boolean;
}

export async function runDoctor(options: DoctorOptions, context: DoctorContext): Promise<number> {
  const code = options.fix === undefined ? undefined : checkFixable(options.fix);
  const { world, groups } = await runAllChecks(context);
  if (code !== undefined) return fix(code, groups, context);
  if (options.report === true) {
    context.stdout.write(formatReport(world, groups));
  } else if (options.json === true) {
    context.stdout.write(formatJson(toDocument(groups)));
  } else {
    context.stdout.write(format(groups, context));
  }
  return exitCodeOf(groups);
}

async function runAllChecks(context: DoctorContext): Promise<{ world: World; groups: CheckGroup[] }> {
  const progress = createProgressLine(context);
  if (context.stderr.isTTY === true) progress.show('Checking …');
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

function toDocument(groups: readonly CheckGroup[]): object {
  return {
    ok: exitCodeOf(groups) === 0,
    groups: groups.map((group) => ({
      name: group.name,
      state: stateOf(group),
      summary: group.summary,
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
    for (const finding of group.findings) lines.push(...formatFinding(finding, paint, width));
  }
  return `${lines.join('\n')}\n\n${conclude(groups)}\n`;
}

function formatFinding(
  { code, message, commands }: Finding,
  paint: (style: Style, text: string) => string,
  width: number | undefined,
): string[] {
  const sentence = `${harmless(message)} [${code}]`;
  const text = width === undefined ? [sentence] : wrapWords(sentence, width - INDENT.length);
  return [
    ...text.map((line) => INDENT + line),
    ...commands.map((command) => `${INDENT}${paint('dim', '$')} ${paint('bold', harmless(command))}`),
    ...(DOCTOR_CODES[code].fixable
      ? [
          `${INDENT}${paint('dim', '$')} ${paint('bold', `rolecall doctor --fix ${code}`)}${commands.length > 0 ? '   does the same' : ''}`,
        ]
      : []),
  ];
}

const INDENT = '      ';

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
