// Reports the user's rules in the settings that match no role: usually a typing mistake.
import { runStepsYielding, type Steps } from '../../core/async/steps.ts';
import type { Catalog, CatalogAccount } from '../../core/model.ts';
import type { Problem } from '../../core/problems.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import { matchesGlob } from '../../core/text/glob.ts';
import type { ChainRow } from './chain-rows.ts';
import { matchesRole } from '../settings/role-rules.ts';
import type { Settings } from '../settings/settings.ts';

interface OwnRule {
  readonly kind: 'role' | 'protect' | 'chain';
  readonly session: string;
  readonly accountId: string;
  readonly permissionSet: string;
  readonly line: number;
}

const NO_CHAINS: readonly ChainRow[] = Object.freeze([]);
/** Rules listed in one message. */
const MAX_SHOWN = 3;

/**
 * A function that gives at most one problem per kind of rule, cached for the same catalogs. None while a list is missing
 * or incomplete. Rules of the team file are not checked: they need not match for every member.
 */
export function createUnmatchedRules(deps: {
  readonly settings: Pick<Settings, 'roles' | 'protect' | 'chains'>;
  readonly settingsFile: string;
}): (catalogs: readonly (Catalog | undefined)[], chains?: readonly ChainRow[]) => Promise<readonly Problem[]> {
  const { roles, protect } = deps.settings;
  const own: readonly OwnRule[] = [
    ...roles.map((rule) => ({ ...rule, kind: 'role' as const, session: '*' })),
    ...protect.map((rule) => ({ ...rule, kind: 'protect' as const })),
    ...deps.settings.chains.map((rule) => ({ ...rule, kind: 'chain' as const })),
  ].flatMap(({ line, ...rule }) => (line === undefined ? [] : [{ ...rule, line }]));
  let latest: {
    readonly catalogs: readonly (Catalog | undefined)[];
    readonly chains: readonly ChainRow[];
    readonly problems: Promise<readonly Problem[]>;
  } = { catalogs: [], chains: NO_CHAINS, problems: Promise.resolve([]) };

  function* findInSteps(
    catalogs: readonly (Catalog | undefined)[],
    chains: readonly ChainRow[],
  ): Steps<readonly Problem[]> {
    if (own.length === 0 || !catalogs.every((catalog) => catalog?.complete === true)) return [];
    const accounts = catalogs.flatMap((catalog) => catalog?.accounts ?? []);
    const sources = permissionSetsBySession(accounts);
    const sessions = permissionSetsBySession([...accounts, ...chains.map(toSets)]);
    const unmatched: OwnRule[] = [];
    for (const each of own) {
      // Chains of the settings start from permission sets only.
      if (!hasMatch(each, each.kind === 'chain' ? sources : sessions)) unmatched.push(each);
      // A wildcard may have scanned every account: let pending requests run before the next rule.
      if (hasWildcard(each.accountId)) yield;
    }
    return (['role', 'protect', 'chain'] as const).flatMap((kind) => {
      const ofKind = unmatched.filter((each) => each.kind === kind);
      return ofKind.length === 0 ? [] : [describe(kind, ofKind, deps.settingsFile)];
    });
  }

  return (catalogs, chains = NO_CHAINS) => {
    const isSame =
      (chains === latest.chains || chains.length + latest.chains.length === 0) &&
      catalogs.length === latest.catalogs.length &&
      catalogs.every((catalog, index) => catalog === latest.catalogs[index]);
    if (!isSame) {
      latest = { catalogs: [...catalogs], chains, problems: runStepsYielding(findInSteps(catalogs, chains)) };
    }
    return latest.problems;
  };
}

type SetsByAccount = ReadonlyMap<string, readonly string[]>;

type Sets = Pick<CatalogAccount, 'sessionName' | 'accountId' | 'permissionSets'>;

/** A rule means a chained role by its own name, or by that of the role. */
const toSets = ({ role: { sessionName, accountId, permissionSet }, chain }: ChainRow): Sets => ({
  sessionName,
  accountId,
  permissionSets: [permissionSet, chain.roleName],
});

function permissionSetsBySession(accounts: readonly Sets[]): ReadonlyMap<string, SetsByAccount> {
  const sessions = new Map<string, Map<string, readonly string[]>>();
  for (const { sessionName, accountId, permissionSets } of accounts) {
    const names = sessions.get(sessionName) ?? new Map<string, readonly string[]>();
    names.set(accountId, [...(names.get(accountId) ?? []), ...permissionSets]);
    sessions.set(sessionName, names);
  }
  return sessions;
}

function hasMatch(rule: OwnRule, sessions: ReadonlyMap<string, SetsByAccount>): boolean {
  return [...sessions].some(([session, names]) => matchesGlob(rule.session, session) && hasMatchIn(rule, names));
}

function hasMatchIn(rule: OwnRule, names: SetsByAccount): boolean {
  const has = (accountId: string, permissionSets: readonly string[] = []) =>
    permissionSets.some((permissionSet) => matchesRole(rule, { accountId, permissionSet }));
  if (!hasWildcard(rule.accountId)) return has(rule.accountId, names.get(rule.accountId));
  for (const [accountId, permissionSets] of names) if (has(accountId, permissionSets)) return true;
  return false;
}

function hasWildcard(glob: string): boolean {
  return /[*?]/.test(glob);
}

function describe(kind: OwnRule['kind'], unmatched: readonly OwnRule[], file: string): Problem {
  const shown = unmatched
    .slice(0, MAX_SHOWN)
    .map(({ accountId, permissionSet, line }) => `line ${line} (${accountId}, ${permissionSet})`);
  const more = unmatched.length > shown.length ? ` and ${unmatched.length - shown.length} more` : '';
  return {
    code: 'settings-without-effect',
    message: `${file} has [[${kind}]] rules that match none of your roles: ${shown.join(', ')}${more}.`,
    hint: editCommand(file, unmatched[0]?.line ?? 1),
  };
}
