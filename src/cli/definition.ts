// What a command tells about itself: words and flags with their help, and how it is run. Types only, so that it costs nothing at start.
import type { Command } from 'commander';
import type { CliContext } from './context.ts';

/** What an option is for, as `--help` says it; an object when there is more to know than that. */
export type OptionDefinition =
  | string
  | {
      readonly description: string;
      readonly choices?: readonly string[];
      readonly default?: string;
      /** Works, but is left out of help, man page and completions. */
      readonly isHidden?: boolean;
    };

/** By their flags as commander writes them: `--json`, `-y, --yes`, `--region <name>`, `--from <tool...>`, `--no-browser`. */
export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

export interface ArgumentDefinition {
  /** `<required>`, `[optional]`, or `[any-number...]`. */
  readonly name: string;
  readonly description?: string;
  readonly choices?: readonly string[];
}

/** What a command is run with: what `main` gives to all of them, and the commands themselves. */
export interface CommandContext extends CliContext {
  /** All commands with their help, as commander knows them. */
  loadProgram(): Promise<Command>;
}

/** One command, whatever its options and arguments. */
export interface AnyCommand {
  /** One line in lower case without a full stop. */
  readonly description: string;
  readonly arguments?: readonly ArgumentDefinition[];
  readonly options?: OptionDefinitions;
  /** Below the options: examples, and what needs more than a line. */
  readonly help?: string;
  /** Prompts and scripts run it all day: plain command lines of it are run without loading the parser. */
  readonly isQuick?: boolean;
  /** What follows its first argument is a command line of another program, whose flags are not ours. */
  readonly takesCommand?: boolean;
  /** Gets the arguments, the values of the options, and the context; resolves the exit code. */
  run(...input: never): Promise<number> | number;
}

/** Commands below one word, like `rolecall profiles list`. */
export interface CommandGroup {
  readonly description: string;
  readonly commands: Readonly<Record<string, AnyCommand>>;
}

/**
 * One command with `Options`, the type of its option definitions, and `Words`, what its arguments are.
 * `run` loads the code behind the command with `import()`, so that listing all commands loads none of it.
 */
export interface CommandDefinition<
  Options extends OptionDefinitions = NoOptions,
  Words extends readonly unknown[] = [],
> extends AnyCommand {
  readonly options?: Options;
  run(...input: [...Words, OptionValues<Options>, CommandContext]): Promise<number> | number;
}

/** Of a command without options. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- that is what is meant
export type NoOptions = Record<never, never>;

/** Loads the definition of each command by name. */
export type CommandList = Readonly<Record<string, () => Promise<{ readonly definition: AnyCommand | CommandGroup }>>>;

/** What the parser makes of options: `--dry-run` is `dryRun?: boolean`, `--no-wait` is `wait: boolean`. */
export type OptionValues<Options> = {
  readonly [
    Flags in keyof Options as IsAlwaysSet<Flags, Options[Flags]> extends true ? never : Attribute<Flags>
  ]?: Value<Flags, Options[Flags]>;
} & {
  readonly [
    Flags in keyof Options as IsAlwaysSet<Flags, Options[Flags]> extends true ? Attribute<Flags> : never
  ]: Value<Flags, Options[Flags]>;
};

type IsAlwaysSet<Flags, Option> = Flags extends `--no-${string}`
  ? true
  : Option extends { readonly default: string }
    ? true
    : false;

type Value<Flags, Option> = Flags extends `${string}...>`
  ? readonly string[]
  : Flags extends `${string}>`
    ? Option extends { readonly choices: readonly (infer Choice)[] }
      ? Choice
      : string
    : boolean;

type Attribute<Flags> = Flags extends `${string}--no-${infer Name}`
  ? CamelCase<Name>
  : Flags extends `${string}--${infer Name} ${string}`
    ? CamelCase<Name>
    : Flags extends `${string}--${infer Name}`
      ? CamelCase<Name>
      : never;

type CamelCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name;
