// Profiles in the shared config file: syncing and adopting them, and the token files of native profiles.
import { join } from 'node:path';
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import type { Clock } from '../../core/clock.ts';
import type { Problems } from '../../core/problems.ts';
import type { RuntimePaths } from '../../local-api/paths.ts';
import type { Broker } from '../../sso/broker.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { LastRefusals } from '../audit/credential-outcomes.ts';
import type { LateLoading } from '../http/late-loading.ts';
import type { Handlers } from '../http/surface.ts';
import type { Lock } from '../lock/lock.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { TickTask } from '../process/ticker.ts';
import type { Chains } from '../roles/chains.ts';
import type { CurrentRole } from '../roles/current-role.ts';
import type { IssuedNamesStore } from '../roles/issued-names.ts';
import type { RoleUsage } from '../roles/role-usage.ts';
import type { UsageStats } from '../roles/usage-stats.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import type { ProfileSync } from './profile-sync.ts';
import { createProfilesOfUsedRoles } from './profiles-of-used-roles.ts';
import { createTokenFiles, type TokenFiles } from './token-files.ts';

export interface Profiles {
  readonly handlers: Pick<
    Handlers,
    'profile' | 'writeProfile' | 'profiles' | 'syncProfiles' | 'adoptProfiles' | 'foundSessions'
  >;
  readonly tasks: readonly TickTask[];
  readonly profileSync: ProfileSync;
  readonly tokenFiles: TokenFiles;
}

export function createProfiles(deps: {
  readonly settings: Settings;
  readonly paths: Pick<RuntimePaths, 'credentialProcessPath' | 'stateDirectory'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly userId: number;
  readonly configFile: ConfigFile;
  readonly sharedConfig: SharedConfig;
  readonly sharedCredentials: SharedCredentials;
  readonly broker: Broker;
  readonly lock: Pick<Lock, 'isAllLocked' | 'subscribe'>;
  /** By how much this machine's clock is ahead of AWS's. */
  readonly clockAheadMs: () => number;
  readonly currentRole: CurrentRole;
  readonly issuedNames: IssuedNamesStore;
  readonly chains: Chains;
  readonly roleUsage: RoleUsage;
  readonly usageStats: UsageStats;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly lastRefusals: Pick<LastRefusals, 'find'>;
  readonly problems: Problems;
  readonly changes: Pick<Changes, 'announce'>;
  readonly lateLoading: LateLoading;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}): Profiles {
  const { broker, changes, lateLoading, sharedConfig } = deps;
  const { credentialProcessPath, stateDirectory } = deps.paths;
  const tokenFiles = createTokenFiles({ ...deps, isLocked: deps.lock.isAllLocked });
  const updateTokenFiles = () =>
    void tokenFiles.keepAll().catch((error: unknown) => deps.log('warn', `token files: ${(error as Error).message}`));
  deps.lock.subscribe({ locked: updateTokenFiles, unlocked: updateTokenFiles });
  const loadSync = lateLoading.defer(async () => {
    const { createProfileSync } = await import('./profile-sync.ts');
    return createProfileSync({
      ...deps,
      credentialProcessPath,
      cachedCatalog: (session) => broker.cachedCatalog(session),
    });
  });
  const profileSync: ProfileSync = {
    plan: async (options) => (await loadSync()).plan(options),
    sync: async (by) => (await loadSync()).sync(by),
    writeNamed: async (profileName, by) => (await loadSync()).writeNamed(profileName, by),
  };
  const writeProfileOf = createProfilesOfUsedRoles({ ...deps, profileSync });
  deps.roleUsage.onFirstUse((role) => void writeProfileOf(role));

  return {
    handlers: {
      ...lateLoading.deferHandlers(['profile', 'writeProfile'], async () => {
        const { createProfileHandlers } = await import('./profile-routes.ts');
        return createProfileHandlers({ ...deps, profileSync });
      }),
      ...lateLoading.deferHandlers(['adoptProfiles'], async () => {
        const { createAdoption } = await import('./adoption.ts');
        const { createAdoptionHandlers } = await import('./adoption-routes.ts');
        const directory = join(stateDirectory, 'adoptions');
        return createAdoptionHandlers({
          ...deps,
          adoption: createAdoption({ ...deps, directory, credentialProcessPath }),
        });
      }),
      ...lateLoading.deferHandlers(['foundSessions'], async () => {
        const { createFoundSessionsHandlers } = await import('./found-sessions.ts');
        return createFoundSessionsHandlers(deps);
      }),
      profiles: async ({ query }) => (await profileSync.plan({ prune: query?.prune === true })).toJson(),
      async syncProfiles({ body }, { surface }) {
        if (body?.prune === true) {
          for (const session of (await sharedConfig.read()).sessions) await broker.acceptLoss(session);
        }
        const synced = await profileSync.sync(surface);
        changes.announce();
        return synced.toJson();
      },
    },
    tasks: [{ name: 'token files', run: () => tokenFiles.keepAll() }],
    profileSync,
    tokenFiles,
  };
}
