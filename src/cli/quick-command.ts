// The commands that prompts and scripts run all day, without the parser, which takes a quarter of their time.
import type { CliContext } from './context.ts';
import type { LineFormat } from './commands/status/status-line.ts';

export const LINE_FORMATS = ['waybar', 'tmux', 'prompt'] as const satisfies readonly LineFormat[];

const STATUS_FLAGS: readonly string[] = ['--check', '--json'];
const LS_FLAGS: readonly string[] = ['--json', '--refresh'];
const USE_FLAGS: readonly string[] = ['--current', '--json', '--print-name', '--no-picker', '--back'];

/** What `argv` means when that is plain to see; undefined for everything that the parser has to look at. */
export function findQuickCommand(argv: readonly string[]): ((context: CliContext) => Promise<number>) | undefined {
  const [name, ...rest] = argv;
  const flags = rest.filter((word) => word.startsWith('-'));
  const words = rest.filter((word) => !word.startsWith('-'));
  const has = (flag: string) => flags.includes(flag);
  const format = LINE_FORMATS.find((known) => known === rest[1]);
  if (name === 'status' && rest.length === 2 && rest[0] === '--format' && format !== undefined) {
    return async (context) => {
      const { printStatusLine } = await import('./commands/status/status-line.ts');
      return printStatusLine(format, context);
    };
  }
  if (name === 'status' && words.length === 0 && flags.every((flag) => STATUS_FLAGS.includes(flag))) {
    return async (context) => {
      const { runStatus } = await import('./commands/status/run.ts');
      return runStatus({ check: has('--check'), json: has('--json') }, context);
    };
  }
  if (name === 'ls' && flags.every((flag) => LS_FLAGS.includes(flag))) {
    return async (context) => {
      const { runLs } = await import('./commands/ls/run.ts');
      return runLs(words, { json: has('--json'), refresh: has('--refresh') }, context);
    };
  }
  if (name === 'use') return findUse(rest);
  if ((name === '--version' || name === '-V') && rest.length === 0) {
    return async (context) => {
      const { runVersion } = await import('./commands/version/run.ts');
      return runVersion(context);
    };
  }
  return undefined;
}

/** What follows `--` are words, whatever they look like. */
function findUse(rest: readonly string[]): ((context: CliContext) => Promise<number>) | undefined {
  const end = rest.includes('--') ? rest.indexOf('--') : rest.length;
  const given = rest.slice(0, end);
  const flags = given.filter((word) => word.startsWith('--'));
  const words = given.filter((word) => !word.startsWith('-'));
  const isPlain = flags.every((flag) => USE_FLAGS.includes(flag)) && flags.length + words.length === given.length;
  if (!isPlain) return undefined;
  const has = (flag: string) => flags.includes(flag);
  return async (context) => {
    const { runUse } = await import('./commands/use/run.ts');
    const options = {
      current: has('--current'),
      json: has('--json'),
      printName: has('--print-name'),
      picker: !has('--no-picker'),
      back: has('--back'),
    };
    return runUse([...words, ...rest.slice(end + 1)], options, context);
  };
}
