// Decides which single role search words mean, if any, and whether a person has to confirm it.
import { BY_ID, INSIDE, isFoundById, isNamedInFull, NAMED, STARTED } from '../../core/search/role-match.js';
import type { RoleIndex } from '../../core/search/role-index.js';
import type { RoleDocument } from '../../local-api/schemas.ts';

/** Why the user has to confirm a role before it is used. */
export type Doubt = 'protected' | 'id' | 'name';

export type Decision =
  | { readonly kind: 'one'; readonly role: RoleDocument; readonly doubt: Doubt | undefined }
  /** The role that the words mean has no profile; no other role replaces it. */
  | { readonly kind: 'unusable'; readonly role: RoleDocument }
  /** Positions in the list, best first. */
  | { readonly kind: 'several'; readonly positions: readonly number[] }
  | { readonly kind: 'none' };

/**
 * An exact profile name or alias decides at once. Otherwise the best level that any role reaches decides: `one` when a
 * single usable role reaches it. Lower levels are never considered, and no role wins over an unusable one that is NAMED.
 */
export function decideRole(
  roles: readonly RoleDocument[],
  index: RoleIndex,
  query: string,
  isUsable: (role: RoleDocument) => boolean,
): Decision {
  const called = roles.find(({ profile, aliases }) => profile === query || aliases?.includes(query) === true);
  if (called !== undefined) return { kind: 'one', role: called, doubt: undefined };
  const roleAt = (position: number) => roles[position] as RoleDocument;
  const { positions, count } = index.search(query);
  const matching = Array.from(positions).slice(0, count(BY_ID));
  const best = matching.slice(
    0,
    [STARTED, INSIDE, BY_ID].map(count).find((found) => found > 0),
  );
  const named = best.slice(0, count(NAMED));
  const usable = best.filter((position) => isUsable(roleAt(position)));
  // Account id and permission set together are as good as a name, unless an account is called like that.
  const inFull = named.length > 0 ? [] : usable.filter((position) => isNamedInFull(roleAt(position), query));
  const [first, second] = inFull.length === 1 ? inFull : usable;
  const isMeant = first !== undefined && (second !== undefined || named.length === 0 || named.includes(first));
  if (!isMeant) return best[0] === undefined ? { kind: 'none' } : { kind: 'unusable', role: roleAt(best[0]) };
  if (second !== undefined) {
    return { kind: 'several', positions: matching.filter((position) => isUsable(roleAt(position))) };
  }
  const role = roleAt(first);
  return { kind: 'one', role, doubt: inFull.length === 1 ? undefined : doubtOf(role, query) };
}

/** The reason to confirm a role that was found by words. */
export function doubtOf(role: RoleDocument, query: string): Doubt | undefined {
  if (role.protected) return 'protected';
  return isFoundById(role, query) ? 'id' : undefined;
}
