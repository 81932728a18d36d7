// Says what must not be served at the moment: the domain obeys it, and the daemon decides it.
import type { RolecallError } from '../core/errors.ts';
import type { Role } from '../core/model.ts';

/** What must not be served at the moment. */
export interface ServingLock {
  /** Why no credentials of this role may be served; without a role: of any role. Undefined if they may. */
  refusal(role?: Role): RolecallError | undefined;
}

/** @throws RefusedError locked */
export function requireUnlocked(lock: ServingLock, role?: Role): void {
  const refusal = lock.refusal(role);
  if (refusal !== undefined) throw refusal;
}

/** Locks nothing. */
export const NEVER_LOCKED: Readonly<ServingLock> = { refusal: () => undefined };
