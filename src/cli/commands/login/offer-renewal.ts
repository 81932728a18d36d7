// Offers to renew a session that ends during the working day, when the user switches roles for the first time that day.
import { toRolecallError } from '../../../core/errors.ts';
import { formatMoment } from '../../../core/text/format-duration.ts';
import type { SessionStatusDocument } from '../../../local-api/schemas.ts';
import { askYesNo } from '../../terminal/ask-yes-no.ts';
import { harmless, reportFailure } from '../../terminal/render.ts';
import type { LoginContext } from './options.ts';

/** Asks once a day. The session stays live whatever happens, so a failed renewal is reported and does not throw. */
export async function offerRenewal(
  { session, sessionExpiresAt = '' }: Pick<SessionStatusDocument, 'session' | 'sessionExpiresAt'>,
  context: LoginContext,
): Promise<void> {
  // Another terminal may be asking now.
  const { taken } = await context.client.call('takeRenewal', { session }, { signal: context.signal });
  if (!taken) return;
  const end = formatMoment(sessionExpiresAt, context.clock.nowMs());
  if (!(await askYesNo(`Your sign-in to ${harmless(session)} ends at ${end}. Renew it now?`, context))) return;
  try {
    const { runLogin } = await import('./run.ts');
    // Standard output belongs to the command: a shell may evaluate it.
    await runLogin(session, { browser: true, wait: false, force: true }, { ...context, stdout: context.stderr });
  } catch (error) {
    if (context.signal.aborted) throw error;
    reportFailure(toRolecallError(error).toBody(), context);
  }
}
