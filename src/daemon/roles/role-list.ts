// The one list of what a person chooses from: every account and permission set, with what this machine knows of each.
import { formatUtcSeconds, type Clock } from '../../core/clock.ts';
import type { CredentialsNames } from '../../aws-config/document/credentials-names.ts';
import type { Catalog, CatalogAccount, Role, SsoSession } from '../../core/model.ts';
import { createGlobMatcher } from '../../core/text/glob.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import type { RoleDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { ConfigProfiles } from '../shared-config/config-profiles.ts';
import type { IssuedNamesStore, UnwrittenProfiles } from './issued-names.ts';
import { forEachInSlices } from '../../core/async/steps.ts';
import { isPinned, labelOf, type Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import { scoreAt, type Use, type UsageStats, type UsageByProfile } from './usage-stats.ts';

export interface RoleList {
  /**
   * The documents of GET /v1/roles as JSON, of one session or of all; the same bytes until something in them changes.
   * @throws NotFoundError session-not-found; UnavailableError file-not-writable: the config file can't be read
   */
  read(sessionSelector?: string): Promise<WrittenRoles>;
  /** What the list is made of: equal members of two revisions mean the same list. */
  revision(): Promise<RoleListRevision>;
  /** The profile of ours by which AWS clients get the role: one that the config file has and the credentials file has not. */
  profileOf(role: Role): Promise<string | undefined>;
  /** Whether a `[[protect]]` of the settings matches. */
  isProtected(role: Role): boolean;
}

export interface WrittenRoles {
  readonly all: Buffer;
  /** Those that a first screen shows before anything is typed: what is pinned or used most, and the beginning of the list. */
  readonly first: Buffer;
}

export interface RoleListRevision {
  /** The oldest of the lists shown, as in the list of accounts. */
  readonly asOf: string | null;
  readonly parts: readonly unknown[];
}

export function isSameRevision(a: RoleListRevision | undefined, b: RoleListRevision): boolean {
  return a?.parts.length === b.parts.length && a.parts.every((part, index) => part === b.parts[index]);
}

interface Sources {
  readonly sessions: readonly SsoSession[];
  /** Of the sessions, in their order. */
  readonly catalogs: readonly (Catalog | undefined)[];
  readonly profiles: ConfigProfiles;
  readonly unwritten: UnwrittenProfiles;
  readonly inCredentialsFile: CredentialsNames;
  readonly uses: UsageByProfile;
  readonly revision: RoleListRevision;
}

export function createRoleList(deps: {
  readonly sharedConfig: SharedConfig;
  readonly sharedCredentials: Pick<SharedCredentials, 'names'>;
  readonly broker: Pick<Broker, 'cachedCatalog'>;
  readonly settings: Settings;
  readonly issuedNames: Pick<IssuedNamesStore, 'unwritten'>;
  readonly usageStats: UsageStats;
  readonly clock: Clock;
}): RoleList {
  const { clock, settings, sharedConfig } = deps;
  const isProtected = createProtection(settings);
  /** By session name, `undefined` for all. */
  const written = new Map<string | undefined, { readonly revision: RoleListRevision; readonly texts: WrittenRoles }>();
  const writing = createSingleFlight<void>();

  async function gather(uses: UsageByProfile): Promise<Sources> {
    const { sessions, profiles } = await sharedConfig.read();
    const catalogs = await Promise.all(sessions.map((session) => deps.broker.cachedCatalog(session)));
    const found = {
      sessions,
      catalogs,
      profiles: await profiles(),
      unwritten: await deps.issuedNames.unwritten(),
      inCredentialsFile: await deps.sharedCredentials.names(),
      uses,
    };
    const parts = [found.profiles, found.unwritten, found.inCredentialsFile, found.uses, ...catalogs];
    const revision = { asOf: findAge(catalogs), parts };
    return { ...found, revision };
  }

  async function write(sources: Sources, only: string | undefined): Promise<WrittenRoles> {
    const nowMs = clock.nowMs();
    const shown = sources.sessions
      .map(({ sessionName }, index) => ({ sessionName, catalog: sources.catalogs[index] }))
      .filter(({ sessionName }) => only === undefined || sessionName === only);
    const known = shown.flatMap(({ catalog }) => (catalog === undefined ? [] : [catalog]));
    const head = { asOf: findAge(known), complete: known.length > 0 && known.every(({ complete }) => complete) };
    const parts: string[] = [];
    const used: { readonly rank: number; readonly place: number }[] = [];
    await forEachInSlices(sortRows(known.flatMap(({ accounts }) => accounts)), ({ account, permissionSet }) => {
      const { sessionName, accountId } = account;
      const role = { sessionName, accountId, permissionSet };
      const { profile, aliases, isUnwritten } = nameRole(role, sources);
      const use = [profile, ...aliases].map((name) => (name === null ? undefined : sources.uses.get(name)));
      const row: RoleDocument = {
        session: sessionName,
        label: labelOf(settings, sessionName) ?? sessionName,
        accountId,
        accountName: account.accountName ?? null,
        permissionSet,
        profile,
        protected: isProtected(role),
        pinned: isPinned(settings, role),
        // As of the writing: all of them halve together, so their order holds for as long as the text does.
        score: Math.round(use.reduce((sum, one) => sum + scoreAt(one, nowMs), 0) * 1000) / 1000,
        ...describeLastUse(use),
        ...(aliases.length === 0 ? {} : { aliases: [...aliases] }),
        ...(isUnwritten ? { unwritten: true } : {}),
        ...(profile !== null && sources.inCredentialsFile.has(profile) ? { shadowed: true } : {}),
      };
      const rank = (row.pinned ? PINNED_RANK : 0) + row.score;
      if (rank > 0) used.push({ rank, place: parts.length });
      parts.push(JSON.stringify(row));
    });
    used.sort((a, b) => b.rank - a.rank || a.place - b.place);
    const places = new Set(used.slice(0, MAX_FIRST_USED_ROLES).map(({ place }) => place));
    for (let place = 0; place < parts.length && places.size < MAX_FIRST_ROLES; place += 1) places.add(place);
    const first = [...places].toSorted((a, b) => a - b);
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

  return {
    async read(selector) {
      const only = selector === undefined ? undefined : (await sharedConfig.findSession(selector)).sessionName;
      for (;;) {
        const sources = await gather(await deps.usageStats.read());
        const earlier = written.get(only);
        if (earlier !== undefined && isSameRevision(earlier.revision, sources.revision)) return earlier.texts;
        // A writing that was under way may be of an earlier revision, so what came of it is looked at again.
        await writing.run(only === undefined ? 'all' : `session ${only}`, async () => {
          written.set(only, { revision: sources.revision, texts: await write(sources, only) });
        });
      }
    },
    revision: async () => (await gather(deps.usageStats.cached())).revision,
    isProtected,
    async profileOf(role) {
      const { profiles } = await sharedConfig.read();
      const found = await profiles();
      const name = found.profileOf(role);
      const inCredentialsFile = await deps.sharedCredentials.names();
      if (name === undefined || !inCredentialsFile.has(name)) return name;
      return found.aliasesOf(role).find((alias) => !inCredentialsFile.has(alias));
    },
  };
}

/** Both more than a terminal has lines and a page has rows in sight. */
const MAX_FIRST_USED_ROLES = 100;
const MAX_FIRST_ROLES = 200;
/** Pinned roles come before all that were used, however often. */
const PINNED_RANK = 1e6;

function writeDocument(head: object, rows: readonly string[]): Buffer {
  return Buffer.from(`${JSON.stringify(head).slice(0, -1)},"roles":[${rows.join(',')}]}`);
}

/** What a role is called: by the file, else by the plan, unless somebody else took that name meanwhile. */
function nameRole(role: Role, { profiles, unwritten }: Sources) {
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

function findAge(catalogs: readonly (Catalog | undefined)[]): string | null {
  const times = catalogs.flatMap((catalog) => (catalog === undefined ? [] : [catalog.asOfMs]));
  return times.length === 0 ? null : formatUtcSeconds(Math.min(...times));
}

interface Row {
  readonly account: CatalogAccount;
  readonly permissionSet: string;
  /** Not by the locale: every surface and every machine shows one order. */
  readonly sortName: string;
}

/** By account name, account id, permission set, session; lists that come sorted are merged rather than sorted. */
function sortRows(accounts: readonly CatalogAccount[]): Row[] {
  return accounts
    .flatMap((account) => {
      const sortName = (account.accountName ?? account.accountId).toLowerCase();
      return account.permissionSets.map((permissionSet) => ({ account, permissionSet, sortName }));
    })
    .toSorted(
      (a, b) =>
        compare(a.sortName, b.sortName) ||
        compare(a.account.accountId, b.account.accountId) ||
        compare(a.permissionSet, b.permissionSet) ||
        compare(a.account.sessionName, b.account.sessionName),
    );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Whether a `[[protect]]` of the settings matches, each of its parts a glob. */
function createProtection({ protect }: Settings): (role: Role) => boolean {
  const rules = protect.map(({ session, accountId, permissionSet }) => ({
    session: createGlobMatcher([session]),
    accountId: createGlobMatcher([accountId]),
    permissionSet: createGlobMatcher([permissionSet]),
  }));
  return (role) =>
    rules.some(
      (rule) =>
        rule.session(role.sessionName) && rule.accountId(role.accountId) && rule.permissionSet(role.permissionSet),
    );
}
