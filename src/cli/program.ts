// All commands, and how one command line is run.
import type { CliContext } from './context.ts';
import type { LocalApiClient } from '../local-api/client.ts';
import type { AnyCommand, CommandContext, CommandList } from './definition.ts';

/** In the order of the help. To add a command, add its folder and a line here. */
export const COMMANDS: CommandList = {
  login: () => import('./commands/login/definition.ts'),
  logout: () => import('./commands/logout/definition.ts'),
  lock: () => import('./commands/lock/definition.ts'),
  unlock: () => import('./commands/unlock/definition.ts'),
  status: () => import('./commands/status/definition.ts'),
  approvals: () => import('./commands/approvals/definition.ts'),
  approve: () => import('./commands/approve/definition.ts'),
  ls: () => import('./commands/ls/definition.ts'),
  use: () => import('./commands/use/definition.ts'),
  exec: () => import('./commands/exec/definition.ts'),
  ssh: () => import('./commands/ssh/definition.ts'),
  forward: () => import('./commands/forward/definition.ts'),
  env: () => import('./commands/env/definition.ts'),
  'container-env': () => import('./commands/container-env/definition.ts'),
  console: () => import('./commands/console/definition.ts'),
  whoami: () => import('./commands/whoami/definition.ts'),
  setup: () => import('./commands/setup/definition.ts'),
  config: () => import('./commands/config/definition.ts'),
  profiles: () => import('./commands/profiles/definition.ts'),
  passkey: () => import('./commands/passkey/definition.ts'),
  service: () => import('./commands/service/definition.ts'),
  'shell-init': () => import('./commands/shell-init/definition.ts'),
  completion: () => import('./commands/completion/definition.ts'),
  web: () => import('./commands/web/definition.ts'),
  tray: () => import('./commands/tray/definition.ts'),
  'credential-process': () => import('./commands/credential-process/definition.ts'),
  uninstall: () => import('./commands/uninstall/definition.ts'),
  log: () => import('./commands/log/definition.ts'),
  doctor: () => import('./commands/doctor/definition.ts'),
  daemon: () => import('./commands/daemon/definition.ts'),
  emulator: () => import('./commands/emulator/definition.ts'),
  demo: () => import('./commands/demo/definition.ts'),
} as const;

/** Runs one command line (without node and script) and returns its exit code; never rejects. */
export async function runCommandLine(argv: readonly string[], given: CliContext): Promise<number> {
  const isJson = hasOwnFlag(argv, '--json');
  const messages = isJson ? (await import('./json-messages.ts')).createJsonMessages(given) : undefined;
  let context = messages?.context ?? (given.stderr.isTTY === true ? await wrapMessages(given) : given);
  if (messages !== undefined) given.sendClientMessagesTo(messages.context.stderr);
  const parser = () => import('./parser.ts');
  const isDebug = hasOwnFlag(argv, '--debug');
  const client = isDebug ? await loadDebugClient(context) : context.client;
  const full = { ...context, client, loadProgram: async () => (await parser()).loadProgram(COMMANDS, context) };
  try {
    const words = await findOwnCommand(argv);
    const quick = await findQuickCommand(words);
    if (quick !== undefined) return await quick(full);
    return await (await parser()).runParsed(words, COMMANDS, full, (coloured) => (context = coloured));
  } catch (error) {
    if (messages !== undefined) return await messages.fail(error, { isDebug });
    const { reportError } = await import('./terminal/render.ts');
    return await reportError(error, context, { isDebug });
  } finally {
    messages?.flush();
  }
}

/** Commands with the command line of another program. */
const WITH_COMMAND = ['exec', 'ssh', 'forward'] as const;

/** Whether the flag is there and ours, and not one of the command that `exec` or `ssh` runs. */
function hasOwnFlag(argv: readonly string[], flag: string): boolean {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  if (end !== -1 || !WITH_COMMAND.some((name) => argv.includes(name))) return own.includes(flag);
  const operands = argv.flatMap((word, index) => (word.startsWith('-') ? [] : [index]));
  return argv.slice(0, operands[2]).includes(flag);
}

async function loadDebugClient({ client, clock, stderr }: CliContext): Promise<LocalApiClient> {
  const { withDebug } = await import('./debug-client.ts');
  return withDebug(client, { clock, write: (line) => void stderr.write(line) });
}

/** The command line itself, or with our command in the place of another tool's. @throws UsageError usage */
async function findOwnCommand(argv: readonly string[]): Promise<readonly string[]> {
  const [first, ...words] = argv;
  if (first === 'help') return ['help', ...(await findOwnCommand(words))];
  const name = argv.find((word, index) => !word.startsWith('-') && argv[index - 1] !== '--color');
  if (name === undefined || (Object.hasOwn(COMMANDS, name) && name !== 'daemon')) return argv;
  return (await import('./aliases.ts')).expandAlias(argv);
}

/** Wraps everything that is printed on standard error, and questions, to the terminal. */
async function wrapMessages(context: CliContext): Promise<CliContext> {
  const { decorateStream, wrapFor } = await import('./terminal/wrap-text.ts');
  return {
    ...context,
    stderr: decorateStream(context.stderr, { wraps: true }),
    ask: (question) => context.ask(wrapFor(context.stderr, question)),
  };
}

/**
 * The fast path for commands that prompts and scripts run all day: loading commander takes a quarter of their time.
 * Undefined for every command line that the parser has to look at.
 */
export async function findQuickCommand(
  argv: readonly string[],
): Promise<((context: CommandContext) => Promise<number> | number) | undefined> {
  const [name = '', ...words] = argv;
  if (argv.length === 0 || ((name === '--help' || name === '-h' || name === 'help') && words.length === 0)) {
    return async (context) => (await import('./print-overview.ts')).printOverview(context);
  }
  const json = words[0] === '--json';
  if ((name === '--version' || name === '-V') && words.length === (json ? 1 : 0)) {
    return async (context) => (await import('./commands/version/run.ts')).runVersion({ json }, context);
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) return undefined;
  const { definition } = await load();
  if (!('run' in definition) || definition.isQuick !== true) return undefined;
  const input = readPlainWords(words, definition);
  return input && ((context) => definition.run(...([...input, context] as never)));
}

/**
 * The arguments and option values of a plain command line: flags without a value, or with one of several choices,
 * and a command that takes any number of arguments or none. Undefined for everything else.
 */
function readPlainWords(
  words: readonly string[],
  { arguments: [argument] = [], options = {} }: AnyCommand,
): readonly unknown[] | undefined {
  const all = Object.entries(options);
  const values: Record<string, unknown> = {};
  for (const [flags] of all) if (flags.startsWith('--no-')) values[attributeOf(flags)] = true;
  const operands: string[] = [];
  const rest = words.values();
  for (const word of rest) {
    if (word === '--' && argument !== undefined) {
      operands.push(...rest);
    } else if (!word.startsWith('-')) {
      operands.push(word);
    } else if (Object.hasOwn(options, word) && !word.includes(' ')) {
      values[attributeOf(word)] = !word.startsWith('--no-');
    } else {
      const [, option] = all.find(([flags]) => flags.startsWith(`${word} <`)) ?? [];
      const choice = rest.next().value;
      if (typeof option !== 'object' || option.choices?.includes(choice ?? '') !== true) return undefined;
      values[attributeOf(word)] = choice;
    }
  }
  if (argument === undefined) return operands.length === 0 ? [values] : undefined;
  return [operands, values];
}

/** `--print-name` is `printName`, and `--no-picker` is `picker`. */
function attributeOf(flag: string): string {
  return flag.replace(/^--(?:no-)?/, '').replaceAll(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
