// Collects the input of a profile plan: config file, account lists, settings, earlier names and usage.
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import type { ConfigDocument } from '../../aws-config/document/document.ts';
import type { ChainToPlan, ProfilePlanRequest } from '../../aws-config/profiles/plan-types.ts';
import { readSsoSessions } from '../../aws-config/sessions/sso-sessions.ts';
import type { Catalog, Role, SsoSession } from '../../core/model.ts';
import type { CurrentRole } from '../roles/current-role.ts';
import type { IssuedNamesStore } from '../roles/issued-names.ts';
import type { RoleUsage } from '../roles/role-usage.ts';
import type { UsageStats } from '../roles/usage-stats.ts';
import { createChainRules } from '../settings/chain-rules.ts';
import { aliasFor, createExtraFor, isPinned, regionFor } from '../settings/role-rules.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';

export interface PlanRequestDeps {
  readonly configFile: Pick<ConfigFile, 'read'>;
  readonly sharedCredentials: Pick<SharedCredentials, 'names'>;
  readonly settings: Settings;
  readonly credentialProcessPath: string;
  /** Keeps the names of roles that have no profile now: a role that comes back gets its old name. */
  readonly issuedNames: Pick<IssuedNamesStore, 'previous'>;
  readonly roleUsage: Pick<RoleUsage, 'has' | 'haveGaps' | 'add'>;
  readonly usageStats: Pick<UsageStats, 'read'>;
  readonly cachedCatalog: (session: SsoSession) => Promise<Catalog | undefined>;
  readonly currentRole: Pick<CurrentRole, 'get'>;
}

/** The profiles that others name as their source: AWS clients look for these in the file. */
function findSourceProfiles({ sections }: ConfigDocument): ReadonlySet<string> {
  return new Set(
    sections.flatMap(({ entries }) => entries.flatMap(({ key, value }) => (key === 'source_profile' ? [value] : []))),
  );
}

/** A function that collects the request; with `prune`, roles that suspicious listings lost count as gone. */
export function createPlanRequests(
  deps: PlanRequestDeps,
): (options: { readonly prune: boolean }) => Promise<ProfilePlanRequest> {
  const { configFile, settings, sharedCredentials } = deps;
  const extraFor = createExtraFor(settings);
  const chainRules = createChainRules(settings.chains);

  function chainsFor(source: Role, partition: string): readonly ChainToPlan[] {
    return chainRules(source, partition).map(({ rule, roleArn }) => ({
      roleArn,
      nameTemplate: rule.name,
      ...(rule.region === undefined ? {} : { region: rule.region }),
    }));
  }

  async function select(document: ConfigDocument) {
    const { write, include } = settings.profiles;
    if (write === 'all') return {};
    const uses = await deps.usageStats.read();
    const sources = findSourceProfiles(document);
    const hadProfile = new Set((await deps.roleUsage.haveGaps()) ? document.sections.map(({ name }) => name) : []);
    return {
      selection: {
        write,
        include,
        isPinned: (role: Role) => isPinned(settings, role),
        isUsed(role: Role, names: readonly string[]) {
          if (deps.roleUsage.has(role) || names.some((name) => sources.has(name))) return true;
          if (!names.some((name) => uses.has(name) || hadProfile.has(name))) return false;
          // Record the role: the name by which it counted as used may change.
          deps.roleUsage.add(role);
          return true;
        },
      },
    };
  }

  return async ({ prune }) => {
    const { document } = await configFile.read();
    const catalogs = new Map<string, Catalog>();
    for (const session of readSsoSessions(document).sessions) {
      const catalog = await deps.cachedCatalog(session);
      if (catalog === undefined) continue;
      const { lost: _, ...accepted } = catalog;
      catalogs.set(session.sessionName, prune ? accepted : catalog);
    }
    const previousNames = await deps.issuedNames.previous();
    const currentRole = await deps.currentRole.get();
    return {
      document,
      catalogs,
      settings: {
        nameTemplate: settings.profiles.name,
        style: settings.profiles.style,
        defaultFollowsCurrent: settings.profiles.defaultFollowsCurrent,
        exclude: settings.profiles.exclude,
        regionFor: (role) => regionFor(settings, role),
        aliasFor: (role) => aliasFor(settings, role),
        extraFor,
        ...(settings.chains.length === 0 ? {} : { chainsFor }),
        ...(await select(document)),
      },
      credentialProcessPath: deps.credentialProcessPath,
      inCredentialsFile: await sharedCredentials.names(),
      ...(previousNames === undefined ? {} : { previousNames }),
      ...(currentRole === null ? {} : { currentRole }),
    };
  };
}
