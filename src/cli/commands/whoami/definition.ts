// `rolecall whoami`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = { '--json': 'print it as JSON' } as const;

export const definition: CommandDefinition<typeof options> = {
  description: 'show which account and role this shell uses, and why',
  options,
  run: async (values, context) => (await import('./run.ts')).runWhoami(values, context),
} as const;
