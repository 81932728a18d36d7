// The composition root: every part built once, wired, started and stopped.
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { configFilePath, createConfigFile } from '../aws-config/config-file.ts';
import type { Clock } from '../core/clock.ts';
import { toRolecallError } from '../core/errors.ts';
import { createProblems } from '../core/problems.ts';
import { Secret } from '../core/secret.ts';
import { createIdentityCenter } from '../identity-center/identity-center.ts';
import { createProxyForUrl } from '../identity-center/proxy.ts';
import type { RuntimePaths } from '../local-api/paths.ts';
import { chooseSecretStore } from '../secret-store/choose.ts';
import { createBroker, type Broker } from '../sso/broker.ts';
import { findCaBundle } from './ca-bundle.ts';
import { createCatalogFiles } from './catalog-files.ts';
import { refreshCredentialProcessCopy, type CredentialProcessSources } from './credential-process-copy.ts';
import { createCurrentRole } from './current-role.ts';
import { resolveEndpoints, toEndpoints } from './endpoints.ts';
import { createSocketGuard, createWebGuard } from './guard.ts';
import { createAccountsResponders } from './routes/accounts.ts';
import { createCredentialsResponders } from './routes/credentials.ts';
import { createCurrentResponders } from './routes/current.ts';
import { createSignInResponders } from './routes/sign-in.ts';
import { createStatusResponders } from './routes/status.ts';
import { aliasSocket, listenOnLoopback, listenOnSocket, removeAlias } from './listeners.ts';
import type { Log } from './log.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import { createProfileSync } from './profile-sync.ts';
import { parseSettings } from './settings.ts';
import { createSharedConfig } from './shared-config.ts';
import { createSignInSetup, type SignInSetup } from './sign-in-setup.ts';
import { createSurface, type Responders } from './surface.ts';
import { runTicker } from './ticker.ts';
import { createTokenFiles } from './token-files.ts';

export interface DaemonDeps {
  readonly paths: RuntimePaths;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly userId: number;
  readonly processId: number;
  readonly version: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly credentialProcess: Omit<CredentialProcessSources, 'copyPath'>;
  /** Called once a stop was asked for over the API. */
  readonly onStopRequested: () => void;
  /** Calls a second to the portal; tests and benches scale it. */
  readonly portalCallsPerSecond?: number;
}

export interface Daemon {
  readonly socketPath: string;
  readonly webUrl: string;
  /** Gives the answers under way, then lets go of everything; safe to call twice. */
  stop(): Promise<void>;
}

/** A catalog older than this is listed anew while its session lives. */
const CATALOG_LIFETIME_MS = 24 * 60 * 60_000;
const DRAIN_DEADLINE_MS = 5000;

/**
 * A daemon that listens; the caller holds the lock.
 * @throws UsageError settings-invalid; UnavailableError file-not-writable, secret-store-…
 */
export async function startDaemon(deps: DaemonDeps): Promise<Daemon> {
  const { clock, environment, homeDirectory, log, paths } = deps;
  const settings = parseSettings({
    path: paths.settingsFile,
    text: await readPrivateFile(paths.settingsFile),
    environment,
  });
  const endpointsInForce = resolveEndpoints(settings, environment);
  const endpoints = toEndpoints(endpointsInForce);
  const problems = createProblems();
  const configFile = createConfigFile({ path: configFilePath(environment, homeDirectory), clock });
  const sharedConfig = createSharedConfig(configFile);

  const passphrase = environment['ROLECALL_PASSPHRASE'];
  const { store, problem: storeProblem } = await chooseSecretStore({
    wanted: settings.secretStore,
    passphrase: passphrase === undefined ? undefined : new Secret(passphrase),
    statePath: paths.stateDirectory,
  });
  if (storeProblem !== undefined) problems.raise('secret store', storeProblem);

  const identityCenter = createIdentityCenter({
    endpoints,
    proxyForUrl: createProxyForUrl({ proxySetting: settings.network.proxy, environment }),
    caBundle: await findCaBundle(settings.network.caBundle, environment, configFile),
    warn: (message) => log('warn', message),
  });
  // The broker tells of a sign-in to what is built on the broker: the one knot, tied through this holder.
  const afterSignIn: { setup?: SignInSetup } = {};
  const broker = createBroker({
    identityCenter,
    secretStore: store,
    endpoints,
    catalogFiles: createCatalogFiles({ directory: join(paths.stateDirectory, 'catalog'), endpoints, log }),
    clock,
    random: deps.random,
    problems,
    onSignedIn: (session) => {
      log('info', `signed in to ${session.sessionName}`);
      void afterSignIn.setup?.run(session);
    },
    ...(deps.portalCallsPerSecond === undefined ? {} : { portalCallsPerSecond: deps.portalCallsPerSecond }),
  });
  const currentRole = createCurrentRole(join(paths.stateDirectory, 'current.json'));
  const tokenFiles = createTokenFiles({ homeDirectory, settings, sharedConfig, broker, clock, problems });
  const profileSync = createProfileSync({
    configFile,
    settings,
    credentialProcessPath: paths.credentialProcessPath,
    issuedNamesPath: join(paths.stateDirectory, 'profile-names.json'),
    knownCatalog: (session) => broker.knownCatalog(session),
    currentRole,
  });
  const setup = createSignInSetup({
    broker,
    profileSync,
    tokenFiles,
    syncsProfiles: settings.profiles.sync === 'on-login',
    log,
  });
  afterSignIn.setup = setup;

  const responders: Responders = {
    ...createStatusResponders({
      version: deps.version,
      processId: deps.processId,
      startedAtMs: clock.nowMs(),
      files: { settings: paths.settingsFile, config: configFile.path, log: paths.logFile, socket: paths.socketPath },
      endpoints: endpointsInForce,
      store,
      settings,
      sharedConfig,
      broker,
      tokenFiles,
      currentRole,
      problems,
      clock,
    }),
    ...createAccountsResponders({ sharedConfig, broker }),
    ...createCredentialsResponders({ sharedConfig, broker, currentRole }),
    ...createSignInResponders({ sharedConfig, broker, setup, tokenFiles, endpoints, log }),
    ...createCurrentResponders({ currentRole, sharedConfig, broker }),
    profiles: () => profileSync.plan(),
    syncProfiles: () => profileSync.sync(),
    stop: async () => {
      deps.onStopRequested();
      return { pid: deps.processId };
    },
  };

  const socket = createSurface({ surface: 'socket', guard: createSocketGuard(), responders, log });
  await socket.app.ready();
  const webToken = randomBytes(32).toString('base64url');
  const webHost: { value?: string } = {};
  const web = createSurface({
    surface: 'web',
    // The port is known once it is bound; until then every Host is foreign.
    guard: (request) => createWebGuard({ host: webHost.value ?? '', token: webToken })(request),
    responders,
    log,
  });
  await web.app.ready();
  const alias = paths.socketCandidates.at(-1) ?? paths.socketPath;
  const webPort = await listenOnLoopback(web.app.server, settings.webPort);
  webHost.value = `127.0.0.1:${webPort}`;
  const webUrl = `http://${webHost.value}`;
  try {
    await writePrivateFile(paths.webAddressFile, JSON.stringify({ url: webUrl, port: webPort, token: webToken }));
    await listenOnSocket(socket.app.server, paths.socketPath, deps.userId);
    aliasSocket(alias, paths.socketPath, deps.userId);
  } catch (error) {
    await Promise.all([closeApp(web.app), rm(paths.webAddressFile, { force: true })]);
    throw error;
  }
  await refreshCopy(deps, problems);

  const stopTicking = new AbortController();
  const ticking = runTicker({
    clock,
    log,
    signal: stopTicking.signal,
    tasks: [
      { name: 'secret store', run: () => broker.flush() },
      { name: 'token files', run: () => tokenFiles.keepAll() },
      { name: 'daily lists', run: () => refreshOldCatalogs(broker, sharedConfig, clock) },
    ],
  });
  log('info', `rolecall ${deps.version} is running, pid ${deps.processId}`);

  async function stop(): Promise<void> {
    stopTicking.abort();
    removeAlias(alias, paths.socketPath);
    await rm(paths.webAddressFile, { force: true });
    const deadlineMs = clock.nowMs() + DRAIN_DEADLINE_MS;
    await Promise.all(
      [socket, web].map(async (surface) => {
        await surface.drain(deadlineMs, clock);
        await closeApp(surface.app);
      }),
    );
    await ticking;
    await broker.flush();
    identityCenter.close();
    log('info', 'stopped');
  }

  const stopping: { promise?: Promise<void> } = {};
  return {
    socketPath: paths.socketPath,
    webUrl,
    stop: () => (stopping.promise ??= stop()),
  };
}

async function closeApp(app: FastifyInstance): Promise<void> {
  // The server was told to listen by itself, so Fastify does not know that there is one to close.
  app.server.close();
  app.server.closeAllConnections();
  await app.close();
}

/** Without the copy the profiles fail, but everything else works: a problem, not a reason to stay down. */
async function refreshCopy(deps: DaemonDeps, problems: ReturnType<typeof createProblems>): Promise<void> {
  try {
    await refreshCredentialProcessCopy({ ...deps.credentialProcess, copyPath: deps.paths.credentialProcessPath });
  } catch (error) {
    problems.raise('credential process', toRolecallError(error).toBody());
  }
}

async function refreshOldCatalogs(
  broker: Broker,
  sharedConfig: ReturnType<typeof createSharedConfig>,
  clock: Clock,
): Promise<void> {
  for (const session of (await sharedConfig.read()).sessions) {
    const catalog = await broker.knownCatalog(session);
    if (catalog === undefined || clock.nowMs() - catalog.asOfMs < CATALOG_LIFETIME_MS) continue;
    if ((await broker.describe(session)).state === 'live') await broker.refreshCatalog(session);
  }
}
