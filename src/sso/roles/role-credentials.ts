// Caches role credentials: one request in flight per role, renewed before they expire, served while valid in an outage.
import { createSingleFlight } from '../../core/async/single-flight.ts';
import { withTimeout } from '../../core/async/with-timeout.ts';
import { SignInRequiredError, toRolecallError, type RolecallError } from '../../core/errors.ts';
import type { Role, RoleCredentials, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { CircuitOpenError } from '../faults.ts';
import { sessionKey } from '../issuer.ts';
import type { RoleAssumer } from '../ports.ts';
import type { ServingLock } from '../serving-lock.ts';
import type { Service } from '../resilience/circuit-breakers.ts';
import { isInPause } from '../resilience/pauses.ts';
import { countRenewalFailure, renewAheadMs, renewalDueMs } from '../resilience/renewal.ts';
import type { Portal, Priority } from '../session/portal-call.ts';
import type { SourceCredentials } from './assume-role.ts';
import type { Chains, ChainStep } from './chains.ts';
import { createCredentialRequests, isFinal } from './credential-requests.ts';
import { createRoleEntries, entryKey } from './role-entries.ts';
import { describeUse, type RoleEntry, type RoleUse } from './role-use.ts';

export interface RoleCredentialsCache {
  /**
   * Credentials of `role`; with less than 20 minutes left only if no newer ones can be had.
   * @throws SignInRequiredError, UnavailableError, ProtocolError: no valid ones are cached
   * @throws RefusedError permission-set-not-assigned, assume-role-refused; UsageError invalid-policy
   * @throws NotFoundError account-not-found, chain-unavailable
   */
  fetch(session: SsoSession, role: Role): Promise<RoleCredentials>;
  /** Like `fetch`, but does not count as a use: the role is not renewed because of it. */
  fetchUncounted(session: SsoSession, role: Role): Promise<RoleCredentials>;
  /** What `fetch` would return without a request, if anything; counts as a use then. */
  peek(session: SsoSession, role: Role): RoleCredentials | undefined;
  /** Renews without a caller, within the rate budget; never rejects. */
  renewAhead(session: SsoSession, role: Role): Promise<void>;
  /** The cached roles of one session or of all, the most recently requested first. */
  list(session?: SsoSession): readonly RoleUse[];
  /** Ends the pauses after failed renewals: the service answers again. */
  endPauses(session: SsoSession, service: Service): void;
  /** Removes entries that are neither in use nor valid. */
  removeUnused(): void;
  /**
   * Stops serving all credentials of a session at once, including those of requests in flight. Roles in use are fetched
   * again for the next user, unless `forgetsUse`.
   */
  drop(sessionName: string, options: { readonly forgetsUse: boolean }): void;
  /** Forgets the credentials of all locked roles; those of requests in flight are not kept. The roles stay in use. */
  dropLocked(): void;
}

/** As of 2026-11 the JS SDK and Ruby give up on a container endpoint after a second, even with valid credentials cached. */
const RENEWAL_TIMEOUT_MS = 500;
/** Credentials of a source that STS refuses are not replaced when they are newer than this. */
const NEW_MS = 60_000;

export function createRoleCredentials(
  deps: Portal & {
    readonly problems: Problems;
    readonly lock: ServingLock;
    readonly chains: Chains;
    readonly roleAssumer?: RoleAssumer;
    /** The error for a role that the portal refuses. */
    readonly refusal: (session: SsoSession, role: Role, cause: unknown) => Promise<RolecallError>;
  },
): RoleCredentialsCache {
  const { chains, clock, problems } = deps;
  const requests = createCredentialRequests(deps);
  const entries = createRoleEntries(deps);
  const { findValid } = entries;
  /** Counts the drops of each session: the result of a request from before a drop is not kept. */
  const generations = new Map<string, number>();
  const inFlight = createSingleFlight<RoleCredentials>();

  /** A request for credentials passes `fetch`, `renew` and `requests`, in this order, and `handleFailure` if that fails. */
  async function fetch(session: SsoSession, role: Role): Promise<RoleCredentials> {
    // Cached, and not due for renewal or in the pause after a failed one.
    return peek(session, role) ?? fetchStep(session, role, chains.require(role), 'urgent');
  }

  /** As `fetch`, with this definition of a chain, also if it has changed meanwhile. */
  async function fetchStep(
    session: SsoSession,
    role: Role,
    step: ChainStep | undefined,
    priority: Priority,
  ): Promise<RoleCredentials> {
    const entry = entries.noteUse(session, role);
    const hasValid = findValid(entry, step) !== undefined;
    // In flight: joins that request, else starts one.
    const renewal = renewOnce(entry, step, priority);
    if (!hasValid) return renewal;
    // Checks again after the timeout, because the session may have been signed out. The renewal continues for the next caller.
    return (await withTimeout(clock, RENEWAL_TIMEOUT_MS, renewal)) ?? findValid(entry, step) ?? renewal;
  }

  function renewOnce(entry: RoleEntry, step: ChainStep | undefined, priority: Priority): Promise<RoleCredentials> {
    return inFlight.run(flightKey(entry, step?.version), () => renew(entry, step, priority));
  }

  async function renew(entry: RoleEntry, step: ChainStep | undefined, priority: Priority): Promise<RoleCredentials> {
    const { session, role } = entry;
    for (;;) {
      deps.lock.requireUnlocked(role);
      const generation = generations.get(session.sessionName);
      // After a sign-out, another user's sign-in or a lock in the meantime the result must not be served: try again.
      const isSuperseded = () =>
        generations.get(session.sessionName) !== generation || deps.lock.refusal(role) !== undefined;
      // Retries only for callers with nothing valid to use; without a caller the next tick tries again.
      const retries = priority === 'urgent' && findValid(entry, step) === undefined;
      const source = createSource(session, step, priority);
      try {
        const credentials = await requests.send(session, role, step, { priority, retries, source });
        if (!isSuperseded()) return keep(entry, step, credentials);
      } catch (fault) {
        if (!isSuperseded()) return handleFailure(entry, step, fault);
      }
    }
  }

  /** The source of a chain is in use as long as the chain is. */
  function createSource(session: SsoSession, step: ChainStep | undefined, priority: Priority): SourceCredentials {
    return {
      async fetch() {
        if (step === undefined) throw new Error('only a chained role has a source');
        const { before, definition } = step;
        return peek(session, definition.source, before) ?? fetchStep(session, definition.source, before, priority);
      },
      forget(credentials) {
        const entry = step && entries.find(session, step.definition.source);
        if (entry?.issued?.credentials === credentials) forgetCredentials(entry);
      },
      async renew(credentials) {
        const entry = step && entries.find(session, step.definition.source);
        const issued = entry?.issued;
        if (entry === undefined || issued === undefined) return credentials;
        // Renewed meanwhile.
        if (issued.credentials !== credentials) return findValid(entry, step?.before) ?? credentials;
        const nowMs = clock.nowMs();
        if (nowMs - issued.issuedAtMs < NEW_MS || isInPause(entry.failures?.pause, nowMs)) return credentials;
        return renewOnce(entry, step?.before, priority);
      },
    };
  }

  function keep(entry: RoleEntry, step: ChainStep | undefined, credentials: RoleCredentials): RoleCredentials {
    const issuedAtMs = clock.nowMs();
    const { expiresAtMs } = credentials;
    entry.issued = {
      credentials,
      version: step?.version ?? '',
      issuedAtMs,
      dueAtMs: renewalDueMs(issuedAtMs, expiresAtMs),
      aheadAtMs: renewAheadMs(issuedAtMs, expiresAtMs, deps.random),
    };
    entry.failures = undefined;
    entries.add(entry);
    problems.clear(problemKey(entry.session.sessionName, kindOf(step)));
    return credentials;
  }

  /** The cached credentials while they are valid. @throws what the failure means for the caller */
  async function handleFailure(
    entry: RoleEntry,
    step: ChainStep | undefined,
    fault: unknown,
  ): Promise<RoleCredentials> {
    const { session, role } = entry;
    const { sessionName } = session;
    const error = await requests.describe(session, role, step, fault);
    if (isFinal(error)) {
      entries.remove(session, role);
      throw error;
    }
    const valid = findValid(entry, step);
    // An open circuit made no request that could have failed, and the end of the session has a problem of its own.
    if (!(fault instanceof CircuitOpenError) && !(error instanceof SignInRequiredError)) {
      const expiresAtMs = entry.issued?.credentials.expiresAtMs ?? 0;
      entry.failures = { ...countRenewalFailure(entry.failures, deps, expiresAtMs, error.retryAfterMs), error };
      const problem = { ...error.toBody(), session: sessionName };
      if (valid !== undefined) problems.raise(problemKey(sessionName, kindOf(step)), problem);
    }
    if (valid === undefined) throw error;
    return valid;
  }

  function peek(session: SsoSession, role: Role, step?: ChainStep): RoleCredentials | undefined {
    const entry = entries.find(session, role);
    const nowMs = clock.nowMs();
    const valid = entry && findValid(entry, step, nowMs);
    if (entry?.issued === undefined || valid === undefined) return undefined;
    if (nowMs >= entry.issued.dueAtMs && !isInPause(entry.failures?.pause, nowMs)) return undefined;
    entry.askedAtMs = nowMs;
    return valid;
  }

  function forgetCredentials(entry: RoleEntry): void {
    entry.issued = undefined;
    entry.failures = undefined;
  }

  return {
    fetch,
    peek: (session, role) => peek(session, role),
    async fetchUncounted(session, role) {
      const entry = entries.find(session, role) ?? {
        session,
        role,
        askedAtMs: Number.NEGATIVE_INFINITY,
        issued: undefined,
        failures: undefined,
      };
      return findValid(entry) ?? renewOnce(entry, chains.require(role), 'urgent');
    },
    async renewAhead(session, role) {
      const entry = entries.find(session, role);
      if (entry === undefined) return;
      try {
        // A failure is kept in the entry.
        await renewOnce(entry, chains.require(role), 'background');
      } catch (error) {
        if (isFinal(toRolecallError(error))) entries.remove(session, role);
      }
    },
    list(session) {
      const wanted = session && sessionKey(session);
      return entries
        .all()
        .filter((entry) => wanted === undefined || sessionKey(entry.session) === wanted)
        .map((entry) =>
          describeUse(entry, clock.nowMs(), inFlight.isRunning(flightKey(entry, chains.versionOf(entry.role)))),
        )
        .toSorted((left, right) => right.askedAtMs - left.askedAtMs);
    },
    endPauses(session, service) {
      for (const entry of entries.all()) {
        if (sessionKey(entry.session) !== sessionKey(session)) continue;
        // A chain may have failed because of its source.
        if (service === 'portal' || chains.upstreamOf(session, entry.role) === service) entry.failures = undefined;
      }
      if (service === 'portal') problems.clear(problemKey(session.sessionName, 'credentials'));
      problems.clear(problemKey(session.sessionName, 'chained credentials'));
    },
    removeUnused: entries.removeUnused,
    drop(sessionName, { forgetsUse }) {
      generations.set(sessionName, (generations.get(sessionName) ?? 0) + 1);
      for (const entry of entries.all()) if (entry.session.sessionName === sessionName) forgetCredentials(entry);
      if (forgetsUse) entries.removeSession(sessionName);
      for (const kind of KINDS) problems.clear(problemKey(sessionName, kind));
    },
    dropLocked() {
      for (const entry of entries.all()) {
        if (deps.lock.refusal(entry.role) !== undefined) forgetCredentials(entry);
      }
    },
  };
}

/** Callers with different definitions of a chain do not share a request. */
function flightKey({ session, role }: RoleEntry, version = ''): string {
  return `${entryKey(session, role)}\0${version}`;
}

const KINDS = ['credentials', 'chained credentials'] as const;
type Kind = (typeof KINDS)[number];

const kindOf = (step: ChainStep | undefined): Kind => (step === undefined ? 'credentials' : 'chained credentials');

/** One problem per session and kind: forty roles in an outage would repeat it forty times. */
function problemKey(sessionName: string, kind: Kind): string {
  return `${kind} ${sessionName}`;
}
