// The tree of commands as completions need it: for each command its words, its flags, and what its arguments are.
import type { Command, Option } from 'commander';

/** What a word on the command line stands for; `command` is a program with words of its own. */
export type WordKind = 'profile' | 'role' | 'session' | 'command' | 'shell' | 'file' | 'none';

export interface CommandWords {
  /** Without `rolecall`: empty for the program itself, `profiles sync` for one of a group. */
  readonly path: string;
  readonly description: string;
  readonly subcommands: readonly { readonly name: string; readonly description: string }[];
  readonly flags: readonly {
    readonly flag: string;
    readonly description: string;
    readonly takes: WordKind | undefined;
  }[];
  /** What its first and every further argument is. */
  readonly first: WordKind;
  readonly others: WordKind;
  /** The only words that it takes as an argument; empty when it is free. */
  readonly choices: readonly string[];
}

/** Every command, the program itself first, each group before its commands. */
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
        ...command.options.filter((option) => !option.hidden && option.long !== undefined).map(describeFlag),
        { flag: '--help', description: 'what it does and takes', takes: undefined },
      ],
      first: kindOf(first?.name(), path),
      others: kindOf(second?.name(), path),
      choices: first?.argChoices ?? [],
    },
    ...children.flatMap((child) => walk(child, [...path, child.name()])),
  ];
}

function describeFlag(option: Option) {
  const takes = option.required || option.optional ? kindOf(option.name(), []) : undefined;
  return { flag: option.long ?? '', description: option.description, takes };
}

const KINDS: Readonly<Record<string, WordKind>> = {
  profile: 'profile',
  session: 'session',
  'sso-session': 'session',
  command: 'command',
  shell: 'shell',
  directory: 'file',
  from: 'file',
};

function kindOf(name: string | undefined, path: readonly string[]): WordKind {
  if (name === 'query' && path[0] === 'use') return 'role';
  return (name === undefined ? undefined : KINDS[name]) ?? 'none';
}
