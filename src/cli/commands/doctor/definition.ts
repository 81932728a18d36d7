// `rolecall doctor`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--fix <code>': 'fix the problem with this code, where that is safe',
  '--report': 'print what a bug report needs: versions, counts and codes, no names and no secrets',
  '--json': 'print the findings as JSON',
} as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'troubleshooting',
  description: 'find out what is wrong, and how to fix it',
  options,
  help: `
  rolecall doctor
  rolecall doctor --fix socket-stale    by the code of a finding
  rolecall doctor --report              for a bug report`,
  run: async (values, context) => (await import('./run.ts')).runDoctor(values, context),
} as const;
