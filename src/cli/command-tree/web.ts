// The command of the page.
import type { Command } from 'commander';
import type { WebOptions } from '../commands/web/run.ts';
import type { CliContext } from '../context.ts';

export function addWebCommands(program: Command, context: CliContext, done: (exitCode: number) => void): void {
  program
    .command('web')
    .description('the page: sessions, accounts, switching; opens in your browser')
    .option('--print', 'only print its address, which is good for one use within a minute')
    .option('--token', "print the API's bearer token instead, for your own programs; the address is in web.json")
    .action(async (options: WebOptions) => {
      const { runWeb } = await import('../commands/web/run.ts');
      done(await runWeb(options, context));
    });
}
