// `rolecall lock`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = { '--json': 'print the outcome as JSON' } as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'daily',
  description: 'give out no credentials until: rolecall unlock',
  options,
  help: `
  rolecall lock  before you leave the machine

  Tokens stay in the keychain, and nothing is signed out. Programs that run on
  keep what they have got until it expires, and get more after the unlock.
  lock_with_screen and lock_after_minutes in the settings lock by themselves.`,
  run: async (values, context) => (await import('./run.ts')).runLock(values, context),
} as const;
