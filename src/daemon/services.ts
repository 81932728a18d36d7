// Composes the daemon: creates the capabilities, each from those before it, and collects their handlers and tasks.
import type { GrantsDocument } from '../local-api/schemas/credentials.ts';
import type { StatusDocument } from '../local-api/schemas.ts';
import { NO_WAIT } from './http/wait-budget.ts';
import { randomBytes } from 'node:crypto';
import type { Problems } from '../core/problems.ts';
import type { SurfaceName } from '../local-api/routes.ts';
import type { Broker } from '../sso/broker.ts';
import { findSystemProgram } from '../platform/programs/find-program.ts';
import type { Approvals } from './approvals/approvals.ts';
import { createProtectedRoles } from './approvals/protected-roles.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { ContainerServer } from './credentials/container-server.ts';
import { createCredentials } from './credentials/credentials.ts';
import { createDomain, type DomainDeps } from './domain.ts';
import { createFoundation, type FoundationDeps } from './foundation.ts';
import type { ConnectionRules } from './http/connection-rules.ts';
import type { FindCallerProgram } from './http/caller-program.ts';
import type { PortHandover } from './http/port-handover.ts';
import type { Handlers, SurfaceDeps } from './http/surface.ts';
import { createPasskeyStore } from './passkeys/passkey-store.ts';
import { createPasskeys, findPasskeyObstacle } from './passkeys/passkeys.ts';
import type { Recheck } from './process/recheck.ts';
import type { TickTask } from './process/ticker.ts';
import { LOCK_SCHEMA } from './lock/lock-file.ts';
import { openLock } from './lock/lock.ts';
import { createLocking } from './lock/locking.ts';
import { notePersons } from './lock/persons.ts';
import { createProfiles } from './profiles/profiles.ts';
import { createChains } from './roles/chains.ts';
import { createHops } from './roles/hops.ts';
import { createIssuedNames, ISSUED_NAMES_SCHEMA } from './roles/issued-names.ts';
import { createRoles } from './roles/roles.ts';
import type { Settings } from './settings/settings.ts';
import { createSetup } from './settings/setup.ts';
import type { FindBrowserPlace } from './sign-in/flow-choice.ts';
import { createSignIn } from './sign-in/sign-in.ts';
import { createStatus } from './status/status.ts';
import { createWebAccessHandlers } from './web-access/routes.ts';
import { createWebAccess, type WebAccess } from './web-access/web-access.ts';

type DomainOption =
  | 'random'
  | 'checksUsers'
  | 'portalCallsPerSecond'
  | 'passphraseCost'
  | 'passphraseHint'
  | 'keyCache';

export interface ServicesDeps extends FoundationDeps, Pick<DomainDeps, DomainOption> {
  readonly processId: number;
  /** Where the daemon's browser is. Absent: nowhere. */
  readonly findBrowserPlace?: FindBrowserPlace;
  readonly version: string;
  /** Environment variables that were removed at the start and would have changed how the daemon runs. */
  readonly droppedVariables?: readonly string[];
  /** Absent: each daemon has a container port of its own, and its grants end with it. */
  readonly portHandover?: PortHandover;
  /** Called when a stop is requested over the API, before the answer is sent. */
  readonly onStopRequested: () => void;
}

export interface Services {
  readonly settings: Settings;
  readonly approvals: Approvals;
  readonly problems: Problems;
  readonly audit: AuditLog;
  readonly recheck: Recheck;
  readonly handlers: Handlers;
  readonly tasks: readonly TickTask[];
  readonly containerServer: ContainerServer;
  readonly webAccess: WebAccess;
  readonly loadRoutes: SurfaceDeps['loadRoutes'];
  readonly findCallerProgram: FindCallerProgram;
  readonly connectionRules: Readonly<Record<SurfaceName, ConnectionRules>>;
  /** A person is at the machine: the next call to a locked keychain can open its dialog, once. */
  personActs(): void;
  /** Writes deleted state files again, from memory. @throws UnavailableError file-not-writable */
  restoreState(): Promise<void>;
  /** Writes a deleted secret file again. */
  restoreSecrets(): Promise<void>;
  /** Saves the state for a daemon that has replaced this one; rejects when the secrets can't be written. */
  leaveState(): Promise<void>;
  /** What a restart would lose, in words; undefined: nothing. */
  describeLosses(): Promise<string | undefined>;
  /** Answers waiting callers and ends event streams, so that requests can finish; resolves when the streams are idle. */
  release(): Promise<void>;
  /** Ends pending sign-ins and the connections to AWS, and saves what is not saved yet. */
  close(): Promise<void>;
}

const program = async () => undefined;

/** @throws UsageError settings-invalid; UnavailableError file-not-writable: the settings can't be read */
export async function createServices(deps: ServicesDeps): Promise<Services> {
  const foundation = { ...deps, ...(await createFoundation(deps)) };
  const issuedNames = createIssuedNames(foundation.openOwnFile('profile-names.json', ISSUED_NAMES_SCHEMA));
  /** The broker needs the chains, and their role sessions are named after the users that it knows. */
  const late: { broker?: Broker } = {};
  const chains = createChains({
    ...foundation,
    issuedNames,
    userOf(sessionName) {
      const session = foundation.sharedConfig.peekSession(sessionName);
      return session && late.broker?.lastUser(session);
    },
  });
  const lock = await openLock({ ...foundation, chains, file: foundation.openOwnFile('lock.json', LOCK_SCHEMA) });
  const base = { ...foundation, lock, issuedNames, chains };
  const domain = { ...base, ...(await createDomain(base)) };
  late.broker = domain.broker;
  const roles = { ...domain, hops: createHops(domain), ...(await createRoles(domain)) };
  const webAccess = createWebAccess({ ...base, randomBytes });
  const passkeyStore = createPasskeyStore(roles);
  const protectedRoles = createProtectedRoles({
    ...roles,
    webAccess,
    findPasskeyObstacle: () => findPasskeyObstacle(passkeyStore),
    randomBytes,
    canIdentify: () => findSystemProgram('ss', { ...deps, platform: process.platform }) !== undefined,
  });
  const { approvals, listApprovals, roleGate } = protectedRoles;
  const passkeys = createPasskeys({ ...roles, ...protectedRoles, passkeyStore, webAccess, randomBytes });
  roles.events.subscribe({ signedOut: ({ sessionName }) => approvals.forget(sessionName) });
  const locking = await createLocking({ ...roles, approvals });
  /** A person clicks on a notification, or the like. */
  const personActs = () => {
    domain.personActs();
    locking.personActs();
  };
  const profiles = { ...roles, personActs, approvals, listApprovals, roleGate, ...createProfiles(roles) };
  const signIn = { ...profiles, ...createSignIn(profiles) };
  const credentials = { ...signIn, ...(await createCredentials(signIn)) };
  const status = createStatus({ ...signIn, signIn: signIn.handlers.signIn });
  const setup = createSetup(domain);

  const { audit, broker, connectionRules, openStateFile, problems, recheck, store } = domain;
  const { containerServer } = credentials;
  const { keepAll } = profiles.tokenFiles;
  recheck.add(['secret-store-unavailable', 'secret-store-locked'], async () => {
    if (await domain.checkStore()) await Promise.all([broker.flush(), keepAll()]);
  });
  for (const retry of [status.switchFiles.refresh, audit.flush, broker.flush, keepAll, lock.flush]) {
    recheck.add(['file-not-writable'], retry);
  }

  return {
    settings: base.settings,
    approvals,
    problems,
    audit,
    recheck,
    handlers: notePersons(locking.personActs, {
      ...domain.handlers,
      ...roles.handlers,
      ...protectedRoles.handlers,
      ...locking.handlers,
      ...passkeys.handlers,
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
    }),
    tasks: [
      ...domain.tasks,
      { name: 'late loading', run: () => base.lateLoading.warm() },
      { name: 'audit log', run: () => audit.flush() },
      ...protectedRoles.tasks,
      ...locking.tasks,
      ...credentials.tasks,
      ...signIn.tasks,
      ...profiles.tasks,
      ...roles.tasks,
      ...roles.hops.tasks,
      ...status.tasks,
    ],
    containerServer,
    webAccess,
    loadRoutes: base.loadRoutes,
    findCallerProgram: base.findCallerProgram,
    connectionRules,
    personActs,
    async describeLosses() {
      const { describeLosses } = await import('./restart-losses.ts');
      const caller = { ...NO_WAIT, surface: 'socket', lastEventId: undefined, processId: undefined, program } as const;
      return describeLosses({
        status: () => status.handlers.status({}, caller) as Promise<StatusDocument>,
        signIn: signIn.handlers.signIn,
        grants: () => credentials.handlers.grants({}, caller) as Promise<GrantsDocument>,
      });
    },
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
      protectedRoles.releaseApprovals();
      signIn.release();
      return status.release();
    },
    async close() {
      locking.close();
      base.notifier.close();
      await signIn.close();
      await domain.close();
      await status.close();
      await roles.close();
      await broker.flush();
    },
  };
}
