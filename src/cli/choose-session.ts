// Which sso-session a command is about, and what to do if there is none.
import { NotFoundError, UsageError } from '../core/errors.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';
import type { StatusDocument } from '../local-api/schemas.ts';
import type { Dialog, Places } from './context.ts';
import { formatTable, harmless, shortenPath } from './terminal/render.ts';

/**
 * The sso-session of that name, or the only one, or the one that the user picks. `command` is the command line for hints.
 * @throws NotFoundError session-not-found: there is none, or none of that name
 * @throws UsageError usage: there are several, none was named, and nobody can be asked; config-malformed
 */
export async function chooseSession(
  status: StatusDocument,
  wanted: string | undefined,
  command: string,
  context: Dialog & Places,
): Promise<string> {
  const names = status.sessions.map(({ session }) => session);
  if (names.length === 0) throw noSession(status, context);
  const [only, ...others] = names;
  const chosen = wanted ?? (only !== undefined && others.length === 0 ? only : await pick(status, context));
  if (chosen !== undefined) {
    if (names.includes(chosen)) return chosen;
    throw new NotFoundError('session-not-found', `There is no sso-session "${chosen}". Known: ${names.join(', ')}.`);
  }
  throw new UsageError('usage', `There are several sso-sessions. Name one: ${names.join(', ')}.`, {
    hint: `${command} ${quoteForShell(names[0] ?? '')}`,
  });
}

/** By number or by name; undefined without an answer. */
async function pick(status: StatusDocument, context: Dialog): Promise<string | undefined> {
  const rows = status.sessions.map(({ session, startUrl }, index) => [
    `  ${index + 1}`,
    harmless(session),
    harmless(startUrl),
  ]);
  const answer = await context.ask(`${formatTable(rows)}Which sso-session (number or name)? `);
  const text = answer?.trim() ?? '';
  return text === '' ? undefined : (status.sessions[Number(text) - 1]?.session ?? text);
}

/** The problem with the config file, if there is one; otherwise how to set up the first session. */
export function noSession(status: StatusDocument, context: Places): NotFoundError | UsageError {
  const file = shortenPath(status.files.config, context.homeDirectory);
  const problem = status.problems.find(({ code }) => code === 'config-malformed');
  if (problem !== undefined) return new UsageError('config-malformed', problem.message, { hint: problem.hint });
  return new NotFoundError('session-not-found', `There is no [sso-session …] in ${file} yet.`, {
    hint: 'rolecall setup',
  });
}
