// `rolecall setup`: the first run, and then the sign-in; or a team file.
import { UsageError } from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { CommandContext } from '../../definition.ts';
import { askWithYesAsDefault } from '../../terminal/ask-yes-no.ts';
import { setUp, type SetupOptions } from './set-up.ts';

export async function runSetup(options: SetupOptions, context: CommandContext): Promise<number> {
  if (options.from !== undefined || options.refresh === true) {
    const { runTeamSetup } = await import('./team-setup.ts');
    return runTeamSetup(options, context);
  }
  if (options.sha256 !== undefined || options.publicKey !== undefined) {
    throw new UsageError('usage', '--sha256 and --public-key are for a team file: use them with --from.', {
      hint: 'rolecall setup --help',
    });
  }
  const outcome = await setUp(options, context);
  if (outcome === undefined) return 0;
  if (options.json === true || !outcome.isWritten) return 0;
  const [name = '', ...others] = outcome.sessionNames;
  const command = `rolecall login ${others.length > 0 ? '--all' : quoteForShell(name)}`;
  const isAsked = context.stdinIsTerminal && options.yes !== true;
  if (isAsked && (await askWithYesAsDefault('Sign in now?', context))) {
    const { runLoginCommand } = await import('../login/first-steps.ts');
    // With several sessions it asks for one.
    return runLoginCommand(others.length > 0 ? undefined : name, { wait: true, browser: true }, context);
  }
  context.stderr.write(isAsked ? `You are not signed in. Later: ${command}\n` : `Now sign in: ${command}\n`);
  return 0;
}
