// Remembers the last refusals of credentials for `status`.
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import { toRolecallError, type ErrorBody } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import type { RefusalDocument, RoleRefusalDocument } from '../../local-api/schemas.ts';

/** What a program asked for: one role, or with `followsCurrent` the current role, if there is one. */
export interface AskedRole {
  readonly followsCurrent: boolean;
  readonly role: Role | undefined;
}

export interface LastRefusals {
  note(asked: AskedRole, thrown: unknown): void;
  /** Call when credentials of the role were issued. Cheap while there are no refusals. */
  forget(asked: AskedRole): void;
  /** The last refusal of the role, by its own profile or as the current role. */
  find(role: Role): RefusalDocument | undefined;
  isEmpty(): boolean;
  /** The latest refusals, newest first, each with its profile name. */
  list(profileOf: (role: Role) => string | undefined): RoleRefusalDocument[];
}

interface Refusal {
  readonly asked: AskedRole;
  readonly atMs: number;
  readonly error: ErrorBody;
}

/** Enough for every profile of a large organization; the oldest are dropped first. */
const MAX_REMEMBERED = 1000;
/** Keeps the status document small. */
const MAX_LISTED = 100;
const MAX_MESSAGE_LENGTH = 500;

/** In memory only: after a restart the next request is refused again. Some SDKs hide what a helper prints, hence this list. */
export function createLastRefusals(clock: Pick<Clock, 'nowMs'>): LastRefusals {
  /** Oldest first. */
  const refusals = new Map<string, Refusal>();

  function note(asked: AskedRole, thrown: unknown): void {
    const { code, message, hint } = toRolecallError(thrown).toBody();
    const key = keyOf(asked);
    refusals.delete(key);
    refusals.set(key, {
      asked,
      atMs: clock.nowMs(),
      error: { code, message: message.slice(0, MAX_MESSAGE_LENGTH), hint: hint.slice(0, MAX_MESSAGE_LENGTH) },
    });
    const oldest = refusals.size > MAX_REMEMBERED ? refusals.keys().next().value : undefined;
    if (oldest !== undefined) refusals.delete(oldest);
  }

  /** The map keys of entries about this role. */
  function keysOf(role: Role): string[] {
    const key = keyOfRole(role);
    const current = refusals.get(CURRENT)?.asked.role;
    return current !== undefined && keyOfRole(current) === key ? [key, CURRENT] : [key];
  }

  function forget({ followsCurrent, role }: AskedRole): void {
    if (refusals.size === 0) return;
    if (followsCurrent) refusals.delete(CURRENT);
    if (role !== undefined) for (const key of keysOf(role)) refusals.delete(key);
  }

  return {
    note,
    forget,
    find(role) {
      const [last] = keysOf(role)
        .flatMap((key) => refusals.get(key) ?? [])
        .toSorted((a, b) => b.atMs - a.atMs);
      return last === undefined ? undefined : describe(last);
    },
    isEmpty: () => refusals.size === 0,
    list: (profileOf) =>
      [...refusals.values()]
        .slice(-MAX_LISTED)
        .toReversed()
        .map((refusal) => {
          const { followsCurrent, role } = refusal.asked;
          const profile = role === undefined ? undefined : profileOf(role);
          return {
            ...describe(refusal),
            profile: followsCurrent ? 'current' : (profile ?? null),
            session: role?.sessionName ?? null,
            accountId: role?.accountId ?? null,
            permissionSet: role?.permissionSet ?? null,
          };
        }),
  };
}

const CURRENT = 'current';

function keyOf({ followsCurrent, role }: AskedRole): string {
  return followsCurrent || role === undefined ? CURRENT : keyOfRole(role);
}

const keyOfRole = ({ accountId, permissionSet, sessionName }: Role) => `${accountId}\n${permissionSet}\n${sessionName}`;

function describe({ atMs, error }: Refusal): RefusalDocument {
  return { at: formatUtcSeconds(atMs), ...error };
}
