// The real fzf as the picker, where it is installed: roles go in as lines of text, a number comes out.
import type { RoleDocument } from '../../local-api/schemas.ts';
import { findProgram, type ProgramSearch } from '../../platform/programs/find-program.ts';
import type { CliContext } from '../context.ts';
import { displayWidth } from '../terminal/display-width.ts';
import type { ScreenParts } from './screen.ts';

/** What of a person's own options is about looks; the others could run commands on names that came from AWS, or change the answer. */
const LOOKS =
  /^--(?:color|layout|height|min-height|border|margin|padding|info|pointer|no-bold|reverse|cycle|no-mouse)(?:=[\w,:.%#~+-]+)?$/u;

const EXIT_NOTHING_MATCHES = 1;
const EXIT_LEFT = 130;

/** The path of fzf; undefined when there is none or the person wants ours (`ROLECALL_PICKER=builtin`). */
export function findFzf(context: ProgramSearch): string | undefined {
  return context.environment['ROLECALL_PICKER'] === 'builtin' ? undefined : findProgram('fzf', context);
}

/** What fzf is told; the words of FZF_DEFAULT_OPTS that only change its looks come first. */
function fzfArguments(query: string, purpose: string, environment: CliContext['environment']): string[] {
  const looks = (environment['FZF_DEFAULT_OPTS'] ?? '').split(/\s+/u).filter((word) => LOOKS.test(word));
  return [
    '--height=60%',
    '--layout=reverse',
    '--info=inline',
    ...looks,
    // Rows by NUL, so that no name can make two of one; the number in front of each is neither shown nor searched.
    '--read0',
    '--delimiter=\t',
    '--with-nth=2..',
    '--ansi',
    '--tiebreak=index',
    '--no-hscroll',
    // The answer's first line, for what its person typed says more than its words on the command line.
    '--print-query',
    `--header=enter: ${purpose}, esc: leave`,
    ...(query === '' ? [] : [`--query=${query} `]),
  ];
}

type FzfParts = Omit<ScreenParts, 'total'>;

/** One row a role in the order of `positions`: its number, a tab, and its columns, aligned. */
function fzfRows(positions: ArrayLike<number>, { roles, columns, mark, paint }: FzfParts): string {
  return Array.from(positions, (position) => {
    const role = roles[position] as RoleDocument;
    const cells = columns.cells(role).map(({ text, style }, column) => {
      const padded = text + ' '.repeat(Math.max(0, (columns.widths[column] ?? 0) - displayWidth(text)));
      return style === undefined ? padded : paint(style, padded);
    });
    const sign = role.protected ? paint('red', mark) : ' ';
    return `${position}\t${sign} ${cells.join('  ')}\u0000`;
  }).join('');
}

export interface FzfAnswer {
  readonly position: number;
  /** What was typed when it was picked. */
  readonly query: string;
}

/** What was picked; undefined when the person left; `failed` when fzf could not show anything. */
export async function pickWithFzf(
  path: string,
  query: string,
  positions: ArrayLike<number>,
  deps: FzfParts & Pick<CliContext, 'environment' | 'signal'>,
): Promise<FzfAnswer | undefined | 'failed'> {
  const {
    FZF_DEFAULT_OPTS: _looks,
    FZF_DEFAULT_OPTS_FILE: _file,
    ROLECALL_PASSPHRASE: _secret,
    ...rest
  } = deps.environment;
  // Loading it takes a moment, which nobody without fzf is to wait for.
  const { spawn } = await import('node:child_process');
  const { exitCode, answer } = await new Promise<{ exitCode: number; answer: string }>((resolve, reject) => {
    const child = spawn(path, fzfArguments(query, deps.purpose, deps.environment), {
      env: rest,
      stdio: ['pipe', 'pipe', 'inherit'],
      signal: deps.signal,
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? EXIT_LEFT, answer: text }));
    // It may have been left before it read everything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(fzfRows(positions, deps));
  });
  if (exitCode === EXIT_LEFT || exitCode === EXIT_NOTHING_MATCHES) return undefined;
  const [, typed = '', number = ''] = /^(.*)\n(\d+)\t/u.exec(answer) ?? [];
  const position = Number(number === '' ? Number.NaN : number);
  return exitCode === 0 && deps.roles[position] !== undefined ? { position, query: typed } : 'failed';
}
