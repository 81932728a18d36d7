// `rolecall passkey add`, `list` and `remove`: their options and help.
import type { CommandDefinition, CommandGroup } from '../../definition.ts';

const jsonOptions = { '--json': 'print it as JSON' } as const;

const addOptions = {
  '--print': 'print the address of the page instead of opening it',
  '--no-wait': 'return at once; go on with it on the page',
  '--json': 'print where it is approved as JSON, and return at once',
} as const;

const add: CommandDefinition<typeof addOptions, [label: string | undefined]> = {
  description: 'register a passkey that approves protected roles',
  arguments: [{ name: '[label]', description: 'to tell it apart from others' }],
  options: addOptions,
  help: `
  rolecall passkey add
  rolecall passkey add "blue key"

A click approves the first one; each further one needs one that you have.
Then the page registers it: with a security key, a phone, or this device.`,
  run: async (label, values, context) => (await import('./add.ts')).runPasskeyAdd(label, values, context),
} as const;

const list: CommandDefinition<typeof jsonOptions> = {
  description: 'list the registered passkeys',
  options: jsonOptions,
  help: `
  rolecall passkey list
  rolecall passkey list --json | jq -r '.passkeys[].label'`,
  run: async (values, context) => (await import('./list.ts')).runPasskeyList(values, context),
} as const;

const remove: CommandDefinition<typeof addOptions, [passkey: string]> = {
  description: 'remove a passkey, which a passkey has to approve',
  arguments: [{ name: '<passkey>', description: 'its label, or the start of its id' }],
  options: addOptions,
  help: `
  rolecall passkey remove "blue key"
  rolecall passkey remove -- "$id"

"--" is for ids out of "passkey list --json", which may begin with "-".
Any registered passkey can approve it. If you have lost all of them:
docs/passkeys.md.`,
  run: async (passkey, values, context) => (await import('./remove.ts')).runPasskeyRemove(passkey, values, context),
} as const;

export const definition: CommandGroup = {
  section: 'setup',
  description: 'add, list and remove the passkeys that approve protected roles',
  commands: { add, list, remove },
} as const;
