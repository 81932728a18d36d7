// Finds the unwritten profiles that have to be written because their roles were used since an earlier plan.
import type { PlannedProfile } from '../../aws-config/profiles/plan-types.ts';
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import type { RoleUsage } from '../roles/role-usage.ts';
import type { PlanMarks } from './plan-inputs.ts';

/** Those of `unwritten`, none of which counted as used at `before`. */
export function findNewlyUsed(
  unwritten: readonly PlannedProfile[],
  before: PlanMarks,
  now: PlanMarks,
  roleUsage: Pick<RoleUsage, 'add' | 'addedSince'>,
): ReadonlySet<PlannedProfile> {
  const roles = new Set(roleUsage.addedSince(before.usageRevision).map(roleKey));
  const names = [...(now.uses?.keys() ?? [])].filter((name) => before.uses?.has(name) !== true);
  const isNamed = createNameCheck(names);
  const isUsed = (profile: PlannedProfile) => isNamed(profile) || (roles.size > 0 && roles.has(roleKey(profile)));
  if (roles.size + names.length === 0) return new Set();
  const found = unwritten.filter(isUsed);
  // The name by which it counted as used may change.
  for (const profile of found) roleUsage.add(profile);
  return new Set(found);
}

function createNameCheck(names: readonly string[]): (profile: PlannedProfile) => boolean {
  const known = new Set(names);
  return ({ profileName, aliases = [] }) => known.has(profileName) || aliases.some((alias) => known.has(alias));
}
