// `rolecall uninstall`: its options and help.
import type { CommandDefinition } from '../../definition.ts';

const options = {
  '--keep-settings': 'keep config.toml and the other settings, for a later installation',
  '--keep-adopted': 'leave adopted profiles as they are; without rolecall they yield no credentials',
  '--dry-run': 'show what would be removed, and remove nothing',
  '-y, --yes': 'do not ask',
  '--json': 'print what was removed as JSON; removes only with --yes',
} as const;

export const definition: CommandDefinition<typeof options> = {
  section: 'setup',
  description: 'sign out and remove all that rolecall has written',
  options,
  help: `
  rolecall uninstall              lists what it removes, and asks
  rolecall uninstall --dry-run
  npm uninstall -g rolecall       then removes the program itself

Files that are not rolecall's stay, and are named. If a step fails, the others
go on; run it again after the fix.`,
  run: async (values, context) => (await import('./run.ts')).runUninstall(values, context),
} as const;
