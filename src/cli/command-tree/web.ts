// The command of the page.
import type { Command } from 'commander';
import type { WebOptions } from '../commands/web.ts';
import type { CliContext } from '../context.ts';

export function addWebCommands(program: Command, context: CliContext, done: (exitCode: number) => void): void {
  program
    .command('web')
    .description('the page: sessions, accounts, switching; opens in your browser')
    .option('--print', 'only print its address, which is good for one use within a minute')
    .option('--token', 'print the bearer token of the address in web.json instead, for programs of your own')
    .action(async (options: WebOptions) => {
      const { runWeb } = await import('../commands/web.ts');
      done(await runWeb(options, context));
    });
}
