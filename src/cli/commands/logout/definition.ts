// `rolecall logout`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--all': 'sign out of every sso-session',
  '--forget-keychain': 'sign out without the keychain; only for a keychain that is gone for good',
  '--json': 'print the outcome as JSON',
} as const;

export const definition: CommandDefinition<typeof options, [session: string | undefined]> = {
  section: 'daily',
  description: 'sign out, and stop serving credentials at once',
  arguments: [{ name: '[session]', description: 'the sso-session; optional if there is only one' }],
  options,
  help: `
  rolecall logout        the only sso-session
  rolecall logout --all  all of them`,
  run: async (session, values, context) => (await import('./run.ts')).runLogout(session, values, context),
} as const;
