// `rolecall daemon start`, `stop`, `restart` and `run`: their help.
import type { CommandDefinition, CommandGroup } from '../../definition.ts';
import { YES_OPTION } from '../../yes-option.ts';

const start: CommandDefinition = {
  description: 'start the daemon in the background',
  help: `
  rolecall daemon start`,
  run: async (_values, context) => (await import('./run.ts')).runDaemonStart(context),
} as const;

const stop: CommandDefinition<typeof YES_OPTION> = {
  description: 'stop the daemon; returns when its process has ended',
  options: YES_OPTION,
  help: `
  rolecall daemon stop`,
  run: async (values, context) => (await import('./run.ts')).runDaemonStop(values, context),
} as const;

const restart: CommandDefinition<typeof YES_OPTION> = {
  description: "stop the daemon and start it with this shell's environment",
  options: YES_OPTION,
  help: `
  rolecall daemon restart

Do this after a change of the settings, of proxy variables, or of the service.`,
  run: async (values, context) => (await import('./run.ts')).runDaemonRestart(values, context),
} as const;

const run: CommandDefinition = {
  description: 'run the daemon in the foreground, with its log on stderr',
  help: `
  rolecall daemon run`,
  run: async (_values, context) => (await import('./run.ts')).runDaemonInForeground(context),
} as const;

export const definition: CommandGroup = {
  section: 'troubleshooting',
  description: 'start and stop the background service by hand',
  commands: { start, stop, restart, run },
} as const;
