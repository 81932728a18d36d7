// Says what must not be served at the moment: the domain obeys it, and the daemon decides it.
import type { RolecallError } from '../core/errors.ts';
import type { Role } from '../core/model.ts';

/** What must not be served at the moment. */
export interface ServingLock {
  /** Why no credentials of this role may be served; without a role: of any role. Undefined if they may. */
  refusal(role?: Role): RolecallError | undefined;
  /** @throws what `refusal` returns: RefusedError locked */
  requireUnlocked(role?: Role): void;
}

/** Locks nothing. */
export const NEVER_LOCKED: Readonly<ServingLock> = { refusal: () => undefined, requireUnlocked: () => undefined };
