// `rolecall profiles list`, `sync` and `adopt`: their options and help.
import type { CommandDefinition, CommandGroup } from '../../definition.ts';

const listOptions = {
  '--wide': 'show every column in full, whatever the width of the terminal',
  '--no-pager': 'print a long list as it is, without a pager',
  '--json': 'print the plan as JSON',
} as const;

const list: CommandDefinition<typeof listOptions> = {
  description: "list rolecall's profiles with account and permission set",
  options: listOptions,
  help: `
  rolecall profiles list
  rolecall profiles list --json | jq -r '.profiles[].profileName'`,
  run: async (values, context) => (await import('./list.ts')).runProfilesList(values, context),
} as const;

const syncOptions = {
  '--dry-run': 'show the change and write nothing',
  '--no-pager': 'print a long change as it is, without a pager',
  '--prune': 'also remove the profiles that were kept because a listing lost too many roles at once',
  '--json': 'print the plan as JSON',
} as const;

const sync: CommandDefinition<typeof syncOptions> = {
  description: 'write one profile for each account and permission set',
  options: syncOptions,
  help: `
  rolecall profiles sync --dry-run
  rolecall profiles sync`,
  run: async (values, context) => (await import('./sync.ts')).runProfilesSync(values, context),
} as const;

const adoptOptions = {
  '--from <tool...>': 'aws, aws-sso, granted, aws-vault or leapp; all of them by default',
  '--dry-run': 'show the change and write nothing',
  '--undo': 'put the file back as it was before the last adoption, byte for byte',
  '-y, --yes': 'do not ask',
  '--json': 'print the plan, or what was done, as JSON',
} as const;

const adopt: CommandDefinition<typeof adoptOptions> = {
  description: 'convert hand-written sso profiles, and those of other tools, to rolecall under the same names',
  options: adoptOptions,
  help: `
  rolecall profiles adopt --dry-run
  rolecall profiles adopt --from granted
  rolecall profiles adopt --undo`,
  run: async (values, context) => (await import('./adopt.ts')).runProfilesAdopt(values, context),
} as const;

export const definition: CommandGroup = {
  section: 'setup',
  description: 'write, list and convert the profiles in ~/.aws/config',
  commands: { list, sync, adopt },
} as const;
