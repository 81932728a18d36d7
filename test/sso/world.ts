// Test setup for the domain: a fake clock, a fake Identity Center, a store that can refuse, and a broker that uses them.
import { randomBytes } from 'node:crypto';
import type { Catalog, Endpoints, Role, SsoSession } from '../../src/core/model.ts';
import { UnavailableError } from '../../src/core/errors.ts';
import { createProblems, type Problems } from '../../src/core/problems.ts';
import { Secret } from '../../src/core/secret.ts';
import { createMemoryStore } from '../../src/secret-store/memory.ts';
import { createAccessTokens, type AccessTokens } from '../../src/sso/session/access-tokens.ts';
import type { CatalogFiles } from '../../src/sso/roles/account-catalog.ts';
import type { CatalogChange } from '../../src/sso/roles/merge-listing.ts';
import { createBroker, type Broker } from '../../src/sso/broker.ts';
import { createClientRegistrations, type ClientRegistrations } from '../../src/sso/session/client-registrations.ts';
import type {
  CallerIdentity,
  ChainSource,
  Redirect,
  RoleAssumer,
  SecretStore,
  SignInOutcome,
} from '../../src/sso/ports.ts';
import type { ServingLock } from '../../src/sso/serving-lock.ts';
import { createCircuitBreakers } from '../../src/sso/resilience/circuit-breakers.ts';
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts';
import {
  createFakeIdentityCenter,
  type FakeIdentityCenter,
  type FakeSettings,
} from '../helpers/fake-identity-center.ts';

export const SESSION: SsoSession = {
  sessionName: 'my-sso-session',
  startUrl: 'https://demo.awsapps.com/start',
  region: 'us-east-1',
  registrationScopes: ['sso:account:access'],
};
export const SECRET_NAME = 'session:my-sso-session';
export const ACCOUNT_ID = '011111111111';
export const ROLE: Role = {
  sessionName: SESSION.sessionName,
  accountId: ACCOUNT_ID,
  permissionSet: 'Admin-AF-Permission-Set',
};
export const MINUTE_MS = 60_000;

export const LOCKED = new UnavailableError('secret-store-locked', 'The keychain is locked; unlock it and try again.');

export interface FaultyStore extends SecretStore {
  /** `save session:x` and the like, in the order in which they began. */
  readonly log: readonly string[];
  refuse(operation: 'load' | 'save' | 'delete', error?: Error): void;
  accept(): void;
  /** Calls of the operation hang until the returned function is called. */
  hold(operation: 'load' | 'save' | 'delete'): () => void;
  /** The stored text, ignoring refusals. */
  text(name: string): Promise<string | undefined>;
  plant(name: string, text: string): Promise<void>;
}

/** A memory store that refuses or hangs when told to, and claims to have this driver. */
function createFaultyStore(driver: SecretStore['driver'] = 'memory'): FaultyStore {
  const inner = createMemoryStore();
  const refusals = new Map<string, Error>();
  const holds = new Map<string, Promise<void>>();
  const log: string[] = [];
  async function pass(operation: string, name: string): Promise<void> {
    log.push(`${operation} ${name}`);
    await holds.get(operation);
    const refusal = refusals.get(operation);
    if (refusal !== undefined) throw refusal;
  }
  return {
    driver,
    log,
    async load(name) {
      await pass('load', name);
      return inner.load(name);
    },
    async save(name, secret) {
      await pass('save', name);
      await inner.save(name, secret);
    },
    async delete(name) {
      await pass('delete', name);
      await inner.delete(name);
    },
    refuse: (operation, error = LOCKED) => void refusals.set(operation, error),
    accept: () => refusals.clear(),
    hold(operation) {
      let release = () => {};
      holds.set(
        operation,
        new Promise((resolve) => {
          release = resolve;
        }),
      );
      return () => {
        holds.delete(operation);
        release();
      };
    },
    text: async (name) => (await inner.load(name))?.reveal(),
    plant: (name, text) => inner.save(name, new Secret(text)),
  };
}

export interface MemoryCatalogFiles extends CatalogFiles {
  readonly saved: Map<string, Catalog>;
  refusal: Error | undefined;
}

function createMemoryCatalogFiles(): MemoryCatalogFiles {
  const saved = new Map<string, Catalog>();
  const files: MemoryCatalogFiles = {
    saved,
    refusal: undefined,
    async load({ sessionName }) {
      return saved.get(sessionName);
    },
    async save({ sessionName }, catalog) {
      if (files.refusal !== undefined) throw files.refusal;
      saved.set(sessionName, catalog);
    },
  };
  return files;
}

/** A callback port that no browser can reach. */
export interface FakeCallback {
  readonly state: string;
  isOpen(): boolean;
  /** Lets the browser come back. */
  comeBack(redirect: Redirect): void;
  /** With what the port was closed, and what the browser was told; undefined while it is open. */
  closed: readonly [SignInOutcome, string?] | undefined;
}

export interface World {
  readonly clock: FakeClock;
  readonly identityCenter: FakeIdentityCenter;
  readonly store: FaultyStore;
  readonly files: MemoryCatalogFiles;
  problems: Problems;
  broker: Broker;
  /** Names of the sessions reported as signed in. */
  readonly signedIn: string[];
  /** Names of the sessions whose sign-in was reported as expired. */
  readonly expired: string[];
  /** The callback ports, in the order in which they were opened. */
  readonly callbacks: readonly FakeCallback[];
  /** Thrown when a callback port is to be opened. */
  callbackFault: Error | undefined;
  /** Thrown by the sign-in listener. */
  listenerFault: Error | undefined;
  /** A new daemon on the same store, files and Identity Center. */
  restart(endpoints?: Endpoints): void;
  /** Signs in, forced, with a device code that is approved at once. */
  signIn(session?: SsoSession): Promise<void>;
  /** Lists the accounts, and advances the clock by this time. */
  list(durationMs?: number): Promise<CatalogChange>;
}

/** A user with one role, not signed in. */
export function createWorld(
  settings: Partial<FakeSettings> = {},
  options: {
    readonly callsPerSecond?: number;
    readonly callerIdentity?: CallerIdentity;
    readonly lock?: ServingLock;
    readonly driver?: SecretStore['driver'];
    readonly chainSource?: ChainSource;
    readonly roleAssumer?: RoleAssumer;
  } = {},
): World {
  const clock = createFakeClock();
  const identityCenter = createFakeIdentityCenter(clock, settings);
  identityCenter.assign({ accountId: ACCOUNT_ID, accountName: 'taylor' }, [ROLE.permissionSet]);
  const store = createFaultyStore(options.driver);
  const files = createMemoryCatalogFiles();
  const callbacks: FakeCallback[] = [];
  const signedIn: string[] = [];
  const expired: string[] = [];

  function build(endpoints: Endpoints): { broker: Broker; problems: Problems } {
    const problems = createProblems();
    const broker = createBroker({
      identityCenter,
      secretStore: store,
      endpointsOf: () => endpoints,
      catalogFiles: files,
      clock,
      random: () => 1,
      randomBytes,
      async openRedirectListener({ state, isOpen }) {
        if (world.callbackFault !== undefined) throw world.callbackFault;
        let comeBack: FakeCallback['comeBack'] = () => undefined;
        const redirect = new Promise<Redirect>((resolve) => {
          comeBack = resolve;
        });
        const callback: FakeCallback = { state: state.reveal(), isOpen, comeBack, closed: undefined };
        callbacks.push(callback);
        return {
          redirectUri: `http://127.0.0.1:${4000 + callbacks.length}/oauth/callback`,
          redirect,
          close(outcome, error) {
            callback.closed = error === undefined ? [outcome] : [outcome, error.message];
          },
        };
      },
      problems,
      onSignedIn(session) {
        signedIn.push(session.sessionName);
        if (world.listenerFault !== undefined) throw world.listenerFault;
      },
      onSignInExpired: (session) => void expired.push(session.sessionName),
      ...(options.callsPerSecond === undefined ? {} : { portalCallsPerSecond: options.callsPerSecond }),
      ...(options.chainSource === undefined ? {} : { chainSource: options.chainSource }),
      ...(options.roleAssumer === undefined ? {} : { roleAssumer: options.roleAssumer }),
      ...(options.lock === undefined ? {} : { lock: options.lock }),
      ...(options.callerIdentity === undefined ? {} : { callerIdentity: options.callerIdentity }),
    });
    return { broker, problems };
  }

  const world: World = {
    clock,
    identityCenter,
    store,
    files,
    signedIn,
    expired,
    callbacks,
    callbackFault: undefined,
    listenerFault: undefined,
    ...build({}),
    restart: (endpoints = {}) => void Object.assign(world, build(endpoints)),
    async signIn(session = SESSION) {
      await world.broker.startSignIn(session, { force: true });
      identityCenter.answerCode('approved');
      await clock.advance(1000);
      const state = world.broker.signInState(session)?.state;
      if (state !== 'approved') throw new Error(`the sign-in is ${state}`);
    },
    async list(durationMs = 60_000) {
      const listed = settle(world.broker.refreshCatalog(SESSION));
      await clock.advance(durationMs);
      return listed.result();
    },
  };
  return world;
}

export interface TokenWorld {
  readonly clock: FakeClock;
  readonly identityCenter: FakeIdentityCenter;
  readonly store: FaultyStore;
  problems: Problems;
  registrations: ClientRegistrations;
  tokens: AccessTokens;
  restart(endpoints?: Endpoints): void;
  /** Accepts tokens of a new sign-in; returns the access token. */
  signIn(session?: SsoSession): Promise<string>;
}

/** Only tokens and registrations, with nobody signed in. */
export function createTokenWorld(settings: Partial<FakeSettings> = {}): TokenWorld {
  const clock = createFakeClock();
  const identityCenter = createFakeIdentityCenter(clock, settings);
  const store = createFaultyStore();
  function build(endpoints: Endpoints) {
    const problems = createProblems();
    const shared = {
      identityCenter,
      secretStore: store,
      endpointsOf: () => endpoints,
      clock,
      problems,
      random: () => 1,
    };
    const registrations = createClientRegistrations(shared);
    const circuitBreakers = createCircuitBreakers(shared);
    return { problems, registrations, tokens: createAccessTokens({ ...shared, registrations, circuitBreakers }) };
  }
  const world: TokenWorld = {
    clock,
    identityCenter,
    store,
    ...build({}),
    restart: (endpoints = {}) => void Object.assign(world, build(endpoints)),
    async signIn(session = SESSION) {
      const registration = await world.registrations.ensure(session);
      const issued = identityCenter.issueTokens(registration.clientId);
      await world.tokens.accept(session, registration, issued);
      return issued.accessToken.reveal();
    },
  };
  return world;
}

/** Observes a promise while a test moves the clock; `result` fails if it has not settled by then. */
export function settle<T>(promise: Promise<T>): { result(): Promise<T>; isSettled(): boolean } {
  let isSettled = false;
  const note = () => {
    isSettled = true;
  };
  promise.then(note, note);
  return {
    isSettled: () => isSettled,
    async result() {
      if (!isSettled) throw new Error('it has not settled in time');
      return promise;
    },
  };
}

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error('it was expected to fail');
}
