// `rolecall ls`: its arguments, options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--roles': 'one row for each role, with its profile',
  '--refresh': 'fetch the list from AWS first',
  '--wide': 'show every column in full, whatever the width of the terminal',
  '--no-pager': 'print a long list as it is, without a pager',
  '--json': 'print the list as JSON',
} as const;

export const definition: CommandDefinition<typeof options, [query: readonly string[]]> = {
  section: 'daily',
  description: 'list accounts and permission sets',
  arguments: [{ name: '[query...]', description: 'words that must all match' }],
  options,
  isQuick: true,
  help: `
  rolecall ls                every role
  rolecall ls prod read      roles that match both words
  rolecall ls --refresh      ask AWS first, for example for a new account
  rolecall ls --json | jq -r '.accounts[].accountName'
  rolecall ls --roles --json | jq -r '.roles[].profile // empty'`,
  run: async (query, values, context) => (await import('./run.ts')).runLs(query, values, context),
} as const;
