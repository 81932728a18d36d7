// `rolecall web`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--print': 'print the address instead of opening it; it works once, within a minute',
  '--token': "print the API's bearer token instead, for your own programs; the address is in web.json",
  '--json': 'print the address, or with --token the token, as JSON',
} as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'integrations',
  description: 'open the page with sessions, accounts and roles',
  options,
  help: `
  rolecall web
  rolecall web --print    to open it in another browser`,
  run: async (values, context) => (await import('./run.ts')).runWeb(values, context),
} as const;
