// Looks up what the `[[role]]` rules of the settings say about one role; the first rule that matches and sets the value wins.
import type { ExtraValue } from '../../aws-config/profiles/extra-keys.ts';
import type { ExtraFor } from '../../aws-config/profiles/foreign-keys.ts';
import { isChained } from '../../core/aws/chain-role.ts';
import type { Role } from '../../core/model.ts';
import { matchesGlob } from '../../core/text/glob.ts';
import type { RoleSettings, Settings } from './settings.ts';

type AccountRole = Pick<Role, 'accountId' | 'permissionSet'>;

/** The region for a role's profile: from the first matching rule that sets one, else `profiles.region`. */
export function regionFor(settings: Settings, role: AccountRole): string | undefined {
  const match = settings.roles.find((rule) => rule.region !== undefined && matchesRole(rule, role));
  return match?.region ?? settings.profiles.region;
}

/**
 * The name template of the role's alias, from the first matching rule that sets one. A chained role takes one only from a
 * rule for `chain:…`: the alias of an account's only role must not become ambiguous.
 */
export function aliasFor(settings: Settings, role: AccountRole): string | undefined {
  return settings.roles.find(
    (rule) =>
      rule.alias !== undefined &&
      (!isChained(role) || rule.permissionSet.startsWith('chain:')) &&
      matchesRole(rule, role),
  )?.alias;
}

/** Whether the role is pinned, from the first matching rule that sets `pin`. `roleName`: of a chained role, which matches too. */
export function isPinned(settings: Settings, role: AccountRole, roleName?: string): boolean {
  const named = roleName === undefined ? undefined : { ...role, permissionSet: roleName };
  const matches = (rule: RoleSettings) => matchesRole(rule, role) || (named !== undefined && matchesRole(rule, named));
  return settings.roles.find((rule) => rule.pin !== undefined && matches(rule))?.pin ?? false;
}

/**
 * A function that gives the extra keys of a role's profiles, each key from the first matching rule that sets it.
 * Without a role it uses only the rules that match every role.
 */
export function createExtraFor(settings: Pick<Settings, 'roles'>): ExtraFor {
  const rules = settings.roles.filter(({ extra }) => extra !== undefined);
  return (role) => {
    const found = new Map<string, ExtraValue>();
    for (const rule of rules) {
      const isForAll = rule.accountId === '*' && rule.permissionSet === '*';
      if (!(role === undefined ? isForAll : matchesRole(rule, role))) continue;
      for (const [key, value] of rule.extra ?? []) if (!found.has(key)) found.set(key, value);
    }
    return found;
  };
}

/** Whether both globs of a `[[role]]` or `[[protect]]` rule match the role. */
export function matchesRole(rule: Pick<RoleSettings, 'accountId' | 'permissionSet'>, role: AccountRole): boolean {
  return matchesGlob(rule.accountId, role.accountId) && matchesGlob(rule.permissionSet, role.permissionSet);
}
