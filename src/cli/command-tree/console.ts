// The command that opens the AWS console.
import type { Command } from 'commander';
import type { ConsoleOptions } from '../commands/console/run.ts';
import type { CliContext } from '../context.ts';

const HELP = `
Without a profile: that of AWS_PROFILE, else the current role.

  rolecall console taylor.Admin --service ec2
  rolecall console current --print
  rolecall console taylor.Admin --federated    signed in already; a secret, so it stays out of sight

The link goes by the access portal, which works with several roles at a time.
Each sso-session may have a browser of its own in the settings.`;

export function addConsoleCommands(program: Command, context: CliContext, done: (exitCode: number) => void): void {
  program
    .command('console')
    .description('the AWS console as one role, in the browser of its sso-session')
    .argument('[profile]', 'the profile whose role it is, or "current"; see: rolecall profiles list')
    .option('--service <name>', 'the service to land on, as in its address: ec2, s3, cloudwatch')
    .option('--region <region>', 'the region to land in')
    .option('--federated', 'sign in by the keys of the role instead of by the access portal')
    .option('--print', 'only print the URL')
    .option('--json', 'print the URL and whose it is as JSON')
    .addHelpText('after', HELP)
    .action(async (profile: string | undefined, options: ConsoleOptions) => {
      const { runConsole } = await import('../commands/console/run.ts');
      done(await runConsole(profile, options, context));
    });
}
