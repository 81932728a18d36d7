// The group of commands that makes the daemon a service, for commander.
import { Option, type Command } from 'commander';
import type { ServiceLogsOptions, ServiceOptions } from '../commands/service/run.ts';
import type { CliContext } from '../context.ts';

/** Adds the group to `program`; `done` gets the exit code of the command that ran. */
export function addServiceCommands(program: Command, context: CliContext, done: (exitCode: number) => void): void {
  const service = program
    .command('service')
    .description('the daemon as a service of yours: systemd user units, or a LaunchAgent on macOS');
  service
    .command('install')
    .description('start with the desktop and be there for the first request; again: for this version and this shell')
    .action(async () => {
      const { runServiceInstall } = await import('../commands/service/run.ts');
      done(await runServiceInstall(context));
    });
  service
    .command('uninstall')
    .description('stop it and take everything of it away; commands then start the daemon as before')
    .action(async () => {
      const { runServiceUninstall } = await import('../commands/service/run.ts');
      done(await runServiceUninstall(context));
    });
  service
    .command('status')
    .description('whether it is installed, what runs, and what is wrong with it')
    .option('--json', 'print it as JSON')
    .action(async (options: ServiceOptions) => {
      const { runServiceStatus } = await import('../commands/service/run.ts');
      done(await runServiceStatus(options, context));
    });
  service
    .command('logs')
    .description("what it has logged: from systemd's journal, else from the daemon's own file")
    .addOption(new Option('-n, --lines <number>', 'so many lines').default('100'))
    .option('-f, --follow', 'and what comes, until Ctrl-C')
    .action(async (options: ServiceLogsOptions) => {
      const { runServiceLogs } = await import('../commands/service/run.ts');
      done(await runServiceLogs(options, context));
    });
}
