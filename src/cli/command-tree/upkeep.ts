// The commands that look after rolecall itself: what is wrong, and the first day.
import type { Command } from 'commander';
import type { AdoptOptions } from '../commands/profiles/adopt.ts';
import type { DoctorOptions } from '../commands/doctor/run.ts';
import type { SetupOptions } from '../commands/setup/run.ts';
import type { CliContext } from '../context.ts';

export function addUpkeepCommands(program: Command, context: CliContext, done: (exitCode: number) => void): void {
  program
    .command('setup')
    .description('the first run: asks for what it needs, shows what it would write, and writes it')
    .option('--from <file-or-url>', 'take over a team file: sso-sessions, labels, names and rules; https or a file')
    .option('--refresh', 'fetch the team file again, and show what has changed before it is taken')
    .option('--start-url <url>', 'the start URL, as your administrator gave it, or its alias')
    .option('--sso-region <region>', 'the region of Identity Center; found by itself where the start page tells')
    .option('--name <name>', 'what the sso-session is to be called')
    .option('--profile-name-template <template>', 'how profiles are named: {account_name}.{permission_set}')
    .option('--secret-store <driver>', 'where tokens are kept: keychain, file or memory')
    .option('--service <yes|no>', 'whether the daemon is to start with your desktop; no when nobody is asked')
    .option('-y, --yes', 'ask nothing')
    .option('--dry-run', 'show what would be written and write nothing')
    .option('--json', 'print what was written as JSON; asks nothing either')
    .action(async (options: SetupOptions) => {
      const { runSetup } = await import('../commands/setup/run.ts');
      done(await runSetup(options, context));
    });

  program
    .command('doctor')
    .description('what is wrong on this machine, and the command that mends it')
    .option('--fix <code>', 'mend what has this code, where that is safe')
    .option('--report', 'print what a bug report needs: versions, counts and codes, no name and no secret')
    .option('--json', 'print the findings as JSON')
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import('../commands/doctor/run.ts');
      done(await runDoctor(options, context));
    });
}

/** The one that belongs to the group of profiles. */
export function addAdoptCommand(profiles: Command, context: CliContext, done: (exitCode: number) => void): void {
  profiles
    .command('adopt')
    .description('lead hand-written sso profiles, and those of other tools, to rolecall under the names they have')
    .option('--from <tool...>', 'aws, aws-sso, granted, aws-vault, leapp; all of them when absent')
    .option('--dry-run', 'show the change and write nothing')
    .option('--undo', 'put back the file of before the latest time, byte for byte')
    .option('-y, --yes', 'ask nothing')
    .option('--json', 'print the plan, or what was done, as JSON')
    .action(async (options: AdoptOptions) => {
      const { runProfilesAdopt } = await import('../commands/profiles/adopt.ts');
      done(await runProfilesAdopt(options, context));
    });
}
