// The domain with its adapters: the broker, Identity Center behind it, and the secret store that it keeps tokens in.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createServerClock, type Clock } from '../core/clock.ts';
import type { EndpointsOf } from '../core/model.ts';
import type { Problems } from '../core/problems.ts';
import { createRoleAssumer } from '../identity-center/assume-role.ts';
import { createCallerIdentity } from '../identity-center/caller-identity.ts';
import { createConsoleFederation, type ConsoleFederationDeps } from '../identity-center/console-federation.ts';
import { createIdentityCenter, type ClosableIdentityCenter } from '../identity-center/identity-center.ts';
import { createProxyForUrl } from '../identity-center/proxy.ts';
import type { RuntimePaths } from '../local-api/paths.ts';
import { createBroker, type Broker } from '../sso/broker.ts';
import type { ChainSource, ConsoleFederation, SecretStore } from '../sso/ports.ts';
import type { ServingLock } from '../sso/serving-lock.ts';
import type { Handlers } from './http/surface.ts';
import type { ConnectionRules } from './http/connection-rules.ts';
import type { Changes } from './process/changes.ts';
import { createClockSkew } from './process/clock-skew.ts';
import type { Log } from './process/log.ts';
import type { Recheck } from './process/recheck.ts';
import type { TickTask } from './process/ticker.ts';
import { createCatalogFiles } from './roles/catalog-files.ts';
import { openSecretStorage, type SecretStorage, type SecretStorageDeps } from './secret-storage.ts';
import type { Settings } from './settings/settings.ts';
import { findCaBundle } from './shared-config/ca-bundle.ts';
import type { SharedConfig } from './shared-config/shared-config.ts';
import type { SessionEvents } from './sign-in/session-events.ts';
import { loadSignedInUsers, SIGNED_IN_USERS_SCHEMA } from './sign-in/signed-in-users-file.ts';
import type { OpenStateFile } from './state-files/state-file.ts';

export interface DomainDeps extends Pick<SecretStorageDeps, 'passphraseCost' | 'passphraseHint' | 'keyCache'> {
  readonly settings: Settings;
  readonly endpointsOf: EndpointsOf;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly paths: RuntimePaths;
  readonly openStateFile: OpenStateFile;
  /** Opens a file of the state folder by its name. */
  readonly openOwnFile: OpenStateFile;
  readonly sharedConfig: SharedConfig;
  readonly events: SessionEvents;
  readonly problems: Problems;
  readonly lock: ServingLock;
  /** Where chained roles are defined. */
  readonly chains?: ChainSource;
  readonly changes: Pick<Changes, 'announce'>;
  readonly connectionRules: Readonly<Record<'callback', ConnectionRules>>;
  readonly recheck: Recheck;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Whether STS is asked who signed in. */
  readonly checksUsers?: boolean;
  /** Portal calls per second; tests and benches scale it. */
  readonly portalCallsPerSecond?: number;
}

export interface Domain {
  readonly handlers: Pick<Handlers, 'retrySecretStore'>;
  readonly tasks: readonly TickTask[];
  readonly broker: Broker;
  readonly identityCenter: ClosableIdentityCenter;
  readonly federation: ConsoleFederation;
  readonly store: SecretStore;
  /** The proxy and certificate authorities for requests to AWS. */
  readonly network: Required<Pick<ConsoleFederationDeps, 'proxyForUrl' | 'caBundle'>>;
  /** By how much this machine's clock is ahead of AWS's; 0 while unknown. */
  readonly clockAheadMs: () => number;
  /** A person is at the machine: the next call to a locked keychain can open its dialog, once. */
  readonly personActs: () => void;
  readonly forgetKeychain: SecretStorage['forgetKeychain'];
  readonly checkStore: SecretStorage['check'];
  /** Closes the connections to AWS and to the keychain. */
  readonly close: () => Promise<void>;
}

export async function createDomain(deps: DomainDeps): Promise<Domain> {
  const { changes, clock, endpointsOf, environment, log, paths, problems, recheck, settings } = deps;
  const network = {
    proxyForUrl: createProxyForUrl({ proxySetting: settings.network.proxy, environment }),
    caBundle: await findCaBundle(settings.network.caBundle, environment, deps.sharedConfig),
  };
  // Tokens and credentials expire by AWS's clock; everything else uses this machine's.
  const serverClock = createServerClock(clock);
  const clockSkew = createClockSkew({ serverClock, problems, platform: process.platform });
  const identityCenter = createIdentityCenter({
    endpointsOf,
    ...network,
    onServerTime: clockSkew.observe,
    warn: (message) => log('warn', message),
  });
  const federation = createConsoleFederation(network);
  const sts = { endpointsOf, ...network, clockAheadMs: () => serverClock.aheadMs() ?? 0 };
  const storage = await openSecretStorage(deps);
  const broker = createBroker({
    identityCenter,
    secretStore: storage.store,
    ...(deps.checksUsers === true ? { callerIdentity: createCallerIdentity(sts) } : {}),
    roleAssumer: createRoleAssumer(sts),
    ...(deps.chains === undefined ? {} : { chainSource: deps.chains }),
    usersFile: await loadSignedInUsers(deps.openOwnFile('users.json', SIGNED_IN_USERS_SCHEMA), log),
    endpointsOf,
    catalogFiles: createCatalogFiles({ ...deps, directory: join(paths.stateDirectory, 'catalog') }),
    clock: serverClock,
    machineClock: clock,
    random: deps.random,
    lock: deps.lock,
    randomBytes,
    openRedirectListener: async (options) => {
      const { openRedirectListener } = await import('./sign-in/redirect-listener.ts');
      return openRedirectListener({ connectionRules: deps.connectionRules.callback, clock, log }, options);
    },
    problems,
    sessionHours: settings.sessionHours,
    onSignedIn: deps.events.signedIn,
    onSignInDenied: deps.events.denied,
    onSignInExpired: deps.events.expired,
    ...(deps.portalCallsPerSecond === undefined ? {} : { portalCallsPerSecond: deps.portalCallsPerSecond }),
  });
  // Tokens that could not be read are read at the next request.
  storage.onUnlocked(() => void broker.flush().then(changes.announce));
  recheck.add(['clock-skew'], async () => clockSkew.check());

  return {
    handlers: {
      async retrySecretStore() {
        await storage.retry();
        await broker.flush();
        return undefined;
      },
    },
    tasks: [
      { name: 'refresh', run: () => broker.refreshAhead() },
      { name: 'clock', run: async () => clockSkew.check() },
      { name: 'secret store', run: () => broker.flush() },
    ],
    broker,
    identityCenter,
    federation,
    store: storage.store,
    network,
    clockAheadMs: () => serverClock.aheadMs() ?? 0,
    personActs: () => void storage.retry(),
    forgetKeychain: storage.forgetKeychain,
    checkStore: storage.check,
    async close() {
      storage.close();
      identityCenter.close();
      federation.close();
    },
  };
}
