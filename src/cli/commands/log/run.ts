// `rolecall log`: prints the audit log for people or as it is, follows it, or checks that it is complete.
import { UsageError } from '../../../core/errors.ts';
import { escapeControls } from '../../../core/text/harmless-text.ts';
import { toFileError } from '../../../platform/files/file-error.ts';
import type { CliContext, Output, Places } from '../../context.ts';
import { createPainter } from '../../terminal/render.ts';
import { createLineFormatter } from './format-line.ts';
import { createRoleFilter, parseSince } from './log-filter.ts';
import { readAuditLog, type ReadLine } from './read-log.ts';
import { loadRoleNames } from './role-names.ts';

type Context = Output & Places & Pick<CliContext, 'clock' | 'page' | 'signal'>;

export interface LogOptions {
  readonly follow?: boolean;
  readonly since?: string;
  readonly role?: string;
  readonly lines?: string;
  readonly verify?: boolean;
  readonly json?: boolean;
  readonly pager: boolean;
}

const FOLLOWED_LINES = 10;

export async function runLog(options: LogOptions, context: Context): Promise<number> {
  const { stderr, stdout, paths } = context;
  if (options.verify === true) {
    for (const other of ['follow', 'since', 'role', 'lines'] as const) {
      if (options[other] !== undefined) throw usage(`--verify checks the whole log, so it goes without --${other}.`);
    }
    const { verifyLog } = await import('./verify.ts');
    return verifyLog({ asJson: options.json === true }, context);
  }
  const isFollowing = options.follow === true;
  const sinceMs = options.since === undefined ? undefined : parseSince(options.since, context.clock.nowMs());
  const maxLines = parseLines(options) ?? (isFollowing && sinceMs === undefined ? FOLLOWED_LINES : undefined);
  const names = await loadRoleNames(paths.stateDirectory);
  const isWanted = createRoleFilter(options.role, names);
  const format =
    options.json === true
      ? ({ text }: ReadLine) => `${escapeControls(text)}\n`
      : createTextFormat(
          createLineFormatter({
            paint: createPainter(stdout, context.environment),
            names,
            columns: stdout.isTTY === true && (stdout.columns ?? 0) > 0 ? stdout.columns : undefined,
          }),
        );

  /** Lines that are printed together; undefined once new lines are printed at once. */
  let held: ReadLine[] | undefined = [];
  let foundCount = 0;
  const onCaughtUp = () => {
    foundCount = held?.length ?? 0;
    if (isFollowing) {
      stdout.write((held ?? []).map(format).join(''));
      held = undefined;
    }
  };
  try {
    const lines = readAuditLog(paths.auditFile, { ...context, follows: isFollowing, onCaughtUp });
    for await (const read of lines) {
      if (sinceMs !== undefined && Date.parse(read.line.at) < sinceMs) continue;
      if (!isWanted(read.line)) continue;
      if (held === undefined) stdout.write(format(read));
      else {
        held.push(read);
        if (maxLines !== undefined && held.length > maxLines) held.shift();
      }
    }
  } catch (error) {
    context.signal.throwIfAborted();
    throw toFileError(error, paths.auditFile, 'read');
  }
  const text = (held ?? []).map(format).join('');
  if (options.json === true) stdout.write(text);
  else await context.page(text, { usesPager: options.pager });
  if (foundCount === 0) stderr.write(`${describeNothing(options)}\n`);
  return 0;
}

function createTextFormat(formatLine: ReturnType<typeof createLineFormatter>): (read: ReadLine) => string {
  return ({ line }) => formatLine(line);
}

function describeNothing({ since, role, lines }: LogOptions): string {
  return since === undefined && role === undefined && lines !== '0'
    ? 'The audit log has no lines yet.'
    : 'No line of the audit log matches.';
}

function parseLines({ lines }: LogOptions): number | undefined {
  if (lines === undefined) return undefined;
  if (/^\d{1,7}$/u.test(lines)) return Number(lines);
  throw usage(`--lines takes a number, not "${lines}".`);
}

function usage(message: string): UsageError {
  return new UsageError('usage', message, { hint: 'rolecall log --help' });
}
