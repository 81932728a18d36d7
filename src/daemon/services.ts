// Composes the daemon: reads the settings, creates the domain and each capability, and collects their handlers and tasks.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createConfigFile } from '../aws-config/files/config-file.ts';
import { createProblems, type Problems } from '../core/problems.ts';
import type { SurfaceName } from '../local-api/routes.ts';
import { awsFilePath } from '../platform/files/aws-file-path.ts';
import { readDescriptorLimit } from '../platform/process/descriptor-limit.ts';
import { createAuditLog, type AuditLog } from './audit/audit-log.ts';
import { createIssuanceLog, createLastRefusals } from './audit/credential-outcomes.ts';
import type { ContainerServer } from './credentials/container-server.ts';
import { createCredentials } from './credentials/credentials.ts';
import { createDomain, type DomainDeps } from './domain.ts';
import { createConnectionRules, type ConnectionRules } from './http/connection-rules.ts';
import { createInputChecks, type InputChecks } from './http/input-checks.ts';
import { createLateLoading } from './http/late-loading.ts';
import type { PortHandover } from './http/port-handover.ts';
import type { Handlers } from './http/surface.ts';
import { HEADLESS, type Desktop } from './notifications/desktop.ts';
import { createNotifier } from './notifications/notifier.ts';
import { createChanges } from './process/changes.ts';
import { createRecheck, type Recheck } from './process/recheck.ts';
import type { TickTask } from './process/ticker.ts';
import { createProfiles } from './profiles/profiles.ts';
import { createRoles } from './roles/roles.ts';
import { resolveEndpoints, toEndpoints } from './settings/endpoints.ts';
import { createExtraFor } from './settings/role-rules.ts';
import { loadSettings, type Settings } from './settings/settings.ts';
import { createSetup } from './settings/setup.ts';
import { createSharedConfig } from './shared-config/shared-config.ts';
import { createSharedCredentials } from './shared-config/shared-credentials.ts';
import { createSessionEvents } from './sign-in/session-events.ts';
import { createSignIn } from './sign-in/sign-in.ts';
import { createDamagedFiles } from './state-files/damaged-files.ts';
import { createStateFiles, type OpenStateFile } from './state-files/state-file.ts';
import { createStatus } from './status/status.ts';
import { createWebAccessHandlers } from './web-access/routes.ts';
import { createWebAccess, type WebAccess } from './web-access/web-access.ts';

type External = 'environment' | 'paths' | 'clock' | 'random' | 'log' | 'checksUsers' | 'portalCallsPerSecond';
type StoreOption = 'passphraseCost' | 'passphraseHint' | 'keyCache';

export interface ServicesDeps extends Pick<DomainDeps, External | StoreOption> {
  readonly homeDirectory: string;
  readonly processId: number;
  readonly userId: number;
  readonly version: string;
  /** Environment variables that were removed at the start and would have changed how the daemon runs. */
  readonly droppedVariables?: readonly string[];
  /** Absent: no notifications, and no browser. */
  readonly desktop?: Desktop;
  /** Absent: each daemon has a container port of its own, and its grants end with it. */
  readonly portHandover?: PortHandover;
  /** Called when a stop is requested over the API, before the answer is sent. */
  readonly onStopRequested: () => void;
  /** Default: the limit of this process. */
  readonly descriptorLimit?: number;
}

export interface Services {
  readonly settings: Settings;
  readonly problems: Problems;
  readonly audit: AuditLog;
  readonly recheck: Recheck;
  readonly handlers: Handlers;
  readonly tasks: readonly TickTask[];
  readonly containerServer: ContainerServer;
  readonly webAccess: WebAccess;
  readonly inputChecks: InputChecks;
  readonly connectionRules: Readonly<Record<SurfaceName, ConnectionRules>>;
  /** A person is at the machine: the next call to a locked keychain can open its dialog, once. */
  personActs(): void;
  /** Writes deleted state files again, from memory. @throws UnavailableError file-not-writable */
  restoreState(): Promise<void>;
  /** Writes a deleted secret file again. */
  restoreSecrets(): Promise<void>;
  /** Saves the state for a daemon that has replaced this one; rejects when the secrets can't be written. */
  leaveState(): Promise<void>;
  /** Answers waiting callers and ends event streams, so that requests can finish; resolves when the streams are idle. */
  release(): Promise<void>;
  /** Ends pending sign-ins and the connections to AWS, and saves what is not saved yet. */
  close(): Promise<void>;
}

/** @throws UsageError settings-invalid; UnavailableError file-not-writable: the settings can't be read */
export async function createServices(deps: ServicesDeps): Promise<Services> {
  const { clock, environment, homeDirectory, log, paths } = deps;
  const settings = await loadSettings(paths.settingsFile, environment);
  const endpointsInForce = resolveEndpoints(settings, environment);
  const changes = createChanges();
  const problems = createProblems(changes.announce);
  const audit = createAuditLog({ path: paths.auditFile, clock, problems });
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

  const base = {
    ...deps,
    settings,
    endpointsInForce,
    endpoints: toEndpoints(endpointsInForce),
    startedAtMs: clock.nowMs(),
    changes,
    problems,
    recheck: createRecheck({ problems, clock }),
    audit,
    issuanceLog: createIssuanceLog({ audit, clock }),
    lastRefusals: createLastRefusals(clock),
    damagedFiles,
    openStateFile,
    openOwnFile,
    configFile,
    sharedConfig: createSharedConfig(configFile, createExtraFor(settings)),
    sharedCredentials: createSharedCredentials(awsFilePath('credentials', environment, homeDirectory)),
    lateLoading,
    connectionRules,
    inputChecks: createInputChecks(lateLoading.defer),
    desktop,
    notifier: createNotifier({ backend: desktop.notifications, clock, log }),
    events: createSessionEvents(),
  };
  const domain = { ...base, ...(await createDomain(base)) };
  const roles = { ...domain, ...(await createRoles(domain)) };
  const profiles = { ...roles, ...createProfiles(roles) };
  const signIn = { ...profiles, ...createSignIn(profiles) };
  const credentials = { ...signIn, ...(await createCredentials(signIn)) };
  const status = createStatus({ ...signIn, signIn: signIn.handlers.signIn });
  const setup = createSetup(domain);
  const webAccess = createWebAccess({ audit, clock, randomBytes });

  const { broker, personActs, recheck, store } = domain;
  const { containerServer } = credentials;
  const { keepAll } = profiles.tokenFiles;
  recheck.add(['secret-store-unavailable', 'secret-store-locked'], async () => {
    if (await domain.checkStore()) await Promise.all([broker.flush(), keepAll()]);
  });
  for (const retry of [status.switchFiles.refresh, audit.flush, broker.flush, keepAll]) {
    recheck.add(['file-not-writable'], retry);
  }

  return {
    settings,
    problems,
    audit,
    recheck,
    handlers: {
      ...domain.handlers,
      ...roles.handlers,
      ...profiles.handlers,
      ...signIn.handlers,
      ...credentials.handlers,
      ...status.handlers,
      ...setup.handlers,
      ...createWebAccessHandlers({ webAccess, personActs }),
      async stop() {
        // State that is only in memory is saved now, or lost.
        personActs();
        deps.onStopRequested();
        return { pid: deps.processId };
      },
    },
    tasks: [
      ...domain.tasks,
      { name: 'late loading', run: () => lateLoading.warm() },
      { name: 'audit log', run: () => audit.flush() },
      ...credentials.tasks,
      ...signIn.tasks,
      ...profiles.tasks,
      ...roles.tasks,
      ...status.tasks,
    ],
    containerServer,
    webAccess,
    inputChecks: base.inputChecks,
    connectionRules,
    personActs,
    restoreSecrets: async () => store.restore?.(),
    async leaveState() {
      await store.restore?.();
      await openStateFile.restoreMissing().catch(() => undefined);
    },
    async restoreState() {
      await openStateFile.restoreMissing();
      await store.restore?.();
      await Promise.all([broker.flush(), status.switchFiles.refresh(), containerServer.keepPort()]);
    },
    release() {
      signIn.release();
      return status.release();
    },
    async close() {
      base.notifier.close();
      await signIn.close();
      await domain.close();
      await status.close();
      await roles.close();
      await broker.flush();
    },
  };
}
