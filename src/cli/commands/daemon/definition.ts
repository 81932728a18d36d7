// `rolecall daemon start`, `stop`, `restart` and `run`: their help.
import type { CommandDefinition, CommandGroup } from '../../definition.ts';
import { YES_OPTION } from '../../yes-option.ts';

const jsonOptions = { '--json': 'print the outcome as JSON' } as const;
const endOptions = { ...YES_OPTION, ...jsonOptions } as const;

const start: CommandDefinition<typeof jsonOptions> = {
  description: 'start the daemon in the background',
  options: jsonOptions,
  help: `
  rolecall daemon start`,
  run: async (values, context) => (await import('./run.ts')).runDaemonStart(values, context),
} as const;

const stop: CommandDefinition<typeof endOptions> = {
  description: 'stop the daemon; returns when its process has ended',
  options: endOptions,
  help: `
  rolecall daemon stop`,
  run: async (values, context) => (await import('./run.ts')).runDaemonStop(values, context),
} as const;

const restart: CommandDefinition<typeof endOptions> = {
  description: "stop the daemon and start it with this shell's environment",
  options: endOptions,
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
