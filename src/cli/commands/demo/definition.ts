// `rolecall demo`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = { '--stay': 'keep emulator and daemon running, and print what to try' } as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'troubleshooting',
  description: 'show everything on the emulator, in a temporary home',
  options,
  help: `
  rolecall demo
  rolecall demo --stay    to try the commands yourself`,
  run: async (values, context) => (await import('./run.ts')).runDemo(values, context),
} as const;
