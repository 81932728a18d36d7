// Chooses the roles for a menu: pinned ones, then the most used.
import type { RoleDocument } from '../local-api/schemas.ts';

const MAX_ROLES = 12;

/**
 * At most twelve: pinned ones in list order, then by score. Unused roles are only included when the whole list fits.
 */
export function chooseRoles(roles: readonly RoleDocument[]): readonly RoleDocument[] {
  const pinned = roles.filter((role) => role.pinned);
  const used = roles.filter((role) => !role.pinned && role.score > 0).toSorted((a, b) => b.score - a.score);
  const others = roles.length <= MAX_ROLES ? roles.filter((role) => !role.pinned && role.score === 0) : [];
  return [...pinned, ...used, ...others].slice(0, MAX_ROLES);
}
