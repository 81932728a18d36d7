// The parser of command lines: commander, built from the definitions of the commands.
import { Argument, Command, CommanderError, Option } from 'commander';
import { loadVersion } from '../local-api/version.ts';
import type { CliContext } from './context.ts';
import type { AnyCommand, CommandContext, CommandGroup, CommandList, OptionDefinition } from './definition.ts';
import { ABOUT, fillParagraphs, formatOverview, helpColumns, MAX_COLUMNS } from './print-overview.ts';
import { decorateStream } from './terminal/wrap-text.ts';
import { checkArgumentCount, checkChoice, StrictCommand } from './strict-command.ts';

const EXIT_USAGE = 2;
const COLOUR_CHOICES = ['auto', 'always', 'never'] as const;
/** Descriptions beside the options wrap even if their column is as narrow as this. */
const MIN_HELP_COLUMN = 20;

type Definitions = readonly (readonly [name: string, definition: AnyCommand | CommandGroup])[];
type Run = (definition: AnyCommand, input: readonly unknown[]) => Promise<void>;

/**
 * Runs one command line and resolves its exit code; rejects with what the command threw.
 * @throws UsageError usage: no such command, option or argument
 */
export async function runParsed(
  argv: readonly string[],
  commands: CommandList,
  given: CommandContext,
  onColour: (context: CommandContext) => void,
): Promise<number> {
  let context = given;
  const name = argv.find((word, index) => !word.startsWith('-') && argv[index - 1] !== '--color') ?? '';
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  // Help and suggestions need every definition; a command that exists needs only its own.
  const definitions = await loadDefinitions(load === undefined ? commands : { [name]: load });
  let exitCode = 0;
  const own = definitions.find(([other]) => other === name)?.[1];
  const takesCommand = own !== undefined && 'run' in own && own.takesCommand !== undefined;
  const { words, ...separation } = takesCommand ? separateCommand(argv, name, own) : { words: argv };
  const program = createProgram(
    new StrictCommand('rolecall', argv),
    definitions,
    context,
    async (definition, input) => {
      const values = { ...(input.at(-1) as object), ...separation };
      exitCode = await definition.run(...([...input.slice(0, -1), values, context] as never));
    },
  );
  program.on('option:color', (when: string) => {
    context = withColour(given, when);
    onColour(context);
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed a help: exit code 0 if it was requested, else for a group without its command.
    return error.exitCode === 0 ? 0 : EXIT_USAGE;
  }
}

/** `always` and `never` win over the environment; `auto` leaves it to that. */
function withColour(context: CommandContext, when: string): CommandContext {
  if (when === 'auto') return context;
  const options = { wraps: false, isColoured: when === 'always' };
  return {
    ...context,
    stdout: decorateStream(context.stdout, options),
    stderr: decorateStream(context.stderr, options),
  };
}

/** Every command with its help, for completions, docs and man pages. Their actions do nothing. */
export async function loadProgram(
  commands: CommandList,
  streams: Pick<CliContext, 'stdout' | 'stderr'>,
): Promise<Command> {
  return createProgram(new Command('rolecall'), await loadDefinitions(commands), streams, async () => undefined);
}

async function loadDefinitions(commands: CommandList): Promise<Definitions> {
  return Promise.all(Object.entries(commands).map(async ([name, load]) => [name, (await load()).definition] as const));
}

function createProgram(
  program: Command,
  definitions: Definitions,
  { stdout, stderr }: Pick<CliContext, 'stdout' | 'stderr'>,
  run: Run,
): Command {
  program
    .description(ABOUT)
    .version(loadVersion(), '-V, --version', 'print the versions of this command, of Node and of the daemon')
    .option('--debug', 'print requests to the daemon, and the causes of an error')
    .addOption(
      createOption('--color <when>', { description: 'colour the output or not', choices: COLOUR_CHOICES }, program),
    )
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHelpWidth: () => helpColumns(stdout),
      getErrHelpWidth: () => helpColumns(stderr),
    })
    .configureHelp({ minWidthToWrap: MIN_HELP_COLUMN })
    .exitOverride();
  program.helpInformation = () => formatOverview(helpColumns(stdout));
  for (const [name, definition] of definitions) addCommand(program, name, definition, run);
  return program;
}

function addCommand(parent: Command, name: string, definition: AnyCommand | CommandGroup, run: Run): void {
  const command = parent.command(name).description(definition.description);
  if ('commands' in definition) {
    for (const [child, childDefinition] of Object.entries(definition.commands)) {
      addCommand(command, child, childDefinition, run);
    }
    return;
  }
  for (const { name: argumentName, description, choices } of definition.arguments ?? []) {
    const argument = new Argument(argumentName, description);
    if (choices !== undefined) argument.choices(choices).argParser((word) => checkChoice(word, choices, command));
    command.addArgument(argument);
  }
  for (const [flags, option] of Object.entries(definition.options ?? {})) {
    command.addOption(createOption(flags, option, command));
  }
  const { help } = definition;
  if (help !== undefined) {
    command.addHelpText('after', ({ error }) => {
      const { getErrHelpWidth, getOutHelpWidth } = command.configureOutput();
      return fillParagraphs(help, (error ? getErrHelpWidth : getOutHelpWidth)?.() ?? MAX_COLUMNS);
    });
  }
  command.allowExcessArguments().action(async () => {
    checkArgumentCount(command);
    await run(definition, [...(command.processedArgs as unknown[]), command.opts()]);
  });
}

function createOption(flags: string, definition: OptionDefinition, command: Command): Option {
  if (typeof definition === 'string') return new Option(flags, definition);
  const { description, choices, isHidden } = definition;
  const option = new Option(flags, description).hideHelp(isHidden === true);
  if (choices !== undefined) option.choices(choices).argParser((word) => checkChoice(word, choices, command));
  if (definition.isRepeatable === true) {
    option.argParser((word, before: readonly string[] | undefined) => [...(before ?? []), word]);
  }
  return definition.default === undefined ? option : option.default(definition.default);
}

interface SeparatedLine {
  readonly words: readonly string[];
  /** Whether the user typed "--" right after the first argument, or before any. */
  readonly isSeparated: boolean;
}

/** Adds a missing "--" before the other program's command line, so that its flags are not taken for ours. */
function separateCommand(argv: readonly string[], name: string, definition: AnyCommand): SeparatedLine {
  const { options = {} } = definition;
  const flags = Object.keys(options);
  const takesValue = (word: string) => word === '--color' || flags.some((other) => other.startsWith(`${word} <`));
  let index = argv.indexOf(name) + 1;
  if (definition.takesCommand === 'with-options') return separateOptions(argv, index, takesValue);
  let isArgumentSeen = false;
  for (; index < argv.length && argv[index] !== '--'; index += 1) {
    const word = argv[index] ?? '';
    if (takesValue(word)) index += 1;
    else if (!word.startsWith('-') && isArgumentSeen) break;
    else isArgumentSeen ||= !word.startsWith('-');
  }
  const isSeparated = argv[index] === '--';
  // The first argument is empty in `exec -- COMMAND`.
  if (isSeparated && !isArgumentSeen) return { words: argv.toSpliced(index, 0, ''), isSeparated };
  if (!isArgumentSeen || index >= argv.length || isSeparated) return { words: argv, isSeparated };
  return { words: argv.toSpliced(index, 0, '--'), isSeparated };
}

/**
 * Puts our own options, which are long ones before or right after the first argument, before a "--", and everything else behind it.
 * A first argument with one "-" gets there too, and is refused by the command itself.
 */
function separateOptions(argv: readonly string[], start: number, takesValue: (word: string) => boolean): SeparatedLine {
  const own: string[] = [];
  const others: string[] = [];
  let index = start;
  for (; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--' || (others.length > 0 && !word.startsWith('--'))) break;
    if (!word.startsWith('--') && word !== '-h') others.push(word);
    else if (takesValue(word)) own.push(...argv.slice(index, (index += 1) + 1));
    else own.push(word);
  }
  const isSeparated = argv[index] === '--';
  // A "--" before the host separates nothing else; one after it belongs to the other program.
  const rest = argv.slice(isSeparated && others.length === 0 ? index + 1 : index);
  return { words: [...argv.slice(0, start), ...own, '--', ...others, ...rest], isSeparated };
}
