// The command tree as completions need it: subcommands, flags and the kind of each argument.
import type { Command, Option } from 'commander';

/** What kind of word to complete; `command` is another program followed by its own arguments. */
export type WordKind = 'profile' | 'role' | 'session' | 'host' | 'command' | 'shell' | 'file' | 'none';

export interface CommandWords {
  /** The words after `rolecall`: empty for the program itself, `profiles sync` for a command in a group. */
  readonly path: string;
  readonly description: string;
  readonly subcommands: readonly { readonly name: string; readonly description: string }[];
  readonly flags: readonly {
    readonly flag: string;
    readonly description: string;
    readonly takes: WordKind | undefined;
  }[];
  /** The kind of the first argument, and of all others. */
  readonly first: WordKind;
  readonly others: WordKind;
  /** The allowed values of the argument; empty when any is allowed. */
  readonly choices: readonly string[];
}

/** All commands: the program itself first, each group before its commands. */
export function describeCommands(program: Command): readonly CommandWords[] {
  return walk(program, []);
}

function walk(command: Command, path: readonly string[]): readonly CommandWords[] {
  const children = command.commands;
  const [first, second = first?.variadic === true ? first : undefined] = command.registeredArguments;
  return [
    {
      path: path.join(' '),
      description: command.description(),
      subcommands: children.map((child) => ({ name: child.name(), description: child.description() })),
      flags: [
        ...command.options
          .filter((option) => !option.hidden && option.long !== undefined)
          .map((option) => describeFlag(option, path)),
        { flag: '--help', description: 'show help for this command', takes: undefined },
      ],
      first: kindOf(first?.name(), path),
      others: kindOf(second?.name(), path),
      choices: first?.argChoices ?? [],
    },
    ...children.flatMap((child) => walk(child, [...path, child.name()])),
  ];
}

function describeFlag(option: Option, path: readonly string[]) {
  const takes = option.required || option.optional ? kindOf(option.name(), path) : undefined;
  return { flag: option.long ?? '', description: option.description, takes };
}

const KINDS: Readonly<Record<string, WordKind>> = {
  profile: 'profile',
  'profile|query': 'role',
  role: 'role',
  session: 'session',
  host: 'host',
  'sso-session': 'session',
  command: 'command',
  shell: 'shell',
  directory: 'file',
  from: 'file',
};

function kindOf(name: string | undefined, path: readonly string[]): WordKind {
  if (name === 'query' && path[0] === 'use') return 'role';
  if (name === 'role' && (path[0] === 'ssh' || path[0] === 'forward')) return 'profile';
  return (name === undefined ? undefined : KINDS[name]) ?? 'none';
}
