// `rolecall env`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--shell <name>': "bash, zsh, fish, powershell, dotenv or json; $SHELL's by default",
  '--json': 'the same as --shell json',
  '--region <region>': "the region to work in; the profile's by default",
} as const;

export const definition: CommandDefinition<typeof options, [query: readonly string[]]> = {
  section: 'daily',
  description: 'print the keys of one role as variables; they expire',
  arguments: [
    {
      name: '[profile|query...]',
      description: 'a profile, "current", or words as in: rolecall use; without any you choose from a list',
    },
  ],
  options,
  help: `
  eval "$(rolecall env taylor.Admin)"                bash, zsh
  rolecall env taylor.Admin --shell fish | source    fish
  eval "$(rolecall env log read)"                    the role of both words
  rolecall env taylor.Admin --shell dotenv > .env    a file; keep it to yourself

For anything that runs longer than the keys: rolecall exec`,
  run: async (query, values, context) => (await import('./run.ts')).runEnv(query, values, context),
} as const;
