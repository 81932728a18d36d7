// What the capabilities share: the settings, problems, the audit log, state files, the AWS files, notifications.
import { join } from 'node:path';
import { createConfigFile } from '../aws-config/files/config-file.ts';
import { createProblems } from '../core/problems.ts';
import { awsFilePath } from '../platform/files/aws-file-path.ts';
import { readDescriptorLimit } from '../platform/process/descriptor-limit.ts';
import { createAuditLog } from './audit/audit-log.ts';
import { createIssuanceLog } from './audit/audit-issuance.ts';
import { createLastRefusals } from './audit/credential-outcomes.ts';
import { createConnectionRules } from './http/connection-rules.ts';
import { createLateCallerPrograms, createLateProcessLookup } from './http/late-caller-programs.ts';
import type { DomainDeps } from './domain.ts';
import { createLateLoading } from './http/late-loading.ts';
import { HEADLESS, type Desktop } from './notifications/desktop.ts';
import { createNotifier } from './notifications/notifier.ts';
import type { CredentialProcessSources } from './process/credential-process-copy.ts';
import { createChanges } from './process/changes.ts';
import { createRecheck } from './process/recheck.ts';
import { createExtraFor } from './settings/role-rules.ts';
import { createSessionEndpoints } from './settings/session-endpoints.ts';
import { loadSettings } from './settings/settings.ts';
import { createSharedConfig } from './shared-config/shared-config.ts';
import { createSharedCredentials } from './shared-config/shared-credentials.ts';
import { createSessionEvents } from './sign-in/session-events.ts';
import { createDamagedFiles } from './state-files/damaged-files.ts';
import { createStateFiles, type OpenStateFile } from './state-files/state-file.ts';

export interface FoundationDeps extends Pick<DomainDeps, 'environment' | 'paths' | 'clock' | 'log'> {
  readonly homeDirectory: string;
  readonly userId: number;
  readonly credentialProcess: Omit<CredentialProcessSources, 'copyPath'>;
  /** Absent: no notifications, and no browser. */
  readonly desktop?: Desktop;
  /** Default: the limit of this process. */
  readonly descriptorLimit?: number;
}

/** @throws UsageError settings-invalid; UnavailableError file-not-writable: the settings can't be read */
export async function createFoundation(deps: FoundationDeps) {
  const { clock, environment, homeDirectory, log, paths } = deps;
  const settings = await loadSettings(paths.settingsFile, environment);
  const sessionEndpoints = createSessionEndpoints({ settings, environment });
  const changes = createChanges();
  const problems = createProblems(changes.announce);
  for (const [index, problem] of settings.problems.entries()) problems.raise(`settings ${index}`, problem);
  const audit = createAuditLog({
    path: paths.auditFile,
    clock,
    problems,
    isRequired: settings.audit === 'required',
  });
  const damagedFiles = createDamagedFiles({ problems, clock, log });
  const openStateFile = createStateFiles(problems, damagedFiles);
  const openOwnFile: OpenStateFile = (name, schema) => openStateFile(join(paths.stateDirectory, name), schema);
  const configFile = createConfigFile({ path: awsFilePath('config', environment, homeDirectory), clock });
  const lateLoading = createLateLoading();
  const connectionRules = createConnectionRules({
    userId: deps.userId,
    descriptorLimit: deps.descriptorLimit ?? readDescriptorLimit(),
  });
  const desktop = deps.desktop ?? HEADLESS;

  return {
    settings,
    sessionEndpoints,
    endpointsOf: sessionEndpoints.endpointsOf,
    startedAtMs: clock.nowMs(),
    changes,
    problems,
    recheck: createRecheck({ problems, clock }),
    audit,
    issuanceLog: createIssuanceLog({
      audit,
      clock,
      findProgram: createLateProcessLookup({ ...deps, defer: lateLoading.defer }),
    }),
    lastRefusals: createLastRefusals(clock),
    damagedFiles,
    openStateFile,
    openOwnFile,
    configFile,
    sharedConfig: createSharedConfig(configFile, createExtraFor(settings)),
    sharedCredentials: createSharedCredentials(awsFilePath('credentials', environment, homeDirectory)),
    lateLoading,
    loadRoutes: lateLoading.defer(async () => (await import('../local-api/routes.ts')).routes),
    connectionRules,
    findCallerProgram: createLateCallerPrograms({ ...deps, defer: lateLoading.defer }),
    desktop,
    notifier: createNotifier({ backend: desktop.notifications, clock, log }),
    events: createSessionEvents(),
  };
}
