// The domain with its adapters: the broker, Identity Center behind it, and the secret store that it keeps tokens in.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createServerClock, type Clock } from '../core/clock.ts';
import type { EndpointsOf } from '../core/model.ts';
import type { Problems } from '../core/problems.ts';
import { Secret } from '../core/secret.ts';
import { createCallerIdentity } from '../identity-center/caller-identity.ts';
import { createConsoleFederation, type ConsoleFederationDeps } from '../identity-center/console-federation.ts';
import { createIdentityCenter, type ClosableIdentityCenter } from '../identity-center/identity-center.ts';
import { createProxyForUrl } from '../identity-center/proxy.ts';
import type { RuntimePaths } from '../local-api/paths.ts';
import { findBusSocket } from '../platform/bus/bus-address.ts';
import { chooseSecretStore, mayHaveKeychain, type StoreOptions } from '../secret-store/choose.ts';
import { createBroker, type Broker } from '../sso/broker.ts';
import type { ConsoleFederation, SecretStore } from '../sso/ports.ts';
import type { Handlers } from './http/surface.ts';
import type { ConnectionRules } from './http/connection-rules.ts';
import type { Changes } from './process/changes.ts';
import { createClockSkew } from './process/clock-skew.ts';
import type { Log } from './process/log.ts';
import type { Recheck } from './process/recheck.ts';
import type { TickTask } from './process/ticker.ts';
import { createCatalogFiles } from './roles/catalog-files.ts';
import type { Settings } from './settings/settings.ts';
import { findCaBundle } from './shared-config/ca-bundle.ts';
import type { SharedConfig } from './shared-config/shared-config.ts';
import type { SessionEvents } from './sign-in/session-events.ts';
import { loadSignedInUsers, SIGNED_IN_USERS_SCHEMA } from './sign-in/signed-in-users-file.ts';
import type { OpenStateFile } from './state-files/state-file.ts';

export interface DomainDeps {
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
  /** Scrypt cost of the secret file; the file store has a default. */
  readonly passphraseCost?: StoreOptions['passphraseCost'];
  readonly passphraseHint?: StoreOptions['passphraseHint'];
  readonly keyCache?: StoreOptions['keyCache'];
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
  /** Gives up tokens in a keychain that can't be reached any more; false when there are none. */
  readonly forgetKeychain: () => boolean;
  /** True when the secret file can be used; raises or clears the problem. False for any other store. */
  readonly checkStore: () => Promise<boolean>;
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
  const passphrase = environment['ROLECALL_PASSPHRASE'];
  const { store, problem, findProblem, lock, lookAgain, forgetKeychain } = await chooseSecretStore({
    passphraseCost: deps.passphraseCost,
    passphraseHint: deps.passphraseHint,
    keyCache: deps.keyCache,
    wanted: settings.secretStore,
    passphrase: passphrase === undefined ? undefined : new Secret(passphrase),
    statePath: paths.stateDirectory,
    settingsFile: paths.settingsFile,
    hasBus: mayHaveKeychain(process.platform, environment),
    desktop: environment['XDG_CURRENT_DESKTOP'],
    busSocketPath: findBusSocket(environment, existsSync),
    clock,
  });
  if (problem !== undefined) problems.raise('secret store', problem);
  const broker = createBroker({
    identityCenter,
    secretStore: store,
    ...(deps.checksUsers === true ? { callerIdentity: createCallerIdentity({ endpointsOf, ...network }) } : {}),
    usersFile: await loadSignedInUsers(deps.openOwnFile('users.json', SIGNED_IN_USERS_SCHEMA), log),
    endpointsOf,
    catalogFiles: createCatalogFiles({ ...deps, directory: join(paths.stateDirectory, 'catalog') }),
    clock: serverClock,
    machineClock: clock,
    random: deps.random,
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
  async function checkStore(): Promise<boolean> {
    // A keychain is not asked: it can open a dialog each time.
    if (findProblem === undefined) return false;
    const found = await findProblem();
    if (found === undefined) problems.clear('secret store');
    else problems.raise('secret store', found.toBody());
    return found === undefined;
  }
  lock?.onOpened(() => {
    problems.clear('secret store');
    // Tokens that could not be read are read at the next request.
    void broker.flush().then(changes.announce);
  });
  recheck.add(['clock-skew'], async () => clockSkew.check());
  /** A keychain may have been installed or started since. */
  async function findKeychain(): Promise<void> {
    if (store.driver !== 'memory' || (await lookAgain?.()) !== true) return;
    problems.clear('secret store');
    changes.announce();
  }
  const personActs = () => {
    lock?.retry();
    void findKeychain();
  };

  return {
    handlers: {
      async retrySecretStore() {
        lock?.retry();
        await findKeychain();
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
    store,
    network,
    clockAheadMs: () => serverClock.aheadMs() ?? 0,
    personActs,
    forgetKeychain: forgetKeychain ?? (() => false),
    checkStore,
    async close() {
      lock?.close();
      identityCenter.close();
      federation.close();
    },
  };
}
