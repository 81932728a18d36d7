// `rolecall forward`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';
import { HOST, REACH_OPTIONS } from '../ssh/options.ts';

export const definition: CommandDefinition<typeof REACH_OPTIONS, [host: string | undefined, words: readonly string[]]> =
  {
    section: 'daily',
    description: 'give an SSH host one role without opening a shell there',
    arguments: [HOST, { name: '[arguments...]', description: "ssh's options" }],
    options: REACH_OPTIONS,
    help: `
Prints the line to type in a shell of the host that is open already, in an
editor's terminal or in tmux. The role is there until Ctrl-C, until the end of
--for, or until the connection ends.

  rolecall forward build-host
  rolecall forward --role taylor.Admin --for 30m dev@build-host -p 2222

Everything else is as for: rolecall ssh --help`,
    takesCommand: 'with-options',
    run: async (host, words, values, context) => (await import('./run.ts')).runForward(host, words, values, context),
  } as const;
