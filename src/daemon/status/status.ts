// What the daemon shows of itself: the status document, its changes as events, and the files for shells and prompts.
import type { ConfigFile } from '../../aws-config/files/config-file.ts';
import type { Problems } from '../../core/problems.ts';
import type { Clock } from '../../core/clock.ts';
import type { ClosableIdentityCenter } from '../../identity-center/identity-center.ts';
import type { RuntimePaths } from '../../local-api/paths.ts';
import type { ApprovalsDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { SecretStore } from '../../sso/ports.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { LastRefusals } from '../audit/credential-outcomes.ts';
import type { LateLoading } from '../http/late-loading.ts';
import type { Handlers } from '../http/surface.ts';
import type { Lock } from '../lock/lock.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { Recheck } from '../process/recheck.ts';
import type { TickTask } from '../process/ticker.ts';
import type { TokenFiles } from '../profiles/token-files.ts';
import type { Chains } from '../roles/chains.ts';
import type { CurrentRole } from '../roles/current-role.ts';
import type { IssuedNamesStore } from '../roles/issued-names.ts';
import type { RoleList } from '../roles/role-list.ts';
import { createSwitchFiles, type SwitchFiles } from '../roles/switch-files.ts';
import { createUnmatchedRules } from '../roles/unmatched-rules.ts';
import type { UsageStats } from '../roles/usage-stats.ts';
import { createProtection } from '../settings/protection.ts';
import type { SessionEndpoints } from '../settings/session-endpoints.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SharedCredentials } from '../shared-config/shared-credentials.ts';
import type { ChooseFlow } from '../sign-in/flow-choice.ts';
import type { LoginPolicy } from '../sign-in/login-policy.ts';
import type { Renewals } from '../sign-in/renewals.ts';
import type { SignInHandlers } from '../sign-in/sign-in-routes.ts';
import type { DamagedFiles } from '../state-files/damaged-files.ts';
import { createEventFeed } from './event-feed.ts';
import { createTakeSnapshot } from './status-changes.ts';
import { createStatusHandlers, withLastRefusals } from './status-routes.ts';

export interface Status {
  readonly handlers: Pick<Handlers, 'status' | 'openapi' | 'events' | 'reach'>;
  readonly tasks: readonly TickTask[];
  readonly switchFiles: Pick<SwitchFiles, 'refresh'>;
  /** Ends every event stream. */
  release(): Promise<void>;
  /** Removes the prompt file. */
  close(): Promise<void>;
}

export function createStatus(deps: {
  readonly version: string;
  readonly processId: number;
  readonly startedAtMs: number;
  /** Environment variables that were removed at the start and would have changed how the daemon runs. */
  readonly droppedVariables?: readonly string[];
  readonly settings: Settings;
  readonly paths: RuntimePaths;
  readonly configFile: ConfigFile;
  readonly sessionEndpoints: SessionEndpoints;
  readonly identityCenter: Pick<ClosableIdentityCenter, 'probe'>;
  readonly store: SecretStore;
  readonly sharedConfig: SharedConfig;
  readonly sharedCredentials: SharedCredentials;
  readonly broker: Broker;
  readonly tokenFiles: TokenFiles;
  readonly chains: Chains;
  readonly currentRole: CurrentRole;
  readonly issuedNames: IssuedNamesStore;
  readonly roleList: RoleList;
  readonly usageStats: UsageStats;
  readonly loginPolicy: Pick<LoginPolicy, 'waiting'>;
  readonly renewals: Pick<Renewals, 'describe'>;
  readonly lock: Pick<Lock, 'describe'>;
  readonly approvals: Pick<Approvals, 'list'>;
  readonly listApprovals: () => Promise<ApprovalsDocument>;
  readonly signIn: SignInHandlers['signIn'];
  readonly chooseFlow: ChooseFlow;
  readonly damagedFiles: DamagedFiles;
  readonly recheck: Recheck;
  readonly lastRefusals: LastRefusals;
  readonly problems: Problems;
  readonly changes: Changes;
  readonly lateLoading: LateLoading;
  readonly clock: Clock;
  readonly clockAheadMs: () => number;
  readonly log: Log;
}): Status {
  const { changes, damagedFiles, identityCenter, lateLoading, paths, recheck } = deps;
  const { shared, switches } = deps.sessionEndpoints;
  const { status, openapi } = createStatusHandlers({
    ...deps,
    files: {
      settings: paths.settingsFile,
      config: deps.configFile.path,
      log: paths.logFile,
      audit: paths.auditFile,
      socket: paths.socketPath,
    },
    endpoints: { ...shared, ...(switches.length === 0 ? {} : { switches: [...switches] }) },
    unmatchedRules: createUnmatchedRules({ settings: deps.settings, settingsFile: paths.settingsFile }),
    waiting: deps.loginPolicy.waiting,
    protection: createProtection(deps.settings, deps.chains),
  });
  const eventFeed = createEventFeed({
    ...deps,
    collect: deps.usageStats.read,
    takeSnapshot: createTakeSnapshot({ ...deps, status }),
  });
  const switchFiles = createSwitchFiles({ ...deps, directory: paths.switchDirectory, status });
  // After the events: a slow disk must not delay what a person waits for.
  changes.subscribe(() => void switchFiles.refresh());

  return {
    handlers: {
      openapi,
      async status() {
        // A person can have fixed a problem a moment ago.
        await damagedFiles.check();
        await recheck.run();
        return withLastRefusals(await status(), deps);
      },
      ...eventFeed.handlers,
      ...lateLoading.deferHandlers(['reach'], async () => {
        const { createReachHandlers } = await import('./reach-routes.ts');
        const { droppedVariables = [] } = deps;
        return createReachHandlers({
          ...deps,
          endpointsOf: deps.sessionEndpoints.endpointsOf,
          probe: identityCenter.probe,
          droppedVariables,
        });
      }),
    },
    tasks: [
      { name: 'damaged files', run: () => damagedFiles.check() },
      { name: 'switch files', run: () => switchFiles.refresh() },
    ],
    switchFiles,
    release: () => eventFeed.close(),
    close: () => switchFiles.close(),
  };
}
