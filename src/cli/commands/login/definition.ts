// `rolecall login`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--all': 'sign in to every sso-session, one after the other',
  '--profile <name>': 'sign in to the sso-session of this profile',
  '--sso-session <name>': 'the same as [session], as in: aws sso login',
  '--pkce': 'approve in a browser on this machine, without a code (PKCE)',
  '--use-device-code': 'enter a code in a browser, on this machine or another',
  '--no-browser': 'print the page, and open no browser',
  '--no-wait': 'return once signed in; the daemon lists the accounts in the background',
  '--force': 'ask for approval even if the session is live',
  '--fresh': 'sign out first, so that new permission sets show up',
  '--accept-user <name>': 'accept this user even if another one signed in before',
  '--yes': "sign in at an endpoint that is not AWS's without asking",
  '--json': 'print a line of JSON for each step: code and page, progress, and the outcome',
} as const;

export const definition: CommandDefinition<typeof options, [session: string | undefined]> = {
  section: 'daily',
  description: 'sign in; the browser is needed only if the session has ended',
  arguments: [{ name: '[session]', description: 'the sso-session; optional if there is only one' }],
  options,
  help: `
  rolecall login               the only sso-session
  rolecall login work          one of several
  rolecall login --all         all of them, one after the other
  rolecall login --no-browser  to open the page on another device`,
  run: async (session, values, context) => (await import('./first-steps.ts')).runLoginCommand(session, values, context),
} as const;
