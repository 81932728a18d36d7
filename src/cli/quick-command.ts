// The commands that prompts and scripts run all day, without the parser, which takes a quarter of their time.
import type { CliContext } from './context.ts';
import type { LineFormat } from './status-line.ts';

export const LINE_FORMATS = ['waybar', 'tmux', 'prompt'] as const satisfies readonly LineFormat[];

const STATUS_FLAGS: readonly string[] = ['--check', '--json'];
const LS_FLAGS: readonly string[] = ['--json', '--refresh'];

/** What `argv` means when that is plain to see; undefined for everything that the parser has to look at. */
export function findQuickCommand(argv: readonly string[]): ((context: CliContext) => Promise<number>) | undefined {
  const [name, ...rest] = argv;
  const flags = rest.filter((word) => word.startsWith('-'));
  const words = rest.filter((word) => !word.startsWith('-'));
  const has = (flag: string) => flags.includes(flag);
  const format = LINE_FORMATS.find((known) => known === rest[1]);
  if (name === 'status' && rest.length === 2 && rest[0] === '--format' && format !== undefined) {
    return async (context) => {
      const { printStatusLine } = await import('./status-line.ts');
      return printStatusLine(format, context);
    };
  }
  if (name === 'status' && words.length === 0 && flags.every((flag) => STATUS_FLAGS.includes(flag))) {
    return async (context) => {
      const { runStatus } = await import('./commands/status.ts');
      return runStatus({ check: has('--check'), json: has('--json') }, context);
    };
  }
  if (name === 'ls' && flags.every((flag) => LS_FLAGS.includes(flag))) {
    return async (context) => {
      const { runLs } = await import('./commands/ls.ts');
      return runLs(words, { json: has('--json'), refresh: has('--refresh') }, context);
    };
  }
  return undefined;
}
