// The scopes of a client registration.
import type { SsoSession } from '../model.ts';

/** Without it a token can't list accounts, and is not renewable. */
const ACCOUNT_ACCESS_SCOPE = 'sso:account:access';

/** The scopes that a session's client registers, and asks for on the page: those of the config section, and always the one for accounts. */
export function scopesOf({ registrationScopes }: Pick<SsoSession, 'registrationScopes'>): string[] {
  return [...new Set([ACCOUNT_ACCESS_SCOPE, ...registrationScopes])];
}
