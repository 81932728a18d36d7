// `rolecall daemon start`, `stop`, `restart` and `run`: their help.
import type { CommandDefinition, CommandGroup } from '../../definition.ts';

const start: CommandDefinition = {
  description: 'start the daemon in the background',
  run: async (_values, context) => (await import('./run.ts')).runDaemonStart(context),
} as const;

const stop: CommandDefinition = {
  description: 'stop the daemon; returns when its process has ended',
  run: async (_values, context) => (await import('./run.ts')).runDaemonStop(context),
} as const;

const restart: CommandDefinition = {
  description: "stop the daemon and start it with this shell's environment",
  run: async (_values, context) => (await import('./run.ts')).runDaemonRestart(context),
} as const;

const run: CommandDefinition = {
  description: 'run the daemon in the foreground, with its log on stderr',
  run: async (_values, context) => (await import('./run.ts')).runDaemonInForeground(context),
} as const;

export const definition: CommandGroup = {
  description: 'start and stop the background service by hand',
  commands: { start, stop, restart, run },
} as const;
