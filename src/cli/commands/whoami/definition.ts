// `rolecall whoami`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = { '--json': 'print it as JSON' } as const;

export const definition: CommandDefinition<typeof options, [query: readonly string[]]> = {
  section: 'daily',
  description: 'show which role this shell uses, and why',
  arguments: [
    { name: '[profile|query...]', description: 'a profile, or words as in: rolecall use; without any this shell' },
  ],
  options,
  help: `
  rolecall whoami                         of this shell
  rolecall whoami log read                of a role
  rolecall whoami --json | jq -r .accountId`,
  run: async (query, values, context) => (await import('./run.ts')).runWhoami(query, values, context),
} as const;
