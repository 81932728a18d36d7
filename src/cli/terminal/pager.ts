// Shows long output in the user's pager: $PAGER, else less. Without one, or if it fails, the text is printed as it is.
import { spawn } from 'node:child_process';
import { findProgram, type ProgramSearch } from '../../platform/programs/find-program.ts';
import type { Output, PageOptions } from '../context.ts';
import { ignoreInterrupts } from './ignore-interrupts.ts';

type PagerContext = ProgramSearch & Pick<Output, 'stdout' | 'environment'>;

/** A shell reports these if the pager does not exist; with others it may have shown nothing either. */
const SIGNALLED = 128;
const SHELL = '/bin/sh';

/** Prints `text`; resolves when the user has left the pager. Never rejects because of the pager. */
export async function pageText(text: string, options: PageOptions, context: PagerContext): Promise<void> {
  const command = isLongerThan(text, context.stdout.rows ?? 0) ? findPager(options, context) : undefined;
  if (command === undefined || !(await runPager(command, text, context))) context.stdout.write(text);
}

/** Two lines are left for the notes below the text and the prompt. */
function isLongerThan(text: string, rows: number): boolean {
  let lines = 2;
  for (let at = text.indexOf('\n'); at >= 0 && lines <= rows; at = text.indexOf('\n', at + 1)) lines += 1;
  return rows > 0 && lines > rows;
}

/** Undefined without a terminal, and if the user wants no pager or has none. */
function findPager(
  { usesPager, keepsRows = false }: PageOptions,
  context: PagerContext,
): readonly [program: string, ...args: string[]] | undefined {
  const { environment, stdout } = context;
  if (!usesPager || stdout.isTTY !== true || environment['TERM'] === 'dumb') return undefined;
  const chosen = environment['PAGER'];
  // Like git: $PAGER is a command line for the shell. Nothing else gets there.
  if (chosen !== undefined) return chosen.trim() === '' ? undefined : [SHELL, '-c', chosen];
  const less = findProgram('less', context, { pathOnly: true });
  return less === undefined ? undefined : [less, keepsRows ? '-FRXS' : '-FRX'];
}

/** Whether the pager has shown the text, as far as its exit code tells. */
function runPager(
  [program, ...args]: readonly [string, ...string[]],
  text: string,
  { environment }: PagerContext,
): Promise<boolean> {
  const { ROLECALL_PASSPHRASE: _secret, ...rest } = environment;
  const restoreSignals = ignoreInterrupts();
  return new Promise<boolean>((resolve) => {
    const env = { LESS: 'FRX', LV: '-c', ...rest };
    const child = spawn(program, args, { env, stdio: ['pipe', 'inherit', 'inherit'] });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === null || code === 0 || code > SIGNALLED));
    // The user may leave before the pager has read everything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(text);
  }).finally(restoreSignals);
}
