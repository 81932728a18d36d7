// The types of a command's definition: arguments, options, help, and how to run it. Types only, so it costs nothing at start.
import type { Command } from 'commander';
import type { CliContext } from './context.ts';

/** The description for `--help`, or an object if the option needs more than that. */
export type OptionDefinition =
  | string
  | {
      readonly description: string;
      readonly choices?: readonly string[];
      readonly default?: string;
      /** May be given several times; the value is a list. */
      readonly isRepeatable?: true;
      /** Accepted, but not listed in help, man page and completions. */
      readonly isHidden?: boolean;
    };

/** Keyed by flags in commander's notation: `--json`, `-y, --yes`, `--region <name>`, `--from <tool...>`, `--fix [code]`, `--no-browser`. */
export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

export interface ArgumentDefinition {
  /** `<required>`, `[optional]`, or `[any-number...]`. */
  readonly name: string;
  readonly description?: string;
  readonly choices?: readonly string[];
}

/** What a command is run with: the context from `main`, and the list of all commands. */
export interface CommandContext extends CliContext {
  /** Every command with its help, as commander's objects. */
  loadProgram(): Promise<Command>;
}

/** The headings under which `rolecall --help` lists the commands. */
export type HelpSection = 'daily' | 'setup' | 'integrations' | 'troubleshooting';

/** A command with any options and arguments. */
export interface AnyCommand {
  /** Set for every command that is not part of a group. */
  readonly section?: HelpSection;
  /** One line in lower case without a full stop. */
  readonly description: string;
  readonly arguments?: readonly ArgumentDefinition[];
  readonly options?: OptionDefinitions;
  /** Printed below the options: examples and details. At most 80 columns; at least one example. */
  readonly help?: string;
  /** Prompts and scripts run it often, so plain command lines skip the parser. */
  readonly isQuick?: boolean;
  /** After its first argument comes another program's command line, whose flags are not ours; or first options of that program. */
  readonly takesCommand?: boolean | 'with-options';
  /** Receives the arguments, the option values and the context; returns the exit code. */
  run(...input: never): Promise<number> | number;
}

/** Commands below one word, like `rolecall profiles list`. */
export interface CommandGroup {
  readonly section: HelpSection;
  readonly description: string;
  readonly commands: Readonly<Record<string, AnyCommand>>;
}

/**
 * A command whose option values follow from `Options`, and whose arguments are `Words`.
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
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- there are no options on purpose
export type NoOptions = Record<never, never>;

/** Loads the definition of each command by name. */
export type CommandList = Readonly<Record<string, () => Promise<{ readonly definition: AnyCommand | CommandGroup }>>>;

/** The values that the parser returns: `--dry-run` is `dryRun?: boolean`, `--no-wait` is `wait: boolean`. */
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
    ? Option extends { readonly isRepeatable: true }
      ? readonly string[]
      : Option extends { readonly choices: readonly (infer Choice)[] }
        ? Choice
        : string
    : Flags extends `${string}]`
      ? string | true
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
