// `rolecall approvals`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--refuse <id>': 'refuse the approval with this id, or "all"',
  '--json': 'print the approvals as JSON',
} as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'daily',
  description: 'list what waits for your approval, and refuse it',
  options,
  help: `
Protected roles wait until you agree, on the screen, on the page or with
rolecall approve. No command here can agree for you; everything can refuse.

  rolecall approvals                 what waits, who asked, where to answer
  rolecall approvals --refuse all    refuse everything that waits`,
  run: async (values, context) => (await import('./run.ts')).runApprovals(values, context),
} as const;
