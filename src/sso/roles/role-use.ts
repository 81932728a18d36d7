// Which roles are in use, the state of their credentials, and when they are renewed next.
import type { Role, RoleCredentials, SsoSession } from '../../core/model.ts';
import { afterPause } from '../resilience/pauses.ts';
import { describeBackOff, type BackOff, type FailedRenewals } from '../resilience/renewal.ts';

/** What the cache of role credentials keeps for one role; only the cache changes it. */
export interface RoleEntry {
  readonly session: SsoSession;
  readonly role: Role;
  askedAtMs: number;
  issued:
    | {
        readonly credentials: RoleCredentials;
        /** Of the chain that they were made with; empty for a permission set. */
        readonly version: string;
        readonly issuedAtMs: number;
        /** From here on a caller triggers a renewal. */
        readonly dueAtMs: number;
        /** When they are renewed without a caller, a little earlier. */
        readonly aheadAtMs: number;
      }
    | undefined;
  /** Since the last answer. */
  failures: FailedRenewals | undefined;
}

/** `unused`: not requested within a lifetime, so no longer renewed, and removed when the credentials expire. */
export type RoleUseState = 'fresh' | 'due' | 'refreshing' | 'failing' | 'unused';

export interface RoleUse {
  readonly session: SsoSession;
  readonly role: Role;
  readonly state: RoleUseState;
  readonly askedAtMs: number;
  /** Of the cached credentials, also if they have expired. */
  readonly expiresAtMs?: number;
  /** Absent when it is unused. */
  readonly nextRefreshAtMs?: number;
  /** While renewals fail, until this moment no caller triggers one as long as the current credentials are valid. */
  readonly backOff?: BackOff;
}

/** How long a role that never had an answer is retried after its last caller. */
const UNANSWERED_MS = 10 * 60_000;

/** True if it was requested within the last lifetime of its credentials. */
export function isInUse({ askedAtMs, issued }: RoleEntry, nowMs: number): boolean {
  const lifetimeMs = issued === undefined ? UNANSWERED_MS : issued.credentials.expiresAtMs - issued.issuedAtMs;
  return nowMs - askedAtMs < lifetimeMs;
}

export function describeUse(entry: RoleEntry, nowMs: number, isRefreshing: boolean): RoleUse {
  const { session, role, askedAtMs, issued, failures } = entry;
  const dueAtMs = issued?.aheadAtMs ?? askedAtMs;
  const isUsed = isInUse(entry, nowMs);
  return {
    session,
    role,
    state: isUsed ? stateInUse(failures !== undefined, nowMs >= dueAtMs, isRefreshing) : 'unused',
    askedAtMs,
    ...(issued === undefined ? {} : { expiresAtMs: issued.credentials.expiresAtMs }),
    ...(isUsed ? { nextRefreshAtMs: afterPause(dueAtMs, failures?.pause, nowMs) } : {}),
    ...(isUsed && failures !== undefined ? { backOff: describeBackOff(failures, nowMs) } : {}),
  };
}

function stateInUse(hasFailed: boolean, isDue: boolean, isRefreshing: boolean): RoleUseState {
  if (isRefreshing) return 'refreshing';
  if (hasFailed) return 'failing';
  return isDue ? 'due' : 'fresh';
}
