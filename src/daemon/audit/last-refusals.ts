// The last refusal of each role's keys, for `whoami`, `status` and `doctor`: some SDKs hide what a helper prints.
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import { toRolecallError, type ErrorBody } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import type { RefusalDocument, RoleRefusalDocument } from '../../local-api/schemas.ts';

/** What a program asked for: one role, or with `followsCurrent` whatever is the current role, which may be none. */
export interface AskedRole {
  readonly followsCurrent: boolean;
  readonly role: Role | undefined;
}

export interface LastRefusals {
  note(asked: AskedRole, thrown: unknown): void;
  /** To be called when keys of the role were given. Costs next to nothing while nothing is remembered. */
  forget(asked: AskedRole): void;
  /** Of the role by its own profile or as the current one, whichever was last. */
  find(role: Role): RefusalDocument | undefined;
  isEmpty(): boolean;
  /** The latest, newest first, each with the name of its profile. */
  list(profileOf: (role: Role) => string | undefined): RoleRefusalDocument[];
}

interface Refusal {
  readonly asked: AskedRole;
  readonly atMs: number;
  readonly error: ErrorBody;
}

/** One for each profile of a large organization; the oldest are forgotten first. */
const MAX_REMEMBERED = 1000;
/** The status stays small. */
const MAX_LISTED = 100;
const MAX_MESSAGE_LENGTH = 500;

/** Kept in memory alone: after a restart the next try of a program says it again. */
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

  /** The keys of entries that are about this role. */
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
