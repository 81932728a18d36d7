// Finds out who signed in when nobody has asked for credentials yet: with a role in use, else with the first listed ones.
import { withTimeout } from '../../core/async/with-timeout.ts';
import type { Clock } from '../../core/clock.ts';
import { toRolecallError } from '../../core/errors.ts';
import type { Role, RoleCredentials, SsoSession } from '../../core/model.ts';
import type { SignedInUsers, UserCheck } from './signed-in-users.ts';

/** A person waits for it after a sign-in. */
const CHECK_TIMEOUT_MS = 2000;
/** More than one, because a closed account gives no credentials. */
const MAX_LISTED_ROLES = 3;

/**
 * A function that checks who signed in, unless that is known. It waits two seconds at most and never rejects; `accept`
 * is a user whom the person confirms.
 */
export function createUserCheck(deps: {
  readonly users: SignedInUsers;
  /** False: there is no STS to ask. */
  readonly canCheck: boolean;
  readonly findUsedRole: (session: SsoSession) => Role | undefined;
  /** In the order of the list; never rejects. */
  readonly findListedRoles: (session: SsoSession) => Promise<readonly Role[]>;
  readonly fetchCredentials: (session: SsoSession, role: Role) => Promise<RoleCredentials>;
  readonly clock: Clock;
}): (session: SsoSession, accept?: string) => Promise<UserCheck> {
  const { users } = deps;

  /** Why the check failed. Tries more than one role: the one used last may not be assigned to a new user. */
  async function checkWithAnyRole(session: SsoSession): Promise<string | undefined> {
    const used = deps.findUsedRole(session);
    const listed = await deps.findListedRoles(session);
    let reason = 'no role is assigned';
    for (const role of [...(used === undefined ? [] : [used]), ...listed.slice(0, MAX_LISTED_ROLES)]) {
      try {
        const signIn = users.signInOf(session);
        const credentials = await deps.fetchCredentials(session, role);
        if (users.signInOf(session) === signIn) await users.check(session, credentials);
        return undefined;
      } catch (error) {
        reason = toRolecallError(error).message.replace(/\.$/, '');
      }
    }
    return reason;
  }

  return async (session, accept) => {
    if (accept !== undefined) users.accept(session, accept);
    const { state } = users.describe(session);
    if (state !== 'unchecked' || !deps.canCheck) return users.describe(session);
    const reason = await withTimeout(deps.clock, CHECK_TIMEOUT_MS, checkWithAnyRole(session));
    return { ...users.describe(session), ...(reason === undefined ? {} : { reason }) };
  };
}
