// Formats output for the terminal: colours, tables, errors and notes.
import { EXIT_INTERRUPTED, type ErrorBody, type RolecallError } from '../../core/errors.ts';
import { harmless } from '../../core/text/harmless-text.ts';
import type { CliContext, OutputStream } from '../context.ts';
import { displayWidth } from './display-width.ts';
import type { FitStep } from './fit-columns.ts';

export { harmless };
export { formatDuration } from '../../core/text/format-duration.ts';

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'blue' | 'magenta' | 'cyan' | 'underline';

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  underline: [4, 24],
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
};

/** Returns a function that colours text for `stream`, or leaves it plain. */
export function createPainter(
  stream: OutputStream,
  environment: CliContext['environment'],
): (style: Style, text: string) => string {
  const isPlain = !hasColors(stream, environment);
  return (style, text) => {
    const [on, off] = CODES[style];
    return isPlain ? text : `\u001b[${on}m${text}\u001b[${off}m`;
  };
}

/** First --color, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal. */
function hasColors(stream: OutputStream, environment: CliContext['environment']): boolean {
  if (stream.isColoured !== undefined) return stream.isColoured;
  const [none = '', forced = ''] = [environment['NO_COLOR'], environment['FORCE_COLOR']];
  if (none !== '') return false;
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}

/** Whether the locale is UTF-8. */
export function hasUnicode(environment: CliContext['environment']): boolean {
  const [locale = ''] = ['LC_ALL', 'LC_CTYPE', 'LANG'].flatMap((name) => environment[name] || []);
  return /utf-?8/i.test(locale);
}

/** Rows as aligned columns, two spaces apart; the last column is not padded. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell) + 2),
        )
        .join('')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

export interface TableForStream {
  readonly text: string;
  /** A sentence that names the columns for which the terminal is too narrow; undefined if all are shown. */
  readonly leftOut: string | undefined;
}

/** The table, titles first, fitted to a terminal's width; in full with `isWide`, and for everything that is not a terminal. */
export async function formatTableFor(
  { isTTY, columns = 0 }: OutputStream,
  rows: readonly (readonly string[])[],
  { steps, isWide = false }: { readonly steps: readonly FitStep[]; readonly isWide?: boolean },
): Promise<TableForStream> {
  const text = formatTable(rows);
  const isFitted = isTTY !== true || isWide || columns === 0;
  if (isFitted || text.split('\n').every((line) => displayWidth(line) <= columns)) return { text, leftOut: undefined };
  // Loaded only when needed, because `status` and `ls` have to start fast.
  const { fitTable } = await import('./fit-table.ts');
  const fitted = fitTable(rows, columns, steps);
  const titles = fitted.dropped.map((column) => rows[0]?.[column]?.toLowerCase());
  const leftOut = titles.length === 0 ? undefined : `Left out: ${titles.join(', ')} (--wide shows all).`;
  return { text: formatTable(fitted.rows), leftOut };
}

/** Prints text on standard output, wrapped at words if that is a terminal. */
export async function printText(text: string, { stdout }: Pick<CliContext, 'stdout'>): Promise<void> {
  if (stdout.isTTY !== true) {
    stdout.write(text);
    return;
  }
  const { wrapFor } = await import('./wrap-text.ts');
  stdout.write(wrapFor(stdout, text));
}

/** "1 account", "4 accounts". */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Abbreviates the home directory to ~. */
export function shortenPath(path: string, homeDirectory: string): string {
  return path.startsWith(`${homeDirectory}/`) ? `~${path.slice(homeDirectory.length)}` : path;
}

/** Prints an error as one sentence and one command, and returns the exit code. */
export async function reportError(
  thrown: unknown,
  context: Pick<CliContext, 'stderr' | 'environment' | 'signal'>,
  options: { readonly isDebug: boolean },
): Promise<number> {
  if (context.signal.aborted) {
    // Keeps the shell's prompt off the line with the ^C.
    if (context.stderr.isTTY === true) context.stderr.write('\n');
    return EXIT_INTERRUPTED;
  }
  // Loaded only now, as every command imports this file.
  const { toFailure } = await import('../../platform/files/file-error.ts');
  const error = toFailure(thrown);
  reportFailure(error, context);
  if (options.isDebug) context.stderr.write(describeCauses(error));
  return error.exitCode;
}

/**
 * Prints one sentence with its code, and one command. A failure whose exit code is the shell's, like 127, has no code.
 * With --json it is a warning: only what a command throws is its error.
 */
export function reportFailure(
  { code, message, hint }: Omit<ErrorBody, 'code'> & { readonly code?: string },
  context: Pick<CliContext, 'stderr' | 'environment'>,
): void {
  if (context.stderr.note !== undefined) {
    context.stderr.note({ type: 'warning', ...(code === undefined ? {} : { code }), message, hint });
    return;
  }
  const paint = createPainter(context.stderr, context.environment);
  const suffix = code === undefined ? '' : ` ${paint('dim', `[${code}]`)}`;
  context.stderr.write(`${paint('red', 'rolecall:')} ${harmless(message)}${suffix}\n`);
  context.stderr.write(`Run: ${paint('bold', harmless(hint))}\n`);
}

/** Whether `command` only shows what is wrong, so that it adds nothing to a message inside `status` or `doctor`. */
export function isOverview(command: string): boolean {
  return command === 'rolecall status' || command === 'rolecall doctor';
}

/** Prints something worth knowing although the command succeeded. */
export function reportNote(note: string, context: Pick<CliContext, 'stderr' | 'environment'>): void {
  const paint = createPainter(context.stderr, context.environment);
  context.stderr.write(`${paint('yellow', 'Note:')} ${harmless(note)}\n`);
}

/** The class of an error and what caused it, for --debug. */
export function describeCauses(error: RolecallError): string {
  let text = `  ${error.code} (${error.errorClass}, exit ${error.exitCode})\n`;
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    text += `  caused by ${cause.name}: ${harmless(cause.message)}\n`;
  }
  return text;
}
