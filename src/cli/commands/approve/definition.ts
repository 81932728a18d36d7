// `rolecall approve`: its argument and help.
import type { CommandDefinition, NoOptions } from '../../definition.ts';

export const definition: CommandDefinition<NoOptions, [id: string | undefined]> = {
  section: 'daily',
  description: 'answer on this terminal what waits for your approval',
  arguments: [{ name: '[id]', description: 'of the approval, if several wait; its first characters are enough' }],
  help: `
For machines without a screen, and over SSH. The daemon itself asks here, and
only on a terminal that neither the program that waits nor what started it can
type on: log in once more, or use another window.

  rolecall approve          when one approval waits
  rolecall approve 0f3a     rolecall approvals lists the ids`,
  run: async (id, _values, context) => (await import('./run.ts')).runApprove(id, context),
} as const;
