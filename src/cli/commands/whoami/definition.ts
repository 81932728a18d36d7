// `rolecall whoami`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = { '--json': 'print it as JSON' } as const;

export const definition: CommandDefinition<typeof options, [query: readonly string[]]> = {
  description: 'show which account and role this shell uses, and why, or whose a profile is',
  arguments: [
    { name: '[profile|query...]', description: 'a profile, or words as in: rolecall use; without any this shell' },
  ],
  options,
  run: async (query, values, context) => (await import('./run.ts')).runWhoami(query, values, context),
} as const;
