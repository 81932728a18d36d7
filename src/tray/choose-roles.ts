// Which roles a menu has room for: the pinned ones, then those that are switched to most.
import type { RoleDocument } from '../local-api/schemas.ts';

const MOST_ROLES = 12;

/**
 * At most twelve: pinned ones in the order of the list, then by score. What was never used is left out, unless that is
 * all that a short list has.
 */
export function chooseRoles(roles: readonly RoleDocument[]): readonly RoleDocument[] {
  const pinned = roles.filter((role) => role.pinned);
  const used = roles.filter((role) => !role.pinned && role.score > 0).toSorted((a, b) => b.score - a.score);
  const others = roles.length <= MOST_ROLES ? roles.filter((role) => !role.pinned && role.score === 0) : [];
  return [...pinned, ...used, ...others].slice(0, MOST_ROLES);
}
