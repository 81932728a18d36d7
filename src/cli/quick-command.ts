// The commands that prompts and scripts run all day, without the parser, which takes a quarter of their time.
import type { CliContext } from './context.ts';

const STATUS_FLAGS: readonly string[] = ['--check', '--json'];
const LS_FLAGS: readonly string[] = ['--json', '--refresh'];

/** What `argv` means when that is plain to see; undefined for everything that the parser has to look at. */
export function findQuickCommand(argv: readonly string[]): ((context: CliContext) => Promise<number>) | undefined {
  const [name, ...rest] = argv;
  const flags = rest.filter((word) => word.startsWith('-'));
  const words = rest.filter((word) => !word.startsWith('-'));
  const has = (flag: string) => flags.includes(flag);
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
