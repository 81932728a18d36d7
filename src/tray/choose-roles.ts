// Chooses the roles for a menu: pinned ones, then the most used, in the order of every other list.
import { createRoleIndex } from '../core/search/role-index.js';
import { rankByUse } from '../core/search/use-rank.js';
import type { RoleDocument } from '../local-api/schemas.ts';

const MAX_ROLES = 12;

/** At most twelve, best first. Unused roles are only included when the whole list fits. */
export function chooseRoles(roles: readonly RoleDocument[]): readonly RoleDocument[] {
  const ranked = Array.from(createRoleIndex(roles).search('').positions, (position) => roles[position] as RoleDocument);
  const chosen = roles.length <= MAX_ROLES ? ranked : ranked.filter((role) => rankByUse(role) > 0);
  return chosen.slice(0, MAX_ROLES);
}
