// Usage errors: unknown words, with the nearest valid one, and missing, extra or invalid arguments.
import { Command, type HelpContext, type Option } from 'commander';
import { UsageError } from '../core/errors.ts';
import { nearest } from '../core/text/nearest.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';

/**
 * A command that throws our errors. Commander calls these methods when it finds a mistake, with the word or option as data;
 * its own versions put them into an English message.
 */
export class StrictCommand extends Command {
  readonly argv: readonly string[];

  constructor(name = '', argv: readonly string[] = []) {
    super(name);
    this.argv = argv;
  }

  override createCommand(name?: string): StrictCommand {
    return new StrictCommand(name, this.argv);
  }

  unknownCommand(): never {
    const [word = ''] = this.args;
    this.#failForCommand(word);
  }

  /** Fails for `logn --help` and `help logn`, for which commander prints the help of the parent. */
  override outputHelp(context?: HelpContext | ((text: string) => string)): void {
    const word = this.args.find((each) => each !== 'help' && !each.startsWith('-'));
    if (word !== undefined && this.commands.length > 0 && !this.commands.some((command) => command.name() === word)) {
      this.#failForCommand(word);
    }
    super.outputHelp(context as HelpContext);
  }

  unknownOption(word: string): never {
    const [flag = ''] = word.split('=');
    const options = [this, ...ancestorsOf(this)].flatMap((command) => command.createHelp().visibleOptions(command));
    const flags = options.flatMap(({ long }) => long ?? []);
    if (flags.includes(flag)) {
      throw new UsageError('usage', `${pathOf(this)} takes no value after ${flag}.`, { hint: this.#with(word, flag) });
    }
    const meant = flag.startsWith('--') ? nearest(flag, flags) : undefined;
    const takesValue = options.some(({ long, required, optional }) => long === meant && (required || optional));
    this.#fail(`option "${flag}"`, word, meant, takesValue ? word.slice(flag.length) : '');
  }

  missingArgument(name: string): never {
    throw new UsageError('usage', `${pathOf(this)} needs a ${name}.`, helpOf(this));
  }

  optionMissingArgument(option: Option): never {
    throw new UsageError('usage', `${pathOf(this)} needs a value after ${option.long ?? option.flags}.`, helpOf(this));
  }

  #failForCommand(word: string): never {
    const names = this.createHelp()
      .visibleCommands(this)
      .map((command) => command.name());
    this.#fail(`command "${word}"`, word, nearest(word, names));
  }

  #fail(what: string, word: string, meant: string | undefined, value = ''): never {
    const message = this.parent === null ? `There is no ${what}` : `${pathOf(this)} has no ${what}`;
    if (meant === undefined) throw new UsageError('usage', `${message}.`, helpOf(this));
    throw new UsageError('usage', `${message}; did you mean "${meant}"?`, { hint: this.#with(word, meant + value) });
  }

  /** The command line as it was typed, except for one word. */
  #with(word: string, right: string): string {
    return ['rolecall', ...this.argv.with(this.argv.indexOf(word), right).map(quoteForShell)].join(' ');
  }
}

/** @throws UsageError usage: more arguments than the command takes */
export function checkArgumentCount(command: Command): void {
  const { registeredArguments: known, args } = command;
  if (args.length <= known.length || known.at(-1)?.variadic === true) return;
  const most = ['no argument', 'one argument at most'][known.length] ?? `${known.length} arguments at most`;
  throw new UsageError('usage', `${pathOf(command)} takes ${most}.`, helpOf(command));
}

/** The word itself. @throws UsageError usage: it is none of the choices */
export function checkChoice(word: string, choices: readonly string[], command: Command): string {
  if (choices.includes(word)) return word;
  throw new UsageError('usage', `"${word}" is not one of ${choices.join(', ')}.`, helpOf(command));
}

function ancestorsOf({ parent }: Command): readonly Command[] {
  return parent === null ? [] : [parent, ...ancestorsOf(parent)];
}

/** `rolecall profiles sync`. */
function pathOf(command: Command): string {
  return [command, ...ancestorsOf(command)]
    .map((each) => each.name())
    .toReversed()
    .join(' ');
}

const helpOf = (command: Command) => ({ hint: `${pathOf(command)} --help` });
