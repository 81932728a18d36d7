// Caches the list of all roles, which every surface shows, and rewrites it when something in it changes.
import { createSingleFlight } from '../../core/async/single-flight.ts';
import { isChained } from '../../core/aws/chain-role.ts';
import type { Clock } from '../../core/clock.ts';
import type { Role } from '../../core/model.ts';
import type { ChainDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import { createProtection } from '../settings/protection.ts';
import type { Settings } from '../settings/settings.ts';
import type { ConfigProfiles } from '../shared-config/config-profiles.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import { describeChain } from './chain-document.ts';
import { createChainRows, type ChainRow } from './chain-rows.ts';
import type { Chains } from './chains.ts';
import type { IssuedNamesStore } from './issued-names.ts';
import { findAge, formatRoles, type RoleSources, type WrittenRoles } from './role-documents.ts';
import type { UsageByProfile, UsageStats } from './usage-stats.ts';

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
  /** The chained roles in the list; the same array until something in them changes. */
  chains(): Promise<readonly ChainRow[]>;
  /** How a chained role is reached; undefined for others, and for one that is defined no more. */
  describeChain(role: Role): Promise<ChainDocument | undefined>;
}

export interface RoleListRevision {
  /** When the oldest of the account lists was fetched. */
  readonly asOf: string | null;
  readonly parts: readonly unknown[];
}

export function isSameRevision(a: RoleListRevision | undefined, b: RoleListRevision): boolean {
  return a?.parts.length === b.parts.length && a.parts.every((part, index) => part === b.parts[index]);
}

export function createRoleList(deps: {
  readonly sharedConfig: SharedConfig;
  readonly sharedCredentials: Pick<SharedCredentials, 'names'>;
  readonly chains: Pick<Chains, 'refresh' | 'list' | 'find' | 'sourceNameOf'>;
  readonly broker: Pick<Broker, 'cachedCatalog'>;
  readonly settings: Settings;
  readonly issuedNames: Pick<IssuedNamesStore, 'unwritten'>;
  readonly usageStats: UsageStats;
  readonly clock: Clock;
}): RoleList {
  const { clock, settings, sharedConfig } = deps;
  const protection = createProtection(settings, deps.chains);
  /** By session name; `undefined` for the list of all sessions. */
  const written = new Map<string | undefined, { readonly revision: RoleListRevision; readonly texts: WrittenRoles }>();
  const writing = createSingleFlight<void, string | undefined>();

  const chainRows = createChainRows(deps.chains);

  async function gather(uses: UsageByProfile): Promise<RoleSources & { readonly revision: RoleListRevision }> {
    const { sessions, profiles } = await sharedConfig.read();
    const catalogs = await Promise.all(sessions.map((session) => deps.broker.cachedCatalog(session)));
    await deps.chains.refresh();
    const names = await profiles();
    const found = {
      sessions,
      catalogs,
      profiles: names,
      chains: chainRows(names, catalogs),
      unwritten: await deps.issuedNames.unwritten(),
      inCredentialsFile: await deps.sharedCredentials.names(),
      uses,
    };
    const parts = [found.profiles, found.chains, found.unwritten, found.inCredentialsFile, found.uses, ...catalogs];
    const revision = { asOf: findAge(catalogs), parts };
    return { ...found, revision };
  }

  async function findChainProfile(role: Role, { profileOf }: ConfigProfiles): Promise<string | undefined> {
    await deps.chains.refresh();
    const definition = deps.chains.find(role);
    return definition?.origin === 'config' ? definition.name : profileOf(role);
  }

  return {
    async read(selector) {
      const only = selector === undefined ? undefined : (await sharedConfig.findSession(selector)).sessionName;
      for (;;) {
        const sources = await gather(await deps.usageStats.read());
        const earlier = written.get(only);
        if (earlier !== undefined && isSameRevision(earlier.revision, sources.revision)) return earlier.texts;
        // A write already in flight may be of an earlier revision, so loop and compare again.
        await writing.run(only, async () => {
          written.set(only, {
            revision: sources.revision,
            texts: await formatRoles(sources, only, { settings, protection, nowMs: clock.nowMs() }),
          });
        });
      }
    },
    revision: async () => (await gather(deps.usageStats.cached())).revision,
    isProtected: protection.isProtected,
    async chains() {
      await deps.chains.refresh();
      // `rolecall ls` asks for them, and most people have none.
      return deps.chains.list().length === 0 ? [] : (await gather(deps.usageStats.cached())).chains;
    },
    async describeChain(role) {
      if (!isChained(role)) return undefined;
      await deps.chains.refresh();
      const definition = deps.chains.find(role);
      if (definition === undefined) return undefined;
      const { profiles } = await sharedConfig.read();
      return describeChain(definition, { chains: deps.chains, profiles: await profiles() });
    },
    async profileOf(role) {
      const { profiles } = await sharedConfig.read();
      const found = await profiles();
      const name = isChained(role) ? await findChainProfile(role, found) : found.profileOf(role);
      const inCredentialsFile = await deps.sharedCredentials.names();
      if (name === undefined || !inCredentialsFile.has(name)) return name;
      return found.aliasesOf(role).find((alias) => !inCredentialsFile.has(alias));
    },
  };
}
