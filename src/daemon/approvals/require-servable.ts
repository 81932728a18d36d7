// Checks that a role would be served before a person is asked to approve it.
import type { Role, SsoSession } from '../../core/model.ts';
import type { Broker } from '../../sso/broker.ts';

export type ServableBroker = Pick<Broker, 'accessToken' | 'peekCredentials' | 'requireAssigned'>;

/**
 * Resolves if credentials are cached, or AWS can be asked for them.
 * @throws RefusedError permission-set-not-assigned; NotFoundError account-not-found; SignInRequiredError; UnavailableError
 */
export async function requireServable(broker: ServableBroker, session: SsoSession, role: Role): Promise<void> {
  await broker.requireAssigned(session, role);
  if (broker.peekCredentials(session, role) === undefined) await broker.accessToken(session);
}
