// The commands that look after rolecall itself: what is wrong, and the first day.
import type { Command } from 'commander';
import type { DoctorOptions } from '../commands/doctor.ts';
import type { CliContext } from '../context.ts';

export function addUpkeepCommands(program: Command, context: CliContext, done: (exitCode: number) => void): void {
  program
    .command('doctor')
    .description('what is wrong on this machine, and the command that mends it')
    .option('--fix <code>', 'mend what has this code, where that is safe')
    .option('--report', 'print what a bug report needs: versions, counts and codes, no name and no secret')
    .option('--json', 'print the findings as JSON')
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import('../commands/doctor.ts');
      done(await runDoctor(options, context));
    });
}
