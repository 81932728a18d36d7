// `[[role]]` rules of the person's own that match no role: mostly a typing mistake, which would have no effect in silence.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Catalog } from '../core/model.ts';
import type { Problem } from '../core/problems.ts';
import { editCommand } from '../core/quote-for-shell.ts';
import { matchesRole, type RoleSettings, type Settings } from './settings.ts';

/** As many as a sentence holds. */
const MOST_SHOWN = 3;

/**
 * A function that gives the problem, or none; the same catalogs are looked through once. While a list is missing or not
 * complete nobody can tell. A team's rules are for everybody, so each matches nothing for somebody.
 */
export function createUnmatchedRules(deps: {
  readonly settings: Pick<Settings, 'roles'>;
  readonly settingsFile: string;
}): (catalogs: readonly (Catalog | undefined)[]) => Promise<readonly Problem[]> {
  const own = deps.settings.roles.flatMap((rule) => (rule.line === undefined ? [] : [{ rule, line: rule.line }]));
  let latest: { readonly catalogs: readonly (Catalog | undefined)[]; readonly problems: Promise<readonly Problem[]> } =
    {
      catalogs: [],
      problems: Promise.resolve([]),
    };

  async function find(catalogs: readonly (Catalog | undefined)[]): Promise<readonly Problem[]> {
    if (own.length === 0 || !catalogs.every((catalog) => catalog?.complete === true)) return [];
    const names = permissionSetsByAccount(catalogs);
    const unmatched: typeof own = [];
    for (const each of own) {
      if (!hasMatch(each.rule, names)) unmatched.push(each);
      // Every account may have been looked at: nobody's keys wait for the next rule.
      if (hasWildcard(each.rule.accountId)) await nextTurn();
    }
    return unmatched.length === 0 ? [] : [describe(unmatched, deps.settingsFile)];
  }

  return (catalogs) => {
    const isSame =
      catalogs.length === latest.catalogs.length &&
      catalogs.every((catalog, index) => catalog === latest.catalogs[index]);
    if (!isSame) latest = { catalogs: [...catalogs], problems: find(catalogs) };
    return latest.problems;
  };
}

function permissionSetsByAccount(catalogs: readonly (Catalog | undefined)[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  for (const { accountId, permissionSets } of catalogs.flatMap((catalog) => catalog?.accounts ?? [])) {
    names.set(accountId, [...(names.get(accountId) ?? []), ...permissionSets]);
  }
  return names;
}

function hasMatch(rule: RoleSettings, names: ReadonlyMap<string, readonly string[]>): boolean {
  const has = (accountId: string, permissionSets: readonly string[] = []) =>
    permissionSets.some((permissionSet) => matchesRole(rule, { accountId, permissionSet }));
  if (!hasWildcard(rule.accountId)) return has(rule.accountId, names.get(rule.accountId));
  for (const [accountId, permissionSets] of names) if (has(accountId, permissionSets)) return true;
  return false;
}

function hasWildcard(glob: string): boolean {
  return /[*?]/.test(glob);
}

function describe(unmatched: readonly { readonly rule: RoleSettings; readonly line: number }[], file: string): Problem {
  const shown = unmatched
    .slice(0, MOST_SHOWN)
    .map(({ rule: { accountId, permissionSet }, line }) => `line ${line} (${accountId}, ${permissionSet})`);
  const more = unmatched.length > shown.length ? ` and ${unmatched.length - shown.length} more` : '';
  return {
    code: 'settings-without-effect',
    message: `${file} has [[role]] rules that match none of your roles: ${shown.join(', ')}${more}.`,
    hint: editCommand(file, unmatched[0]?.line ?? 1),
  };
}
