// Which sso-session a command is about, and what a person without one has to add.
import { NotFoundError, UsageError } from '../core/errors.ts';
import type { StatusDocument } from '../local-api/schemas.ts';
import { loadVersion } from '../local-api/version.ts';
import type { CliContext } from './context.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';
import { formatTable, harmless, shortenPath } from './terminal/render.ts';

/** A status is read from memory; only a keychain that asks for its password takes seconds. */
const STATUS_TIMEOUT_MS = 30_000;

/** The status, with a note on stderr when the daemon is another version or uses other endpoints than this shell. */
export async function loadStatus(context: CliContext): Promise<StatusDocument> {
  const status = await fetchStatus(context);
  const own = loadVersion();
  if (status.version !== own) {
    context.stderr.write(
      `Note: the daemon is rolecall ${harmless(status.version)}, this command is ${own}; to bring them together: rolecall daemon restart\n`,
    );
  }
  const differing = findDifferingVariables(status, context);
  if (differing.length > 0) {
    context.stderr.write(
      `Note: ${differing.join(', ')} of this shell ${differing.length === 1 ? 'is' : 'are'} not what the daemon was started with; ` +
        `to make it use ${differing.length === 1 ? 'that' : 'those'}: rolecall daemon restart\n`,
    );
  }
  return status;
}

/** The status and nothing else. */
export function fetchStatus(context: CliContext): Promise<StatusDocument> {
  return context.client.call('status', {}, { signal: context.signal, timeoutMs: STATUS_TIMEOUT_MS });
}

/** The endpoint variables that the daemon was started with other values of; the settings win over both. */
export function findDifferingVariables({ endpoints }: StatusDocument, { environment }: CliContext): string[] {
  const variables = [
    ['AWS_ENDPOINT_URL_SSO_OIDC', endpoints.ssoOidc],
    ['AWS_ENDPOINT_URL_SSO', endpoints.sso],
    ['AWS_ENDPOINT_URL_STS', endpoints.sts],
  ] as const;
  return variables.flatMap(([name, inForce]) =>
    inForce?.source === 'settings' || (environment[name] ?? '') === (inForce?.url ?? '') ? [] : [name],
  );
}

/**
 * The sso-session of that name, or the only one, or the one that the person picks; `command` is what is being run.
 * @throws NotFoundError session-not-found: there is none, or none of that name
 * @throws UsageError usage: several, none was named and nobody is there to ask; config-malformed
 */
export async function chooseSession(
  status: StatusDocument,
  wanted: string | undefined,
  command: string,
  context: CliContext,
): Promise<string> {
  const names = status.sessions.map(({ session }) => session);
  if (names.length === 0) throw noSession(status, context);
  const [only, ...others] = names;
  const chosen = wanted ?? (only !== undefined && others.length === 0 ? only : await pick(status, context));
  if (chosen !== undefined) {
    if (names.includes(chosen)) return chosen;
    throw new NotFoundError('session-not-found', `There is no sso-session "${chosen}"; there is: ${names.join(', ')}.`);
  }
  throw new UsageError('usage', `There are several sso-sessions, name one: ${names.join(', ')}.`, {
    hint: `${command} ${quoteForShell(names[0] ?? '')}`,
  });
}

/** By number or by name; undefined when nobody answers. */
async function pick(status: StatusDocument, context: CliContext): Promise<string | undefined> {
  const rows = status.sessions.map(({ session, startUrl }, index) => [
    `  ${index + 1}`,
    harmless(session),
    harmless(startUrl),
  ]);
  const answer = await context.ask(`${formatTable(rows)}Which sso-session (number or name)? `);
  const text = answer?.trim() ?? '';
  return text === '' ? undefined : (status.sessions[Number(text) - 1]?.session ?? text);
}

/** What is wrong with the file, when something is; else how to begin. */
export function noSession(status: StatusDocument, context: CliContext): NotFoundError | UsageError {
  const file = shortenPath(status.files.config, context.homeDirectory);
  const problem = status.problems.find(({ code }) => code === 'config-malformed');
  if (problem !== undefined) return new UsageError('config-malformed', problem.message, { hint: problem.hint });
  return new NotFoundError('session-not-found', `There is no [sso-session …] in ${file} yet.`, {
    hint: 'rolecall setup',
  });
}
