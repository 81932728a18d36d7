// The parts of a daemon, each built once and wired: from the settings to the work behind every route.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createConfigFile } from '../aws-config/files/config-file.ts';
import type { Clock } from '../core/clock.ts';
import { createServerClock } from '../core/server-clock.ts';
import { createProblems, type Problems } from '../core/problems.ts';
import { Secret } from '../core/secret.ts';
import { createCallerIdentity } from '../identity-center/caller-identity.ts';
import { createConsoleFederation } from '../identity-center/console-federation.ts';
import { createIdentityCenter } from '../identity-center/identity-center.ts';
import { createProxyForUrl } from '../identity-center/proxy.ts';
import type { RuntimePaths } from '../local-api/paths.ts';
import type { SurfaceName } from '../local-api/routes.ts';
import { awsFilePath } from '../platform/files/aws-file-path.ts';
import { findBusSocket } from '../platform/bus/bus-address.ts';
import { readDescriptorLimit } from '../platform/process/descriptor-limit.ts';
import { chooseSecretStore, mayHaveKeychain, type StoreWish } from '../secret-store/choose.ts';
import { createBroker, type Broker } from '../sso/broker.ts';
import { createAuditLog, type AuditLog } from './audit/audit-log.ts';
import { createClockSkew, type ClockSkew } from './process/clock-skew.ts';
import { findCaBundle } from './shared-config/ca-bundle.ts';
import { createCatalogFiles } from './roles/catalog-files.ts';
import { createConnectionRules, type ConnectionRules } from './http/connection-rules.ts';
import { createChanges, type Changes } from './process/changes.ts';
import { createDamagedFiles, type DamagedFiles } from './state-files/damaged-files.ts';
import { CONTAINER_PORT_SCHEMA, createContainerServer, type ContainerServer } from './credentials/container-server.ts';
import { createCurrentRole, CURRENT_ROLE_SCHEMA } from './roles/current-role.ts';
import { createEventFeed, type EventFeed } from './status/event-feed.ts';
import { resolveEndpoints, toEndpoints } from './settings/endpoints.ts';
import { createCredentialIssuer } from './credentials/issue.ts';
import { GRANTS_SCHEMA, loadGrants, type Grants } from './credentials/grants.ts';
import { createInputChecks, type InputChecks } from './http/input-checks.ts';
import { createIssuedNames, ISSUED_NAMES_SCHEMA } from './roles/issued-names.ts';
import { createIssuanceLog } from './audit/issuance-log.ts';
import { createLastRefusals } from './audit/last-refusals.ts';
import { createLateLoading, type LateLoading } from './http/late-loading.ts';
import type { Log } from './process/log.ts';
import { HEADLESS, type Desktop } from './notifications/desktop.ts';
import { createNotifier, type Notifier } from './notifications/notifier.ts';
import { createNoHandover, type PortHandover } from './http/port-handover.ts';
import type { ProfileSync } from './profiles/profile-sync.ts';
import { createProfilesOfUsedRoles } from './profiles/profiles-of-used-roles.ts';
import { createRoleList } from './roles/role-list.ts';
import { createAccountsHandlers } from './roles/accounts-routes.ts';
import { createCredentialsHandlers } from './credentials/credentials-routes.ts';
import { createCurrentHandlers } from './roles/current-routes.ts';
import { createGrantsHandlers } from './credentials/grants-routes.ts';
import { createRolesHandlers } from './roles/roles-routes.ts';
import { createStatusHandlers, withLastRefusals } from './status/status-routes.ts';
import { createWebAccessHandlers } from './web-access/routes.ts';
import { createExtraFor } from './settings/role-rules.ts';
import { loadSettings, type Settings } from './settings/settings.ts';
import { createSharedConfig, type SharedConfig } from './shared-config/shared-config.ts';
import { createSharedCredentials } from './shared-config/shared-credentials.ts';
import { createSessionEvents } from './sign-in/session-events.ts';
import { createSignIn, type SignIn } from './sign-in/sign-in.ts';
import { loadSignedInUsers, SIGNED_IN_USERS_SCHEMA } from './sign-in/signed-in-users-file.ts';
import { createRecheck, type Recheck } from './process/recheck.ts';
import type { Handlers } from './http/surface.ts';
import { createTakeSnapshot } from './status/status-changes.ts';
import { createSwitchFiles, type SwitchFiles } from './roles/switch-files.ts';
import { createTokenFiles, type TokenFiles } from './profiles/token-files.ts';
import { createStateFiles, type StateFileSchema } from './state-files/state-file.ts';
import { createUnmatchedRules } from './roles/unmatched-rules.ts';
import { loadRoleUsage, ROLE_USAGE_SCHEMA } from './roles/role-usage.ts';
import { createUsageStats, type UsageStats } from './roles/usage-stats.ts';
import { createWebAccess, type WebAccess } from './web-access/web-access.ts';

export interface PartsDeps {
  readonly paths: RuntimePaths;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Names that were taken out of the environment at the start, and would have changed how the daemon runs. */
  readonly droppedVariables?: readonly string[];
  readonly homeDirectory: string;
  readonly processId: number;
  readonly userId: number;
  readonly version: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Absent: nobody to notify, and no browser. */
  readonly desktop?: Desktop;
  /** Of the container port; absent: it is lost with each daemon, and its grants with it. */
  readonly portHandover?: PortHandover;
  /** Called once a stop was asked for over the API; the answer is on its way then. */
  readonly onStopRequested: () => void;
  /** Whether STS is asked who signed in; a test that counts calls does without. */
  readonly checksUsers?: boolean;
  /** Calls a second to the portal; tests and benches scale it. */
  readonly portalCallsPerSecond?: number;
  /** What a guess of the passphrase of the secret file costs; the file store's own when absent. */
  readonly passphraseCost?: StoreWish['passphraseCost'];
  readonly passphraseHint?: StoreWish['passphraseHint'];
  readonly keyCache?: StoreWish['keyCache'];
  /** Of this process when absent. */
  readonly descriptorLimit?: number;
}

export interface Parts {
  readonly settings: Settings;
  readonly problems: Problems;
  readonly damagedFiles: DamagedFiles;
  readonly recheck: Recheck;
  readonly audit: AuditLog;
  readonly sharedConfig: SharedConfig;
  readonly broker: Broker;
  readonly clockSkew: ClockSkew;
  readonly tokenFiles: TokenFiles;
  readonly notifier: Notifier;
  readonly signIn: SignIn;
  readonly grants: Grants;
  readonly connectionRules: Readonly<Record<SurfaceName, ConnectionRules>>;
  readonly containerServer: ContainerServer;
  readonly webAccess: WebAccess;
  readonly inputChecks: InputChecks;
  readonly lateLoading: LateLoading;
  readonly eventFeed: EventFeed;
  readonly switchFiles: SwitchFiles;
  readonly usageStats: UsageStats;
  readonly changes: Changes;
  readonly handlers: Handlers;
  /** The next call to a locked keychain may open its dialog, once. */
  personActs(): void;
  /** Writes again what the state folder lost, from memory. @throws UnavailableError file-not-writable */
  restoreState(): Promise<void>;
  /** The secret file alone, which is looked for at each tick. */
  restoreSecrets(): Promise<void>;
  /** Writes what was deleted for a daemon that has taken our place; rejects when it is the secrets that can't be written. */
  leaveState(): Promise<void>;
  /** Ends pending sign-ins and the connections to AWS. */
  close(): Promise<void>;
}

/** @throws UsageError settings-invalid; UnavailableError file-not-writable: the settings can't be read */
export async function createParts(deps: PartsDeps): Promise<Parts> {
  const { clock, environment, homeDirectory, log, paths } = deps;
  const settings = await loadSettings(paths.settingsFile, environment);
  const endpointsInForce = resolveEndpoints(settings, environment);
  const endpoints = toEndpoints(endpointsInForce);
  const startedAtMs = clock.nowMs();
  const changes = createChanges();
  const problems = createProblems(changes.announce);
  const audit = createAuditLog({ path: paths.auditFile, clock, problems });
  const issuanceLog = createIssuanceLog({ audit, clock });
  const lastRefusals = createLastRefusals(clock);
  const damagedFiles = createDamagedFiles({ problems, clock, log });
  const recheck = createRecheck({ problems, clock });
  const openStateFile = createStateFiles(problems, damagedFiles);
  const openOwn = (name: string, schema: StateFileSchema) => openStateFile(join(paths.stateDirectory, name), schema);
  const configFile = createConfigFile({ path: awsFilePath('config', environment, homeDirectory), clock });
  const sharedConfig = createSharedConfig(configFile, createExtraFor(settings));
  const sharedCredentials = createSharedCredentials(awsFilePath('credentials', environment, homeDirectory));
  const network = {
    proxyForUrl: createProxyForUrl({ proxySetting: settings.network.proxy, environment }),
    caBundle: await findCaBundle(settings.network.caBundle, environment, sharedConfig),
  };
  // Tokens and keys expire by AWS's clock; everything else goes by this machine's.
  const serverClock = createServerClock(clock);
  const clockSkew = createClockSkew({ serverClock, problems, platform: process.platform });
  const identityCenter = createIdentityCenter({
    endpoints,
    ...network,
    onServerTime: clockSkew.observe,
    warn: (message) => log('warn', message),
  });
  const lateLoading = createLateLoading();
  const federation = createConsoleFederation(network);

  const passphrase = environment['ROLECALL_PASSPHRASE'];
  const {
    store,
    problem: storeProblem,
    findProblem: findStoreProblem,
    lock: keychainLock,
    forgetKeychain,
  } = await chooseSecretStore({
    passphraseCost: deps.passphraseCost,
    passphraseHint: deps.passphraseHint,
    keyCache: deps.keyCache,
    wanted: settings.secretStore,
    passphrase: passphrase === undefined ? undefined : new Secret(passphrase),
    statePath: paths.stateDirectory,
    settingsFile: paths.settingsFile,
    hasBus: mayHaveKeychain(process.platform, environment),
    busSocketPath: findBusSocket(environment, existsSync),
    clock,
  });
  if (storeProblem !== undefined) problems.raise('secret store', storeProblem);
  // Not of a keychain, which may open a dialog each time that it is asked.
  if (findStoreProblem !== undefined) {
    recheck.add(['secret-store-unavailable', 'secret-store-locked'], async () => {
      const problem = await findStoreProblem();
      if (problem !== undefined) return problems.raise('secret store', problem.toBody());
      problems.clear('secret store');
      await Promise.all([broker.flush(), tokenFiles.keepAll()]);
    });
  }

  const events = createSessionEvents();
  const broker = createBroker({
    identityCenter,
    secretStore: store,
    ...(deps.checksUsers === true ? { callerIdentity: createCallerIdentity({ endpoints, ...network }) } : {}),
    usersFile: await loadSignedInUsers(openOwn('users.json', SIGNED_IN_USERS_SCHEMA), log),
    endpoints,
    catalogFiles: createCatalogFiles({
      directory: join(paths.stateDirectory, 'catalog'),
      endpoints,
      openStateFile,
      log,
    }),
    clock: serverClock,
    random: deps.random,
    problems,
    sessionHours: settings.sessionHours,
    onSignedIn: events.signedIn,
    onSignInDenied: events.denied,
    onSignInExpired: events.expired,
    ...(deps.portalCallsPerSecond === undefined ? {} : { portalCallsPerSecond: deps.portalCallsPerSecond }),
  });
  keychainLock?.onOpened(() => {
    problems.clear('secret store');
    // What could not be read is read by whoever asks next.
    void broker.flush().then(changes.announce);
  });
  /** A person acts, who may answer the dialog of a locked keychain. */
  const personActs = () => keychainLock?.retry();
  const currentRole = createCurrentRole(openOwn('current.json', CURRENT_ROLE_SCHEMA));
  const usageStats = createUsageStats({ directory: paths.switchDirectory, openStateFile, clock, log });
  const issuedNames = createIssuedNames(openOwn('profile-names.json', ISSUED_NAMES_SCHEMA));
  const roleUsage = await loadRoleUsage({
    file: openOwn('used-roles.json', ROLE_USAGE_SCHEMA),
    onFirstUse: (role) => void writeProfileOf(role),
    log,
  });
  const tokenFiles = createTokenFiles({
    homeDirectory,
    settings,
    sharedConfig,
    broker,
    clock,
    clockAheadMs: () => serverClock.aheadMs() ?? 0,
    random: deps.random,
    problems,
  });
  const plannedSync = lateLoading.defer(async () => {
    const { createProfileSync } = await import('./profiles/profile-sync.ts');
    return createProfileSync({
      configFile,
      sharedCredentials,
      settings,
      credentialProcessPath: paths.credentialProcessPath,
      issuedNames,
      roleUsage,
      usageStats,
      cachedCatalog: (session) => broker.cachedCatalog(session),
      currentRole,
      audit,
    });
  });
  const profileSync: ProfileSync = {
    plan: async (options) => (await plannedSync()).plan(options),
    sync: async (by) => (await plannedSync()).sync(by),
    writeNamed: async (profileName, by) => (await plannedSync()).writeNamed(profileName, by),
  };
  const writeProfileOf = createProfilesOfUsedRoles({ settings, issuedNames, profileSync, changes, log });
  const roleList = createRoleList({
    sharedConfig,
    sharedCredentials,
    broker,
    settings,
    issuedNames,
    usageStats,
    clock,
  });

  const desktop = deps.desktop ?? HEADLESS;
  const notifier = createNotifier({ backend: desktop.notifications, clock, log });
  const signIn = createSignIn({
    settings,
    sharedConfig,
    broker,
    events,
    endpoints,
    profileSync,
    tokenFiles,
    homeDirectory,
    notifier,
    desktop,
    audit,
    changes,
    personActs,
    forgetKeychain: forgetKeychain ?? (() => false),
    clock,
    random: deps.random,
    log,
  });

  const grantsDirectory = join(paths.stateDirectory, 'grants');
  const grants = await loadGrants({
    file: openOwn('grants.json', GRANTS_SCHEMA),
    directory: grantsDirectory,
    clock,
    randomBytes,
    onGone: ({ role, boundTo }, how, surface) =>
      audit.record({ event: `grant-${how}`, role, surface, processId: boundTo?.processId }),
    log,
  });
  events.subscribe({ signedOut: ({ sessionName }, surface) => grants.revokeSession(sessionName, surface) });
  const inputChecks = createInputChecks(lateLoading.defer);
  const webAccess = createWebAccess({ audit, clock, randomBytes });
  const connectionRules = createConnectionRules({
    userId: deps.userId,
    descriptorLimit: deps.descriptorLimit ?? readDescriptorLimit(),
  });
  const issuer = createCredentialIssuer({
    sharedConfig,
    broker,
    currentRole,
    loginPolicy: signIn.loginPolicy,
    roleUsage,
    issuanceLog,
    lastRefusals,
    clock,
  });
  const containerServer = createContainerServer({
    portFile: openOwn('container-port.json', CONTAINER_PORT_SCHEMA),
    handover: deps.portHandover ?? createNoHandover(),
    audit,
    grants,
    issuer,
    connectionRules: connectionRules.container,
    problems,
    clock,
    log,
  });

  const statusHandlers = createStatusHandlers({
    version: deps.version,
    processId: deps.processId,
    startedAtMs,
    files: {
      settings: paths.settingsFile,
      config: configFile.path,
      log: paths.logFile,
      audit: paths.auditFile,
      socket: paths.socketPath,
    },
    endpoints: endpointsInForce,
    store,
    settings,
    sharedConfig,
    sharedCredentials,
    broker,
    tokenFiles,
    currentRole,
    roleList,
    problems,
    unmatchedRules: createUnmatchedRules({ settings, settingsFile: paths.settingsFile }),
    waiting: signIn.loginPolicy.waiting,
    clock,
  });
  const switchFiles = createSwitchFiles({
    directory: paths.switchDirectory,
    sharedConfig,
    sharedCredentials,
    issuedNames,
    status: statusHandlers.status,
    problems,
    clock,
  });
  const eventFeed = createEventFeed({
    collect: usageStats.read,
    takeSnapshot: createTakeSnapshot({ status: statusHandlers.status, signIn: signIn.handlers.signIn, roleList }),
    changes,
    startedAtMs,
    clock,
    log,
  });
  // Events first: a file on a slow disk must not hold up what a person waits for.
  changes.subscribe(() => void switchFiles.refresh());

  const handlers: Handlers = {
    ...statusHandlers,
    async status() {
      // Whoever has just deleted a damaged file reads that all is well.
      await damagedFiles.look();
      await recheck.look();
      return withLastRefusals(await statusHandlers.status(), { lastRefusals, sharedConfig });
    },
    ...signIn.handlers,
    ...eventFeed.handlers,
    ...createAccountsHandlers({ sharedConfig, broker, changes }),
    ...createRolesHandlers({ roleList }),
    ...createCredentialsHandlers({ issuer }),
    ...createCurrentHandlers({
      currentRole,
      sharedConfig,
      configFile,
      issuedNames,
      broker,
      roleList,
      usageStats,
      roleUsage,
      audit,
      changes,
    }),
    ...createGrantsHandlers({
      grants,
      directory: grantsDirectory,
      containerServer,
      sharedConfig,
      broker,
      roleUsage,
      audit,
    }),
    ...lateLoading.deferHandlers(['console'], async () => {
      const { createConsoleHandlers } = await import('./credentials/console-routes.ts');
      return createConsoleHandlers({
        roleUsage,
        settings,
        sharedConfig,
        broker,
        federation,
        issuer,
        endpoints,
        roleList,
        audit,
        log,
      });
    }),
    ...lateLoading.deferHandlers(['profile', 'writeProfile'], async () => {
      const { createProfileHandlers } = await import('./profiles/profile-routes.ts');
      return createProfileHandlers({
        configFile,
        sharedConfig,
        sharedCredentials,
        currentRole,
        issuedNames,
        profileSync,
        settings,
        lastRefusals,
        changes,
      });
    }),
    ...lateLoading.deferHandlers(['startUrl', 'setup'], async () => {
      const { createSetupHandlers } = await import('./settings/setup-routes.ts');
      return createSetupHandlers({
        configFile,
        settingsPath: paths.settingsFile,
        settings,
        audit,
        findRegion: (startUrl) => identityCenter.findRegion(startUrl),
      });
    }),
    ...lateLoading.deferHandlers(['reach'], async () => {
      const { createReachHandlers } = await import('./status/reach-routes.ts');
      return createReachHandlers({
        sharedConfig,
        probe: (region) => identityCenter.probe(region),
        clock,
        droppedVariables: deps.droppedVariables ?? [],
      });
    }),
    ...lateLoading.deferHandlers(['team'], async () => {
      const { createTeamHandlers } = await import('./settings/team-routes.ts');
      return createTeamHandlers({ configFile, settingsPath: paths.settingsFile, audit, network });
    }),
    ...createWebAccessHandlers({ webAccess, personActs }),
    ...lateLoading.deferHandlers(['adoptProfiles'], async () => {
      const { createAdoption } = await import('./profiles/adoption.ts');
      const { createAdoptionHandlers } = await import('./profiles/adoption-routes.ts');
      const adoption = createAdoption({
        configFile,
        directory: join(paths.stateDirectory, 'adoptions'),
        homeDirectory,
        environment,
        credentialProcessPath: paths.credentialProcessPath,
      });
      return createAdoptionHandlers({ adoption, audit, changes });
    }),
    async retrySecretStore() {
      personActs();
      await broker.flush();
      return undefined;
    },
    profiles: ({ query }) => profileSync.plan({ prune: query?.prune === true }),
    syncProfiles: async ({ body }, { surface }) => {
      if (body?.prune === true) {
        for (const session of (await sharedConfig.read()).sessions) await broker.acceptLoss(session);
      }
      const synced = await profileSync.sync(surface);
      changes.announce();
      return synced;
    },
    stop: async () => {
      // What is in memory only is saved now or lost.
      personActs();
      deps.onStopRequested();
      return { pid: deps.processId };
    },
  };

  return {
    settings,
    problems,
    damagedFiles,
    recheck,
    audit,
    sharedConfig,
    broker,
    clockSkew,
    tokenFiles,
    notifier,
    signIn,
    grants,
    connectionRules,
    containerServer,
    webAccess,
    inputChecks,
    lateLoading,
    eventFeed,
    switchFiles,
    usageStats,
    changes,
    handlers,
    personActs,
    restoreSecrets: async () => store.restore?.(),
    async leaveState() {
      await store.restore?.();
      await openStateFile.restoreMissing().catch(() => undefined);
    },
    async restoreState() {
      await openStateFile.restoreMissing();
      await store.restore?.();
      await Promise.all([broker.flush(), switchFiles.refresh(), containerServer.keepPort()]);
    },
    async close() {
      notifier.close();
      await signIn.close();
      keychainLock?.close();
      identityCenter.close();
      await switchFiles.close();
      await roleUsage.settled();
      federation.close();
    },
  };
}
