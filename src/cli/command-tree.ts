// Every command, its options and its help, for commander; the work behind a command is loaded when it is run.
import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../core/errors.ts';
import { loadVersion } from '../local-api/version.ts';
import { addWebCommands } from './command-tree/web.ts';
import { addConsoleCommands } from './command-tree/console.ts';
import type { CredentialProcessOptions } from './commands/credential-process/run.ts';
import type { DemoOptions } from './commands/demo/run.ts';
import type { EnvOptions } from './commands/env/run.ts';
import type { ExecOptions } from './commands/exec/run.ts';
import type { LoginOptions } from './commands/login/run.ts';
import type { LogoutOptions } from './commands/logout/run.ts';
import type { LsOptions } from './commands/ls/run.ts';
import type { ProfilesOptions } from './commands/profiles/run.ts';
import type { StatusOptions } from './commands/status/run.ts';
import { addAdoptCommand, addUpkeepCommands } from './command-tree/upkeep.ts';
import { addSwitchingCommands } from './command-tree/switching.ts';
import { addServiceCommands } from './command-tree/service.ts';
import { addTrayCommands } from './command-tree/tray.ts';
import type { CliContext } from './context.ts';
import { LINE_FORMATS } from './quick-command.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';

/**
 * Runs one command line and gives its exit code; rejects with what the command threw.
 * @throws UsageError usage: no such command, option or argument
 */
export async function runCommandTree(argv: readonly string[], context: CliContext): Promise<number> {
  let exitCode = 0;
  const kept: string[] = [];
  const program = createProgram(
    context,
    (code) => {
      exitCode = code;
    },
    kept,
  );
  try {
    await program.parseAsync(separateCommand(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    if (error.code !== 'commander.help') throw describeUsageError(error, argv, program);
    // A group without its command: what there is to choose from.
    context.stderr.write(kept.join(''));
    return EXIT_USAGE;
  }
}

const EXIT_USAGE = 2;

/** The whole tree of commands; `done` gets the exit code of the one that ran, `kept` what commander says of errors. */
export function createProgram(context: CliContext, done: (exitCode: number) => void, kept: string[] = []): Command {
  const program = new Command('rolecall')
    .description(
      'Signs in to IAM Identity Center once and keeps AWS role credentials fresh for everything on this machine.',
    )
    .version(loadVersion(), '-V, --version', 'the versions of this command, of Node and of the daemon')
    .option('--debug', 'show what lies behind an error')
    .showSuggestionAfterError(true)
    .addHelpText('after', '\nA day starts with: rolecall login')
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void kept.push(text),
    });

  program
    .command('login')
    .description('sign in; a session that is live or can be refreshed needs no browser')
    .argument('[session]', 'the sso-session; not needed when there is only one')
    .option('--all', 'every sso-session, one after the other')
    .option('--profile <name>', 'the session of this profile')
    .option('--sso-session <name>', 'the same as the argument, for those used to aws sso login')
    .option('--no-browser', 'only print the page and the code')
    .option('--no-wait', 'return once signed in; the daemon lists the accounts by itself')
    .option('--force', 'ask for approval even though the session is live')
    .option('--fresh', 'sign out first, for new permission sets to show up')
    .option('--accept-user <name>', 'accept this user if somebody else signed in before')
    .option('--yes', "do not ask before signing in at an endpoint that is not AWS's")
    .addOption(new Option('--use-device-code', 'device authorization, which is what rolecall does').hideHelp())
    .option('--json', 'print the outcome as JSON')
    .action(async (session: string | undefined, options: LoginOptions) => {
      const { runLogin } = await import('./commands/login/run.ts');
      done(await runLogin(session, options, context));
    });

  program
    .command('logout')
    .description('end the session; nothing of it is served from that moment')
    .argument('[session]', 'the sso-session; not needed when there is only one')
    .option('--all', 'every sso-session')
    .option('--forget-keychain', 'give up what a keychain that is gone for good may still hold')
    .option('--json', 'print the outcome as JSON')
    .action(async (session: string | undefined, options: LogoutOptions) => {
      const { runLogout } = await import('./commands/logout/run.ts');
      done(await runLogout(session, options, context));
    });

  program
    .command('status')
    .description('who is signed in, for how long, and what is wrong')
    .option('--check', 'print nothing; exit 0 when every sso-session is signed in, else 4')
    .option('--watch', 'again at every change, until Ctrl-C; with --json an event a line, with --format a line')
    .option('--json', 'print the status as JSON')
    .addOption(new Option('--format <name>', 'one line for a bar or a prompt; starts no daemon').choices(LINE_FORMATS))
    .addHelpText('after', STATUS_HELP)
    .action(async (options: StatusOptions) => {
      const { runStatus } = await import('./commands/status/run.ts');
      done(await runStatus(options, context));
    });

  program
    .command('ls')
    .description('accounts and permission sets')
    .argument('[query...]', 'words that must all match')
    .option('--refresh', 'list anew first')
    .option('--json', 'print the list as JSON')
    .action(async (query: string[], options: LsOptions) => {
      const { runLs } = await import('./commands/ls/run.ts');
      done(await runLs(query, options, context));
    });

  const profiles = program.command('profiles').description('the profiles in ~/.aws/config');
  profiles
    .command('list')
    .description('every profile of ours with its account and permission set')
    .option('--json', 'print the plan as JSON')
    .action(async (options: ProfilesOptions) => {
      const { runProfilesList } = await import('./commands/profiles/run.ts');
      done(await runProfilesList(options, context));
    });
  profiles
    .command('sync')
    .description('write one profile for each account and permission set')
    .option('--dry-run', 'show the change and write nothing')
    .option('--prune', 'also remove the profiles that were kept because a listing lost too many roles at once')
    .option('--json', 'print the plan as JSON')
    .action(async (options: ProfilesOptions) => {
      const { runProfilesSync } = await import('./commands/profiles/run.ts');
      done(await runProfilesSync(options, context));
    });
  addAdoptCommand(profiles, context, done);

  program
    .command('exec')
    .description('run a command, or a subshell, as one role; its keys are renewed for as long as it runs')
    .argument('<profile>', 'the profile whose role it is, or "current"; see: rolecall profiles list')
    .argument('[command...]', 'what to run, after a --; your shell when absent')
    .option('--region <region>', "the region to work in; the profile's when absent")
    .option('--token-file', 'hand over the token in a file instead of a variable')
    .option('--env-keys', 'hand over the keys themselves, for tools that know nothing else; they end within hours')
    .addHelpText('after', EXEC_HELP)
    .action(async (profile: string, command: string[], options: ExecOptions) => {
      const { runExec } = await import('./commands/exec/run.ts');
      done(await runExec(profile, command, options, context));
    });

  program
    .command('env')
    .description('keys of one role as variables, for a shell or a file; they end and are not renewed')
    .argument('<profile>', 'the profile whose role it is, or "current"; see: rolecall profiles list')
    .option('--shell <name>', 'bash, zsh, fish, powershell, dotenv or json; that of $SHELL when absent')
    .option('--region <region>', "the region to work in; the profile's when absent")
    .addHelpText('after', ENV_HELP)
    .action(async (profile: string, options: EnvOptions) => {
      const { runEnv } = await import('./commands/env/run.ts');
      done(await runEnv(profile, options, context));
    });

  addSwitchingCommands(program, context, done);

  program
    .command('credential-process')
    .description("role credentials as AWS's credential_process document")
    .option('--session <name>', 'the sso-session')
    .option('--account <id>', 'the account, twelve digits')
    .option('--role <name>', 'the permission set')
    .option('--current', 'the current role')
    .addOption(new Option('--deadline-seconds <seconds>', 'give up after that').hideHelp())
    .action(async (options: CredentialProcessOptions) => {
      const { runCredentialProcess } = await import('./commands/credential-process/run.ts');
      done(await runCredentialProcess(options, context));
    });

  addWebCommands(program, context, done);
  addConsoleCommands(program, context, done);

  const daemon = program.command('daemon').description('the background service, by hand');
  daemon
    .command('start')
    .description('start it in the background')
    .action(async () => {
      const { runDaemonStart } = await import('./commands/daemon/run.ts');
      done(await runDaemonStart(context));
    });
  daemon
    .command('stop')
    .description('stop it; returns when it has ended')
    .action(async () => {
      const { runDaemonStop } = await import('./commands/daemon/run.ts');
      done(await runDaemonStop(context));
    });
  daemon
    .command('restart')
    .description('stop it and start it with the environment of this shell')
    .action(async () => {
      const { runDaemonRestart } = await import('./commands/daemon/run.ts');
      done(await runDaemonRestart(context));
    });
  daemon
    .command('run')
    .description('run it in the foreground, with its log on stderr')
    .action(async () => {
      const { runDaemonInForeground } = await import('./commands/daemon/run.ts');
      done(await runDaemonInForeground(context));
    });
  addServiceCommands(program, context, done);

  addUpkeepCommands(program, context, done);

  program
    .command('emulator')
    .description('IAM Identity Center in memory, to try things out')
    .option('--port <number>', 'the port on 127.0.0.1')
    .option('--directory <file>', 'organization, users and assignments as JSON')
    .option('--auto-approve', 'approve every sign-in by itself')
    .option('--json', 'print the addresses as one line of JSON')
    .action(async (options: EmulatorOptions) => done(await context.runProgram('emulator', emulatorArguments(options))));

  program
    .command('demo')
    .description('the whole story on the emulator, in a home of its own')
    .option('--stay', 'leave emulator and daemon running and say what to try')
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import('./commands/demo/run.ts');
      done(await runDemo(options, context));
    });

  addTrayCommands(program, context, done);

  forEachCommand(program, (command) => {
    command.exitOverride().showHelpAfterError(false);
  });
  return program;
}

const STATUS_HELP = `
For prompts, which should start no process, the daemon keeps the line of
--format prompt in ~/.local/state/rolecall/switch/prompt ("taylor.Admin ok"), on
macOS below ~/Library/Application Support/rolecall instead:

  PS1='$(<~/.local/state/rolecall/switch/prompt) \\$ '
  set -g status-right '#(rolecall status --format tmux)'`;

const EXEC_HELP = `
The command sees this role and no other: keys, profiles and a [default] with
credentials, which would win over it, are out of its way. Its exit status is ours.

  rolecall exec taylor.Admin -- terraform apply
  rolecall exec current -- aws s3 ls
  rolecall exec taylor.Admin -- nohup ./nightly &    goes on when the terminal is closed
  rolecall exec taylor.Admin                         a subshell, until you type exit`;

const ENV_HELP = `
  eval "$(rolecall env taylor.Admin)"                    bash, zsh
  rolecall env taylor.Admin --shell fish | source        fish
  rolecall env taylor.Admin --shell dotenv > .env        a file; keep it to yourself

For anything that runs longer than the keys: rolecall exec`;

/** `exec` with a "--" in front of the command when it was left out, so that no option of the command's is taken for ours. */
function separateCommand(argv: readonly string[]): string[] {
  const words = [...argv];
  if (words.find((word) => !word.startsWith('-')) !== 'exec') return words;
  let index = words.indexOf('exec') + 1;
  let isProfileSeen = false;
  for (; index < words.length && words[index] !== '--'; index += 1) {
    const word = words[index] ?? '';
    if (word === '--region') index += 1;
    else if (!word.startsWith('-') && isProfileSeen) break;
    else isProfileSeen ||= !word.startsWith('-');
  }
  if (words[index] === '--' && !isProfileSeen) {
    throw new UsageError('usage', 'exec needs a profile before the "--".', { hint: 'rolecall profiles list' });
  }
  if (isProfileSeen && index < words.length && words[index] !== '--') words.splice(index, 0, '--');
  return words;
}

interface EmulatorOptions {
  readonly port?: string;
  readonly directory?: string;
  readonly autoApprove?: boolean;
  readonly json?: boolean;
}

function emulatorArguments(options: EmulatorOptions): string[] {
  return [
    ...(options.port === undefined ? [] : ['--port', options.port]),
    ...(options.directory === undefined ? [] : ['--directory', options.directory]),
    ...(options.autoApprove === true ? ['--auto-approve'] : []),
    ...(options.json === true ? ['--json'] : []),
  ];
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
}

/** Commander's words in ours, and the command line as it was probably meant. */
function describeUsageError(error: CommanderError, argv: readonly string[], program: Command): UsageError {
  const { command, path } = findCommand(argv, program);
  const help = { hint: [...path, '--help'].join(' ') };
  const [, kind, wrong, suggestion] =
    /^error: unknown (command|option) '([^']*)'(?:\s*\(Did you mean (?:one of )?([^,?)]+)[^)]*\))?/.exec(
      error.message,
    ) ?? [];
  if (kind !== undefined && wrong !== undefined) {
    const what = kind === 'command' ? `no command "${wrong}"` : `no option "${wrong}"`;
    const message = command === program ? `There is ${what}` : `${path.join(' ')} has ${what}`;
    if (suggestion === undefined) return new UsageError('usage', `${message}.`, help);
    const meant = argv.map((word) =>
      word === wrong ? suggestion : word.replace(new RegExp(`^${escape(wrong)}=`), () => `${suggestion}=`),
    );
    return new UsageError('usage', `${message}; did you mean "${suggestion}"?`, {
      hint: ['rolecall', ...meant.map(quoteForShell)].join(' '),
    });
  }
  if (error.code === 'commander.excessArguments') {
    const [, most = '0'] = /Expected (\d+) argument/.exec(error.message) ?? [];
    const words: Readonly<Record<string, string>> = { '0': 'no argument', '1': 'one argument at most' };
    return new UsageError('usage', `${path.join(' ')} takes ${words[most] ?? `${most} arguments at most`}.`, help);
  }
  const [, given, choices] = /'([^']*)' is invalid.* Allowed choices are (.*)\.$/s.exec(error.message) ?? [];
  if (choices !== undefined) return new UsageError('usage', `"${given}" is not one of ${choices}.`, help);
  return new UsageError('usage', sentence(error.message), help);
}

/** The deepest command that `argv` names, with the words that lead to it. */
function findCommand(argv: readonly string[], program: Command): { command: Command; path: readonly string[] } {
  const path = ['rolecall'];
  let command = program;
  for (const word of argv) {
    if (word.startsWith('-')) continue;
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next === undefined) break;
    command = next;
    path.push(word);
  }
  return { command, path };
}

function escape(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, '\\$&');
}

function sentence(text: string): string {
  const clean = text.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  const capital = clean.charAt(0).toUpperCase() + clean.slice(1);
  return /[.?)]$/.test(capital) ? capital : `${capital}.`;
}
