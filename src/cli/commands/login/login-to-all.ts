// `rolecall login --all`: signs in to every sso-session, one after the other, since each has its own page and code.
import { errorFromBody, RolecallError, type ErrorBody } from '../../../core/errors.ts';
import { formatJsonLine } from '../../../core/text/format-json.ts';
import type { StatusDocument } from '../../../local-api/schemas.ts';
import { noSession } from '../../choose-session.ts';
import { createPainter, harmless, reportFailure } from '../../terminal/render.ts';
import type { EndpointConsent } from './endpoint-consent.ts';
import { printDoneLine } from './login-lines.ts';
import { loginToSession } from './login-to-session.ts';
import type { LoginContext, LoginOptions, LoginOutcome } from './options.ts';

/** Continues after a failure; resolves the exit code of the first one. @throws RolecallError: the first one, with --json */
export async function loginToAll(
  status: StatusDocument,
  consent: EndpointConsent,
  options: LoginOptions,
  context: LoginContext,
): Promise<number> {
  if (status.sessions.length === 0) throw noSession(status, context);
  const outcomes: (LoginOutcome | { readonly session: string; readonly error: ErrorBody })[] = [];
  const failures: RolecallError[] = [];
  for (const [index, { session }] of status.sessions.entries()) {
    if (options.json !== true) announce(index, status, context);
    let failure: RolecallError | undefined;
    try {
      const outcome = await loginToSession(session, status, consent, options, context);
      outcomes.push(outcome);
      if (options.json === true) await printDoneLine(outcome, context);
      failure = outcome.setup?.error && errorFromBody(outcome.setup.error);
    } catch (error) {
      if (!(error instanceof RolecallError) || context.signal.aborted) throw error;
      failure = error;
      outcomes.push({ session, error: error.toBody() });
      if (options.json === true) {
        context.stdout.write(formatJsonLine({ type: 'failed', session, error: error.toBody() }));
      }
    }
    if (failure === undefined) continue;
    failures.push(failure);
    // Printed here and not at the end, next to the session it is about.
    if (options.json !== true) reportFailure(failure, context);
  }
  if (options.json === true) {
    context.stdout.write(formatJsonLine({ type: 'all-done', sessions: outcomes }));
    // On standard error, as for one session.
    if (failures[0] !== undefined) throw failures[0];
  }
  return failures[0]?.exitCode ?? 0;
}

/** "2 of 3: Work (my-sso-session)  https://…", and a note if an earlier session has the same start URL. */
function announce(index: number, { sessions }: StatusDocument, context: LoginContext): void {
  const current = sessions[index];
  if (current === undefined) return;
  const { session, label, startUrl } = current;
  const paint = createPainter(context.stderr, context.environment);
  const title = label === undefined ? harmless(session) : `${harmless(label)} (${harmless(session)})`;
  const position = sessions.length === 1 ? '' : `${index + 1} of ${sessions.length}: `;
  context.stderr.write(`${index === 0 ? '' : '\n'}${position}${paint('bold', title)}  ${harmless(startUrl)}\n`);
  const earlier = sessions.slice(0, index).find((other) => other.startUrl === startUrl);
  if (earlier === undefined) return;
  context.stderr.write(
    `Note: ${harmless(earlier.session)} has the same start URL. To sign in as another user, give each session its own browser in the settings.\n`,
  );
}
