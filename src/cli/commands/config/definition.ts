// `rolecall config path`, `show`, `edit` and `check`: their options and help.
import type { CommandDefinition, CommandGroup } from '../../definition.ts';

const jsonOptions = { '--json': 'print it as JSON' } as const;

const path: CommandDefinition<typeof jsonOptions> = {
  description: 'print the path of the settings file',
  options: jsonOptions,
  help: `
  rolecall config path
  rolecall config path --json    and whether the file exists`,
  run: async (values, context) => (await import('./path.ts')).runConfigPath(values, context),
} as const;

const showOptions = {
  '--wide': 'show every value in full, whatever the width of the terminal',
  '--json': 'print it as JSON',
} as const;

const show: CommandDefinition<typeof showOptions> = {
  description: 'show the settings in force, and where each one comes from',
  options: showOptions,
  help: `
  rolecall config show
  rolecall config show --json | jq '.settings[] | select(.origin != "default")'

A setting comes from your file, from the file of your team, from a variable of
this shell, or it has its default. Passwords in URLs are not shown.`,
  run: async (values, context) => (await import('./show.ts')).runConfigShow(values, context),
} as const;

const edit: CommandDefinition = {
  description: 'open the settings file in your editor, and check it afterwards',
  help: `
  rolecall config edit
  EDITOR="code --wait" rolecall config edit

Uses $VISUAL, else $EDITOR, else vi or nano. If there is no file yet, it starts
with examples; without a change it is removed again.`,
  run: async (_values, context) => (await import('./edit.ts')).runConfigEdit(context),
} as const;

const check: CommandDefinition<typeof jsonOptions> = {
  description: 'check the settings file, and say whether the daemon uses it',
  options: jsonOptions,
  help: `
  rolecall config check && rolecall daemon restart

Exits with 2 if the settings are not valid, and names file and line.`,
  run: async (values, context) => (await import('./check.ts')).runConfigCheck(values, context),
} as const;

export const definition: CommandGroup = {
  section: 'setup',
  description: 'show, edit and check the settings',
  commands: { path, show, edit, check },
} as const;
