// `rolecall demo`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = { '--stay': 'keep emulator and daemon running, and print what to try' } as const;

export const definition: CommandDefinition<typeof options> = {
  description: 'show everything on the emulator, in a temporary home',
  options,
  run: async (values, context) => (await import('./run.ts')).runDemo(values, context),
} as const;
