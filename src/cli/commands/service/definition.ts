// `rolecall service install`, `uninstall`, `status` and `logs`: their options and help.
import type { CommandDefinition, CommandGroup } from '../../definition.ts';
import { YES_OPTION } from '../../yes-option.ts';

const endOptions = { ...YES_OPTION, '--json': 'print the outcome as JSON' } as const;

const install: CommandDefinition<typeof endOptions> = {
  description: 'start the daemon with your desktop or at the first request; repeat it after an update or a new PATH',
  options: endOptions,
  help: `
  rolecall service install`,
  run: async (values, context) => (await import('./run.ts')).runServiceInstall(values, context),
} as const;

const uninstall: CommandDefinition<typeof endOptions> = {
  description: 'stop and remove the service; commands then start the daemon themselves',
  options: endOptions,
  help: `
  rolecall service uninstall`,
  run: async (values, context) => (await import('./run.ts')).runServiceUninstall(values, context),
} as const;

const statusOptions = { '--json': 'print it as JSON' } as const;

const status: CommandDefinition<typeof statusOptions> = {
  description: 'show whether the service is installed, what runs, and what is wrong',
  options: statusOptions,
  help: `
  rolecall service status`,
  run: async (values, context) => (await import('./run.ts')).runServiceStatus(values, context),
} as const;

const logOptions = {
  '-n, --lines <number>': { description: 'how many lines to show', default: '100' },
  '-f, --follow': 'keep printing new lines, until Ctrl-C',
} as const;

const logs: CommandDefinition<typeof logOptions> = {
  description: "show the daemon's log, from systemd's journal or from its own file",
  options: logOptions,
  help: `
  rolecall service logs -n 20
  rolecall service logs --follow`,
  run: async (values, context) => (await import('./run.ts')).runServiceLogs(values, context),
} as const;

export const definition: CommandGroup = {
  section: 'setup',
  description: 'run the daemon as your own service (systemd, launchd)',
  commands: { install, uninstall, status, logs },
} as const;
