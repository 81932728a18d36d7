// `rolecall unlock`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = { '--json': 'print the outcome as JSON' } as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'daily',
  description: 'give out credentials again after: rolecall lock',
  options,
  help: `
  rolecall unlock  also after lock_with_screen and lock_after_minutes

  With unlock = "click" or "passkey" in the settings it says where you confirm,
  and waits for that.`,
  run: async (values, context) => (await import('./run.ts')).runUnlock(values, context),
} as const;
