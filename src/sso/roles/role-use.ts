// Which roles are in use, how their credentials stand, and what happens to them next.
import type { Role, RoleCredentials, SsoSession } from '../../core/model.ts';
import { afterHold, type RenewalFailures } from '../resilience/back-off.ts';

/** What is kept of one role; the cache of role credentials alone changes it. */
export interface KnownRole {
  readonly session: SsoSession;
  readonly role: Role;
  askedAtMs: number;
  issued:
    | {
        readonly credentials: RoleCredentials;
        readonly issuedAtMs: number;
        /** When they are renewed if nobody asks. */
        readonly aheadAtMs: number;
      }
    | undefined;
  /** Since the last answer. */
  failures: RenewalFailures | undefined;
}

/** `unused`: not asked for within a lifetime, so not renewed any more and gone at its end. */
export type RoleUseState = 'fresh' | 'due' | 'refreshing' | 'failing' | 'unused';

export interface RoleUse {
  readonly session: SsoSession;
  readonly role: Role;
  readonly state: RoleUseState;
  readonly askedAtMs: number;
  /** Of the credentials at hand, expired ones included. */
  readonly expiresAtMs?: number;
  /** Absent when it is unused. */
  readonly nextRefreshAtMs?: number;
}

/** For how long a role that never had an answer is asked for after its last caller. */
const UNANSWERED_MS = 10 * 60_000;

/** True when it was asked for within the last lifetime of its credentials. */
export function isInUse({ askedAtMs, issued }: KnownRole, nowMs: number): boolean {
  const lifetimeMs = issued === undefined ? UNANSWERED_MS : issued.credentials.expiresAtMs - issued.issuedAtMs;
  return nowMs - askedAtMs < lifetimeMs;
}

export function describeUse(known: KnownRole, nowMs: number, isRefreshing: boolean): RoleUse {
  const { session, role, askedAtMs, issued, failures } = known;
  const dueAtMs = issued?.aheadAtMs ?? askedAtMs;
  const isUsed = isInUse(known, nowMs);
  return {
    session,
    role,
    state: isUsed ? stateInUse(failures !== undefined, nowMs >= dueAtMs, isRefreshing) : 'unused',
    askedAtMs,
    ...(issued === undefined ? {} : { expiresAtMs: issued.credentials.expiresAtMs }),
    ...(isUsed ? { nextRefreshAtMs: afterHold(dueAtMs, failures?.hold, nowMs) } : {}),
  };
}

function stateInUse(hasFailed: boolean, isDue: boolean, isRefreshing: boolean): RoleUseState {
  if (isRefreshing) return 'refreshing';
  if (hasFailed) return 'failing';
  return isDue ? 'due' : 'fresh';
}
