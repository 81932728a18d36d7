// Which sso-session a command is about, and what a person without one has to add.
import { NotFoundError, UsageError } from '../core/errors.ts';
import type { StatusDocument } from '../local-api/schemas.ts';
import type { CliContext } from './context.ts';
import { harmless, shortenPath } from './render.ts';

/** The status, with a line on stderr for each endpoint variable of this shell that the daemon does not share. */
export async function loadStatus(context: CliContext): Promise<StatusDocument> {
  const status = await context.client.call('status', {});
  const variables = [
    ['AWS_ENDPOINT_URL_SSO_OIDC', status.endpoints.ssoOidc],
    ['AWS_ENDPOINT_URL_SSO', status.endpoints.sso],
    ['AWS_ENDPOINT_URL_STS', status.endpoints.sts],
  ] as const;
  for (const [name, inForce] of variables) {
    if (inForce?.source === 'settings') continue;
    const here = context.environment[name] ?? '';
    if (here === (inForce?.url ?? '')) continue;
    const there = inForce === undefined ? 'without it' : `with ${inForce.url}`;
    context.stderr.write(
      `Note: ${name} of this shell is not in force; the daemon was started ${there}. To change that: rolecall daemon restart\n`,
    );
  }
  return status;
}

/**
 * The sso-session of that name, or the only one.
 * @throws NotFoundError session-not-found: there is none, or none of that name
 * @throws UsageError usage: several, and none was named
 */
export function chooseSession(status: StatusDocument, wanted: string | undefined, context: CliContext): string {
  const names = status.sessions.map(({ session }) => session);
  if (names.length === 0) throw noSession(status, context);
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    throw new NotFoundError(
      'session-not-found',
      `There is no sso-session "${wanted}"; there is: ${names.map(harmless).join(', ')}.`,
    );
  }
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  throw new UsageError('usage', `There are several sso-sessions, name one: ${names.map(harmless).join(', ')}.`, {
    hint: `rolecall login ${names[0] ?? ''}`,
  });
}

/** Said before the error itself: the lines that make rolecall work, ready to be pasted. */
function noSession(status: StatusDocument, context: CliContext): NotFoundError {
  const file = shortenPath(status.files.config, context.homeDirectory);
  const problem = status.problems.find(({ code }) => code === 'config-malformed');
  if (problem !== undefined) return new NotFoundError('session-not-found', problem.message, { hint: problem.hint });
  context.stderr.write(
    `Add these lines to ${file}, with the start URL and region that your administrator gave you:\n\n` +
      '[sso-session my-sso-session]\n' +
      'sso_start_url = https://d-1234567890.awsapps.com/start\n' +
      'sso_region = us-east-1\n' +
      'sso_registration_scopes = sso:account:access\n\n',
  );
  return new NotFoundError('session-not-found', `There is no [sso-session …] in ${file} yet.`, {
    hint: 'rolecall login',
  });
}
