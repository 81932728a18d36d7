// Accounts and roles: the lists, the current role, how often each role is used, and the daily listing.
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import type { Clock } from '../../core/clock.ts';
import type { RuntimePaths } from '../../local-api/paths.ts';
import type { Broker } from '../../sso/broker.ts';
import type { ServingLock } from '../../sso/serving-lock.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { LateLoading } from '../http/late-loading.ts';
import type { Handlers } from '../http/surface.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { TickTask } from '../process/ticker.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import type { OpenStateFile } from '../state-files/state-file.ts';
import type { Chains } from './chains.ts';
import { createCurrentRole, CURRENT_ROLE_SCHEMA, type CurrentRole } from './current-role.ts';
import { createDailyLists } from './daily-lists.ts';
import type { IssuedNamesStore } from './issued-names.ts';
import { createRoleList, type RoleList } from './role-list.ts';
import { loadRoleUsage, ROLE_USAGE_SCHEMA, type RoleUsage } from './role-usage.ts';
import { createUsageStats, type UsageStats } from './usage-stats.ts';

export interface Roles {
  readonly handlers: Pick<Handlers, 'accounts' | 'roles' | 'current' | 'setCurrent'>;
  readonly tasks: readonly TickTask[];
  readonly currentRole: CurrentRole;
  readonly issuedNames: IssuedNamesStore;
  readonly roleList: RoleList;
  readonly roleUsage: RoleUsage;
  readonly usageStats: UsageStats;
  /** Resolves when the used roles are saved. */
  close(): Promise<void>;
}

export async function createRoles(deps: {
  readonly settings: Settings;
  readonly paths: Pick<RuntimePaths, 'switchDirectory'>;
  readonly openStateFile: OpenStateFile;
  /** Opens a file of the state folder by its name. */
  readonly openOwnFile: OpenStateFile;
  readonly configFile: ConfigFile;
  readonly sharedConfig: SharedConfig;
  readonly sharedCredentials: SharedCredentials;
  readonly issuedNames: IssuedNamesStore;
  readonly chains: Chains;
  readonly broker: Broker;
  readonly lock: ServingLock;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly changes: Pick<Changes, 'announce'>;
  readonly lateLoading: LateLoading;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}): Promise<Roles> {
  const { issuedNames, lateLoading, openOwnFile } = deps;
  const currentRole = createCurrentRole(openOwnFile('current.json', CURRENT_ROLE_SCHEMA));
  const usageStats = createUsageStats({ ...deps, directory: deps.paths.switchDirectory });
  const roleUsage = await loadRoleUsage({ ...deps, file: openOwnFile('used-roles.json', ROLE_USAGE_SCHEMA) });
  const roleList = createRoleList({ ...deps, issuedNames, usageStats });

  return {
    handlers: {
      ...lateLoading.deferHandlers(['accounts'], async () => {
        const { createAccountsHandlers } = await import('./accounts-routes.ts');
        return createAccountsHandlers({ ...deps, roleList });
      }),
      ...lateLoading.deferHandlers(['current', 'setCurrent'], async () => {
        const { createCurrentHandlers } = await import('./current-routes.ts');
        return createCurrentHandlers({ ...deps, currentRole, issuedNames, roleList, usageStats, roleUsage });
      }),
      async roles({ query }) {
        const { all, first } = await roleList.read(query.session);
        return query.first === true ? first : all;
      },
    },
    tasks: [
      { name: 'usage statistics', run: async () => void (await usageStats.read()) },
      { name: 'daily lists', run: createDailyLists(deps) },
    ],
    currentRole,
    issuedNames,
    roleList,
    roleUsage,
    usageStats,
    close: () => roleUsage.settled(),
  };
}
