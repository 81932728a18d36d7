// `rolecall doctor`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--fix [code]': 'fix everything that is safe to fix, or only the problem with this code',
  '--report': 'print what a bug report needs: versions, counts and codes, no names and no secrets',
  '--json': 'print the findings as JSON',
} as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'troubleshooting',
  description: 'find out what is wrong, and how to fix it',
  options,
  help: `
  rolecall doctor
  rolecall doctor --fix                 what is safe; ends no sign-in
  rolecall doctor --fix socket-stale    by the code of a finding
  rolecall doctor --report              for a bug report`,
  run: async (values, context) => (await import('./run.ts')).runDoctor(values, context),
} as const;
