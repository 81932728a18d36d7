// After the first sign-in to a session, on a terminal: offers to convert the profiles that the user has, and the shell hook.
import { RolecallError } from '../../../core/errors.ts';
import type { CommandContext } from '../../definition.ts';
import { guessHookShell } from '../../shell/install-lines.ts';
import { fetchStatus } from '../../sessions.ts';
import { createInterview } from '../../terminal/interview.ts';
import { count, reportNote } from '../../terminal/render.ts';
import type { LoginOptions } from './options.ts';
import { runLogin } from './run.ts';

/** `rolecall login` as a person types it: signs in, and offers the next steps if this was the first time. */
export async function runLoginCommand(
  wanted: string | undefined,
  options: LoginOptions,
  context: CommandContext,
): Promise<number> {
  const isOffered = context.stdinIsTerminal && options.wait && options.json !== true;
  const before = isOffered ? await listedSessions(context) : [];
  const exitCode = await runLogin(wanted, options, context);
  if (!isOffered || exitCode !== 0) return exitCode;
  const sessions = (await listedSessions(context)).filter((session) => !before.includes(session));
  if (sessions.length > 0) await offerFirstSteps(sessions, context);
  return exitCode;
}

/** Offers to convert hand-written profiles of these sessions, and then the shell hook. No answer means no. */
async function offerFirstSteps(sessions: readonly string[], context: CommandContext): Promise<void> {
  const quiet: CommandContext = { ...context, ask: async (question) => (await context.ask(question)) ?? 'n' };
  for (const session of sessions) await offerAdoption(session, quiet);
  await offerShellHook(quiet);
}

/** The sessions whose accounts have been listed, which follows each sign-in. */
async function listedSessions(context: CommandContext): Promise<readonly string[]> {
  const { sessions } = await fetchStatus(context);
  return sessions.filter(({ catalog }) => catalog !== null).map(({ session }) => session);
}

/** Only profiles of this session: those of others would fail until their sign-in. */
async function offerAdoption(session: string, context: CommandContext): Promise<void> {
  const body = { session, dryRun: true };
  const { adopted } = await context.client.call('adoptProfiles', { body }, { signal: context.signal });
  if (adopted.length === 0) return;
  context.stderr.write(
    `\nYou already have ${count(adopted.length, 'profile')} for these accounts. rolecall can serve ` +
      `${adopted.length === 1 ? 'it' : 'them'}\nunder the same ${adopted.length === 1 ? 'name' : 'names'}. ` +
      'The file as it is now is kept, and can be put back.\n',
  );
  const { runProfilesAdopt } = await import('../profiles/adopt.ts');
  await runProfilesAdopt({ session }, context);
}

/** Offers nothing if the hook is there, or for a shell that has none. */
export async function offerShellHook(context: CommandContext): Promise<void> {
  const shell = guessHookShell(context.environment['SHELL']);
  if (shell === undefined) return;
  const { install, planInstall, showPlan } = await import('../shell-init/install.ts');
  try {
    const plan = await planInstall(shell, context);
    if (plan.problems.length > 0 || plan.handWritten.length > 0 || plan.changes.length === 0) return;
    context.stderr.write('\nThe shell hook lets `rolecall use` switch this shell; with it come completions.\n');
    await showPlan(plan, context);
    const interview = createInterview(context, { isQuiet: false, command: 'rolecall shell-init' });
    if (await interview.confirm(`Set them up for ${shell}?`, true)) await install(shell, plan, context);
    else context.stderr.write('The hook was not set up. Later: rolecall shell-init --install\n');
  } catch (error) {
    // The sign-in has worked, so this is no failure.
    if (!(error instanceof RolecallError)) throw error;
    reportNote(`The shell hook was not set up. ${error.message}`, context);
  }
}
