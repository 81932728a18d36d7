// Uses fzf as the picker where it is installed: roles go in as rows of text, the number of the chosen row comes out.
import type { RoleDocument } from '../../local-api/schemas.ts';
import { findProgram, type ProgramSearch } from '../../platform/programs/find-program.ts';
import type { CliContext } from '../context.ts';
import { displayWidth } from '../terminal/display-width.ts';
import { createShorteners, fitWidths, GUTTER, type ScreenParts } from './screen.ts';

/** Options of FZF_DEFAULT_OPTS that only change the appearance. Others could run commands on names from AWS, or change the answer. */
const APPEARANCE_OPTION =
  /^--(?:color|layout|height|min-height|border|margin|padding|info|pointer|no-bold|reverse|cycle|no-mouse)(?:=[\w,:.%#~+-]+)?$/u;

const EXIT_NOTHING_MATCHES = 1;
const EXIT_LEFT = 130;

/** The path of fzf; undefined when it is not installed or `ROLECALL_PICKER=builtin` is set. */
export function findFzf(context: ProgramSearch): string | undefined {
  return context.environment['ROLECALL_PICKER'] === 'builtin' ? undefined : findProgram('fzf', context);
}

/** The arguments of fzf; the user's appearance options come first. */
function fzfArguments(query: string, purpose: string, environment: CliContext['environment']): string[] {
  const appearance = (environment['FZF_DEFAULT_OPTS'] ?? '')
    .split(/\s+/u)
    .filter((word) => APPEARANCE_OPTION.test(word));
  return [
    '--height=60%',
    '--layout=reverse',
    '--info=inline',
    ...appearance,
    // Rows end in NUL, so that a name cannot split one. The number in front is neither shown nor searched.
    '--read0',
    '--delimiter=\t',
    '--with-nth=2..',
    '--ansi',
    '--tiebreak=index',
    '--no-hscroll',
    // The first line of the answer is what the user typed, which replaces the query of the command line.
    '--print-query',
    `--header=enter: ${purpose}, esc: cancel`,
    ...(query === '' ? [] : [`--query=${query} `]),
  ];
}

type FzfParts = Omit<ScreenParts, 'total'> & Pick<CliContext, 'stderr'>;

/** What fzf itself draws behind a row: its ellipsis and its scrollbar. */
const FZF_RIGHT = 3;
const DEFAULT_WIDTH = 80;

/**
 * One row per role, in the order of `positions`: its number, a tab, and its aligned columns. What does not fit is shortened
 * here, because fzf would cut the end of the row. The full texts follow beyond the right edge, where fzf searches them.
 */
export function fzfRows(
  positions: ArrayLike<number>,
  { roles, columns, mark, paint, stderr }: Omit<FzfParts, 'purpose'>,
): string {
  const room = (stderr.columns ?? DEFAULT_WIDTH) - GUTTER - FZF_RIGHT;
  const widths = fitWidths(columns.widths, room);
  const isNarrow = widths.some((width, column) => width < (columns.widths[column] ?? 0));
  const shorten = isNarrow ? createShorteners(roles, widths, columns) : [];
  return Array.from(positions, (position) => {
    const role = roles[position] as RoleDocument;
    const [shown, hidden]: [string[], string[]] = [[], []];
    for (const [column, { text, style }] of columns.cells(role).entries()) {
      const width = widths[column] ?? 0;
      const short = width === 0 ? '' : (shorten[column]?.(text).text ?? text);
      if (short !== text) hidden.push(text);
      if (width === 0) continue;
      const padded = short + ' '.repeat(Math.max(0, width - displayWidth(short)));
      shown.push(style === undefined ? padded : paint(style, padded));
    }
    const sign = role.protected ? paint('red', mark) : ' ';
    return `${position}\t${[`${sign} ${shown.join('  ')}`, ...hidden].join('\t')}\u0000`;
  }).join('');
}

export interface FzfAnswer {
  readonly position: number;
  /** The query at the time of the choice. */
  readonly query: string;
}

/** More than a person needs; it ends the loop if fzf searches by a rule of its own. */
const MAX_STALE_ANSWERS = 3;

/** The choice; undefined when the user cancelled; `failed` when fzf could not run. */
export async function pickWithFzf(
  path: string,
  query: string,
  positions: ArrayLike<number>,
  deps: FzfParts & Pick<CliContext, 'environment' | 'signal'>,
): Promise<FzfAnswer | undefined | 'failed'> {
  let asked = query;
  for (let stale = 0; stale < MAX_STALE_ANSWERS; stale += 1) {
    const { exitCode, answer } = await runFzf(
      path,
      fzfArguments(asked, deps.purpose, deps.environment),
      positions,
      deps,
    );
    if (exitCode === EXIT_LEFT || exitCode === EXIT_NOTHING_MATCHES) return undefined;
    const [, typed = '', number = '', row = ''] = /^(.*)\n(\d+)\t([^\n]*)/u.exec(answer) ?? [];
    const position = Number(number === '' ? Number.NaN : number);
    if (exitCode !== 0 || deps.roles[position] === undefined) return 'failed';
    if (canHaveFound(row, typed)) return { position, query: typed };
    // Enter came before fzf had searched for the last letters: the list is shown again, with what they find.
    asked = typed.trim();
  }
  return 'failed';
}

/** Whether a search of fzf for `query` can lead to this row: each word's letters are in it, in their order. */
export function canHaveFound(row: string, query: string): boolean {
  // Words with these have another meaning for fzf, which also takes "o" for "ø".
  if (/[|^$'!\\]/u.test(query)) return true;
  const text = row.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/u)
    .every((word) => {
      let rest = word;
      for (const letter of text) {
        if (letter === rest[0] || letter > '\u007f') rest = rest.slice(1);
      }
      return rest === '' || /[^\u0021-\u007e]/u.test(word);
    });
}

async function runFzf(
  path: string,
  args: readonly string[],
  positions: ArrayLike<number>,
  deps: FzfParts & Pick<CliContext, 'environment' | 'signal'>,
): Promise<{ readonly exitCode: number; readonly answer: string }> {
  const {
    FZF_DEFAULT_OPTS: _options,
    FZF_DEFAULT_OPTS_FILE: _file,
    ROLECALL_PASSPHRASE: _secret,
    ...rest
  } = deps.environment;
  // Loaded only when fzf is used, because it delays the start.
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { env: rest, stdio: ['pipe', 'pipe', 'inherit'], signal: deps.signal });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? EXIT_LEFT, answer: text }));
    // fzf may exit before it has read all rows.
    child.stdin.on('error', () => undefined);
    child.stdin.end(fzfRows(positions, deps));
  });
}
