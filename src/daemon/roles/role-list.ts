// Builds the list of all roles with profile, label, pin, protection and usage, as JSON; every surface shows this list.
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
import { isPinned } from '../settings/role-rules.ts';
import { labelOf, type Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import { scoreAt, type Use, type UsageStats, type UsageByProfile } from './usage-stats.ts';

export interface RoleList {
  /**
   * The JSON of GET /v1/roles, for one session or for all; the same bytes until something in them changes.
   * @throws NotFoundError session-not-found; UnavailableError file-not-writable: the config file can't be read
   */
  read(sessionSelector?: string): Promise<WrittenRoles>;
  /** Identifies the content of the list; see isSameRevision. */
  revision(): Promise<RoleListRevision>;
  /** A rolecall profile that gives AWS clients this role: in the config file, and not shadowed by the credentials file. */
  profileOf(role: Role): Promise<string | undefined>;
  /** Whether a `[[protect]]` rule matches. */
  isProtected(role: Role): boolean;
}

export interface WrittenRoles {
  readonly all: Buffer;
  /** A subset for the first screen: pinned and most used roles, and the beginning of the list. */
  readonly first: Buffer;
}

export interface RoleListRevision {
  /** When the oldest of the account lists was fetched. */
  readonly asOf: string | null;
  readonly parts: readonly unknown[];
}

export function isSameRevision(a: RoleListRevision | undefined, b: RoleListRevision): boolean {
  return a?.parts.length === b.parts.length && a.parts.every((part, index) => part === b.parts[index]);
}

interface Sources {
  readonly sessions: readonly SsoSession[];
  /** In the order of `sessions`. */
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
  /** By session name; `undefined` for the list of all sessions. */
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
        // The score at the time of writing. All scores decay at the same rate, so their order stays valid.
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
        // A write already in flight may be of an earlier revision, so loop and compare again.
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

/** Each more than a terminal or a page shows at once. */
const MAX_FIRST_USED_ROLES = 100;
const MAX_FIRST_ROLES = 200;
/** Ranks pinned roles above every used role. */
const PINNED_RANK = 1e6;

function writeDocument(head: object, rows: readonly string[]): Buffer {
  return Buffer.from(`${JSON.stringify(head).slice(0, -1)},"roles":[${rows.join(',')}]}`);
}

/** The role's profile in the file, else its planned name unless another profile has that name by now. */
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
  /** Compared without locale, so that the order is the same everywhere. */
  readonly sortName: string;
}

/** Sorts by account name, account id, permission set, session. */
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

/** A function that tells whether a `[[protect]]` rule matches; globs are compiled once. */
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
