// Formats the role list as JSON: one document with all roles, and one with those for the first screen.
import type { CredentialsNames } from '../../aws-config/document/credentials-names.ts';
import { forEachInSlices } from '../../core/async/steps.ts';
import { formatUtcSeconds } from '../../core/clock.ts';
import { rankByUse } from '../../core/search/use-rank.js';
import type { Catalog, CatalogAccount, Role, SsoSession } from '../../core/model.ts';
import { titleOfRole } from '../../core/text/role-title.js';
import type { RoleDocument } from '../../local-api/schemas.ts';
import type { Protection } from '../settings/protection.ts';
import { isPinned } from '../settings/role-rules.ts';
import { labelOf, type Settings } from '../settings/settings.ts';
import type { ConfigProfiles } from '../shared-config/config-profiles.ts';
import type { ChainRow } from './chain-rows.ts';
import type { UnwrittenProfiles } from './issued-names.ts';
import { scoreAt, type UsageByProfile, type Use } from './usage-stats.ts';

/** Everything that the list is made of. */
export interface RoleSources {
  readonly sessions: readonly SsoSession[];
  /** In the order of `sessions`. */
  readonly catalogs: readonly (Catalog | undefined)[];
  readonly profiles: ConfigProfiles;
  readonly unwritten: UnwrittenProfiles;
  readonly inCredentialsFile: CredentialsNames;
  readonly chains: readonly ChainRow[];
  readonly uses: UsageByProfile;
}

export interface WrittenRoles {
  readonly all: Buffer;
  /** A subset for the first screen: pinned and most used roles, and the beginning of the list. */
  readonly first: Buffer;
}

export interface RoleFormat {
  readonly settings: Settings;
  readonly protection: Protection;
  readonly nowMs: number;
}

/** Each more than a terminal or a page shows at once. */
const MAX_FIRST_USED_ROLES = 100;
const MAX_FIRST_ROLES = 200;

interface Ranked {
  readonly rank: number;
  /** Index in the list. */
  readonly place: number;
}

/** The list of one session, or of all; lets other work run in between. */
export async function formatRoles(
  sources: RoleSources,
  only: string | undefined,
  format: RoleFormat,
): Promise<WrittenRoles> {
  const shown = sources.sessions
    .map(({ sessionName }, index) => ({ sessionName, catalog: sources.catalogs[index] }))
    .filter(({ sessionName }) => only === undefined || sessionName === only);
  const known = shown.flatMap(({ catalog }) => (catalog === undefined ? [] : [catalog]));
  const chains = sources.chains.filter(({ role }) => only === undefined || role.sessionName === only);
  const head = {
    asOf: findAge(known),
    complete: known.length > 0 && known.every(({ complete }) => complete),
    ...(chains.length === 0 ? {} : { chains: chains.length }),
  };
  const parts: string[] = [];
  const used: Ranked[] = [];
  await forEachInSlices(
    sortRows(
      known.flatMap(({ accounts }) => accounts),
      chains,
    ),
    (listed) => {
      const row = describeRole(listed, sources, format);
      const rank = rankByUse(row);
      if (rank > 0) used.push({ rank, place: parts.length });
      parts.push(JSON.stringify(row));
    },
  );
  const first = chooseFirst(used, parts.length);
  const gap = first.findIndex((place, index) => place !== index);
  const leading = gap === -1 ? first.length : gap;
  return {
    all: writeDocument(head, parts),
    first: writeDocument(
      { ...head, total: parts.length, leading },
      first.map((place) => parts[place] ?? ''),
    ),
  };
}

function describeRole(
  { role, accountName, chain }: Row,
  sources: RoleSources,
  { settings, protection, nowMs }: RoleFormat,
): RoleDocument {
  const { sessionName, accountId, permissionSet } = role;
  const { profile, aliases, isUnwritten } = nameRole(role, sources, chain?.ownProfile);
  const use = [profile, ...aliases].map((name) => (name === null ? undefined : sources.uses.get(name)));
  return {
    session: sessionName,
    label: labelOf(settings, sessionName) ?? sessionName,
    accountId,
    accountName: accountName ?? null,
    permissionSet,
    ...(chain === undefined ? {} : { chain: chain.chain }),
    profile,
    ...describeProtection(role, protection),
    pinned: isPinned(settings, role, chain?.chain.roleName),
    // The score at the time of writing. All scores decay at the same rate, so their order stays valid.
    score: Math.round(use.reduce((sum, one) => sum + scoreAt(one, nowMs), 0) * 1000) / 1000,
    ...describeLastUse(use),
    ...(aliases.length === 0 ? {} : { aliases: [...aliases] }),
    ...(isUnwritten ? { unwritten: true } : {}),
    ...(profile !== null && sources.inCredentialsFile.has(profile) ? { shadowed: true } : {}),
  };
}

function describeProtection(role: Role, protection: Protection): Pick<RoleDocument, 'protected' | 'approve'> {
  const isProtected = protection.isProtected(role);
  const approve = isProtected ? protection.ruleFor(role)?.approve : undefined;
  return { protected: isProtected, ...(approve === undefined ? {} : { approve }) };
}

/** The places of pinned and most used roles, filled up from the beginning of the list, in list order. */
function chooseFirst(used: readonly Ranked[], total: number): number[] {
  const byRank = used.toSorted((a, b) => b.rank - a.rank || a.place - b.place);
  const places = new Set(byRank.slice(0, MAX_FIRST_USED_ROLES).map(({ place }) => place));
  for (let place = 0; place < total && places.size < MAX_FIRST_ROLES; place += 1) places.add(place);
  return [...places].toSorted((a, b) => a - b);
}

function writeDocument(head: object, rows: readonly string[]): Buffer {
  return Buffer.from(`${JSON.stringify(head).slice(0, -1)},"roles":[${rows.join(',')}]}`);
}

/** The role's profile in the file, else its planned name unless another profile has that name by now. `ownProfile`: the hand-written one. */
function nameRole(role: Role, { profiles, unwritten }: RoleSources, ownProfile: string | undefined) {
  if (ownProfile !== undefined) return { profile: ownProfile, aliases: [], isUnwritten: false };
  const written = profiles.profileOf(role);
  if (written !== undefined) {
    const aliases = profiles.aliasesOf(role).filter((name) => name !== written);
    return { profile: written, aliases, isUnwritten: false };
  }
  const planned = unwritten.of(role);
  if (planned === undefined || profiles.hasName(planned.profileName)) {
    return { profile: null, aliases: [], isUnwritten: false };
  }
  return { profile: planned.profileName, aliases: planned.aliases ?? [], isUnwritten: true };
}

function describeLastUse(uses: readonly (Use | undefined)[]): { lastUsedAt?: string } {
  const last = Math.max(...uses.map((use) => use?.lastUsedAtMs ?? 0));
  return last === 0 ? {} : { lastUsedAt: formatUtcSeconds(last) };
}

/** When the oldest of the lists was fetched; null without any. */
export function findAge(catalogs: readonly (Catalog | undefined)[]): string | null {
  const times = catalogs.flatMap((catalog) => (catalog === undefined ? [] : [catalog.asOfMs]));
  return times.length === 0 ? null : formatUtcSeconds(Math.min(...times));
}

interface Row {
  readonly role: Role;
  readonly accountName: string | undefined;
  readonly chain?: ChainRow;
  /** Compared without locale, so that the order is the same everywhere. */
  readonly sortName: string;
}

/** Sorts by account name, account id, permission set, session; the chained roles of an account come last, by their title. */
function sortRows(accounts: readonly CatalogAccount[], chains: readonly ChainRow[]): Row[] {
  const assigned = accounts.flatMap(({ sessionName, accountId, accountName, permissionSets }): Row[] => {
    const sortName = toSortName(accountName, accountId);
    return permissionSets.map((permissionSet) => ({
      role: { sessionName, accountId, permissionSet },
      accountName,
      sortName,
    }));
  });
  const chained = chains.map((chain): Row => {
    const { role, accountName } = chain;
    return { role, accountName, chain, sortName: toSortName(accountName, role.accountId) };
  });
  return [...assigned, ...chained].toSorted(
    (a, b) =>
      compare(a.sortName, b.sortName) ||
      compare(a.role.accountId, b.role.accountId) ||
      compareRoles(a, b) ||
      compare(a.role.sessionName, b.role.sessionName),
  );
}

const toSortName = (accountName: string | undefined, accountId: string) => (accountName ?? accountId).toLowerCase();

function compareRoles(a: Row, b: Row): number {
  if (a.chain === undefined && b.chain === undefined) return compare(a.role.permissionSet, b.role.permissionSet);
  if (a.chain === undefined || b.chain === undefined) return a.chain === undefined ? -1 : 1;
  const [one, other] = [a, b].map(({ chain, role }) => titleOfRole({ ...role, chain: chain?.chain }));
  return compare(one ?? '', other ?? '') || compare(a.role.permissionSet, b.role.permissionSet);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
