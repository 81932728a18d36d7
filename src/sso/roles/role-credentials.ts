// Caches role credentials: one GetRoleCredentials in flight per role, renewed before they expire, served while valid in an outage.
import { createSingleFlight } from '../../core/async/single-flight.ts';
import { withTimeout } from '../../core/async/with-timeout.ts';
import { SignInRequiredError, type RolecallError } from '../../core/errors.ts';
import type { Role, RoleCredentials, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { CircuitOpenError, describeFault, isFault } from '../faults.ts';
import { sessionKey } from '../issuer.ts';
import { IdentityCenterFault } from '../ports.ts';
import type { ServingLock } from '../serving-lock.ts';
import { isInPause } from '../resilience/pauses.ts';
import { countRenewalFailure, renewAheadMs, renewalDueMs } from '../resilience/renewal.ts';
import { callPortal, type Portal, type Priority } from '../session/portal-call.ts';
import { describeUse, isInUse, type RoleEntry, type RoleUse } from './role-use.ts';

export interface RoleCredentialsCache {
  /**
   * Credentials of `role`; with less than 20 minutes left only if no newer ones can be had.
   * @throws SignInRequiredError, UnavailableError, ProtocolError: no valid ones are cached
   * @throws RefusedError permission-set-not-assigned; NotFoundError account-not-found
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
  /** Ends the pauses after failed renewals: the portal answers again. */
  endPauses(session: SsoSession): void;
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

/** Callers give up after a minute at most, so a longer pause that the server asks for becomes their error. */
const BACK_OFF = { attempts: 3, firstPauseMs: 250, maxPauseMs: 2000, maxWaitMs: 5000 } as const;
/** As of 2026-11 the JS SDK and Ruby give up on a container endpoint after a second, even with valid credentials cached. */
const RENEWAL_TIMEOUT_MS = 500;
/** As of 2026-11 AWS issues credentials for 12 hours at most; one more day allows for a wrong clock. */
const MAX_LIFETIME_MS = 36 * 60 * 60_000;
/** More than anybody uses; roles beyond this that have no answer because of an outage are not kept. */
const MAX_UNANSWERED_ROLES = 1000;

export function createRoleCredentials(
  deps: Portal & {
    readonly problems: Problems;
    readonly lock: ServingLock;
    /** The error for a role that the portal refuses. */
    readonly refusal: (session: SsoSession, role: Role, cause: unknown) => Promise<RolecallError>;
  },
): RoleCredentialsCache {
  const { clock, problems } = deps;
  const entries = new Map<string, RoleEntry>();
  /** Counts the drops of each session: the result of a request from before a drop is not kept. */
  const generations = new Map<string, number>();
  const inFlight = createSingleFlight<RoleCredentials>();

  /** A request for credentials passes `fetch`, `renew` and `callPortal`, in this order, and `handleFailure` if that fails. */
  async function fetch(session: SsoSession, role: Role): Promise<RoleCredentials> {
    // Cached, and not due for renewal or in the pause after a failed one.
    const cached = peek(session, role);
    if (cached !== undefined) return cached;
    const entry = noteUse(session, role);
    const hasValid = findValid(entry) !== undefined;
    // In flight: joins that request, else starts one.
    const renewal = renewOnce(entry, 'urgent');
    if (!hasValid) return renewal;
    // Checks again after the timeout, because the session may have been signed out. The renewal continues for the next caller.
    return (await withTimeout(clock, RENEWAL_TIMEOUT_MS, renewal)) ?? findValid(entry) ?? renewal;
  }

  function renewOnce(entry: RoleEntry, priority: Priority): Promise<RoleCredentials> {
    return inFlight.run(keyOf(entry.session, entry.role), () => renew(entry, priority));
  }

  async function renew(entry: RoleEntry, priority: Priority): Promise<RoleCredentials> {
    const { session, role } = entry;
    for (;;) {
      deps.lock.requireUnlocked(role);
      const generation = generations.get(session.sessionName);
      // After a sign-out, another user's sign-in or a lock in the meantime the result must not be served: try again.
      const isSuperseded = () =>
        generations.get(session.sessionName) !== generation || deps.lock.refusal(role) !== undefined;
      // Retries only for callers with nothing valid to use; without a caller the next tick tries again.
      const attempts = priority === 'background' || findValid(entry) !== undefined ? 1 : BACK_OFF.attempts;
      try {
        const credentials = await callPortal(
          deps,
          session,
          { priority, backOff: { ...BACK_OFF, attempts } },
          async (accessToken) =>
            checkLifetime(await deps.identityCenter.getRoleCredentials(session, accessToken, role), clock.nowMs()),
        );
        if (!isSuperseded()) return keep(entry, credentials);
      } catch (fault) {
        if (!isSuperseded()) return handleFailure(entry, fault);
      }
    }
  }

  function keep(entry: RoleEntry, credentials: RoleCredentials): RoleCredentials {
    const { session, role } = entry;
    const issuedAtMs = clock.nowMs();
    const { expiresAtMs } = credentials;
    entry.issued = {
      credentials,
      issuedAtMs,
      dueAtMs: renewalDueMs(issuedAtMs, expiresAtMs),
      aheadAtMs: renewAheadMs(issuedAtMs, expiresAtMs, deps.random),
    };
    entry.failures = undefined;
    entries.set(keyOf(session, role), entry);
    problems.clear(problemKey(session.sessionName));
    return credentials;
  }

  /** The cached credentials while they are valid. @throws what the failure means for the caller */
  async function handleFailure(entry: RoleEntry, fault: unknown): Promise<RoleCredentials> {
    const { session, role } = entry;
    const { sessionName } = session;
    if (isFault(fault, 'forbidden', 'not-found')) {
      entries.delete(keyOf(session, role));
      throw await deps.refusal(session, role, fault);
    }
    const error = describeFault(fault, sessionName);
    const valid = findValid(entry);
    // An open circuit made no request that could have failed, and the end of the session has a problem of its own.
    if (!(fault instanceof CircuitOpenError) && !(error instanceof SignInRequiredError)) {
      const expiresAtMs = entry.issued?.credentials.expiresAtMs ?? 0;
      entry.failures = { ...countRenewalFailure(entry.failures, deps, expiresAtMs, error.retryAfterMs), error };
      if (valid !== undefined) problems.raise(problemKey(sessionName), { ...error.toBody(), session: sessionName });
    }
    if (valid === undefined) throw error;
    return valid;
  }

  function findValid({ issued }: RoleEntry): RoleCredentials | undefined {
    return issued !== undefined && issued.credentials.expiresAtMs > clock.nowMs() ? issued.credentials : undefined;
  }

  function noteUse(session: SsoSession, role: Role): RoleEntry {
    const key = keyOf(session, role);
    const askedAtMs = clock.nowMs();
    const entry = entries.get(key);
    if (entry !== undefined) {
      entry.askedAtMs = askedAtMs;
      return entry;
    }
    const added: RoleEntry = { session, role, askedAtMs, issued: undefined, failures: undefined };
    if (entries.size < MAX_UNANSWERED_ROLES) entries.set(key, added);
    return added;
  }

  function peek(session: SsoSession, role: Role): RoleCredentials | undefined {
    const entry = entries.get(keyOf(session, role));
    const valid = entry && findValid(entry);
    if (entry?.issued === undefined || valid === undefined) return undefined;
    const nowMs = clock.nowMs();
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
    peek,
    async fetchUncounted(session, role) {
      const entry = entries.get(keyOf(session, role)) ?? {
        session,
        role,
        askedAtMs: Number.NEGATIVE_INFINITY,
        issued: undefined,
        failures: undefined,
      };
      return findValid(entry) ?? renewOnce(entry, 'urgent');
    },
    async renewAhead(session, role) {
      const entry = entries.get(keyOf(session, role));
      // A failure is kept in the entry.
      if (entry !== undefined) await renewOnce(entry, 'background').catch(() => undefined);
    },
    list(session) {
      const wanted = session && sessionKey(session);
      return [...entries.entries()]
        .filter(([, entry]) => wanted === undefined || sessionKey(entry.session) === wanted)
        .map(([key, entry]) => describeUse(entry, clock.nowMs(), inFlight.isRunning(key)))
        .toSorted((left, right) => right.askedAtMs - left.askedAtMs);
    },
    endPauses(session) {
      for (const entry of entries.values()) {
        if (sessionKey(entry.session) === sessionKey(session)) entry.failures = undefined;
      }
      problems.clear(problemKey(session.sessionName));
    },
    removeUnused() {
      for (const [key, entry] of entries) {
        if (!isInUse(entry, clock.nowMs()) && findValid(entry) === undefined) entries.delete(key);
      }
    },
    drop(sessionName, { forgetsUse }) {
      generations.set(sessionName, (generations.get(sessionName) ?? 0) + 1);
      for (const [key, entry] of entries) {
        if (entry.session.sessionName !== sessionName) continue;
        forgetCredentials(entry);
        if (forgetsUse) entries.delete(key);
      }
      problems.clear(problemKey(sessionName));
    },
    dropLocked() {
      for (const entry of entries.values()) {
        if (deps.lock.refusal(entry.role) !== undefined) forgetCredentials(entry);
      }
    },
  };
}

/** Refuses credentials that have expired already, or that claim to be valid longer than AWS would accept them. */
function checkLifetime(credentials: RoleCredentials, nowMs: number): RoleCredentials {
  if (credentials.expiresAtMs <= nowMs) {
    throw new IdentityCenterFault('unusable-response', 'the role credentials in its answer have expired already.');
  }
  if (credentials.expiresAtMs - nowMs <= MAX_LIFETIME_MS) return credentials;
  throw new IdentityCenterFault(
    'unusable-response',
    'the expiration of the role credentials is more than 36 hours ahead, or this machine’s clock is behind.',
  );
}

function keyOf(session: SsoSession, role: Role): string {
  return `${sessionKey(session)}\0${role.accountId}\0${role.permissionSet}`;
}

/** One problem per session: forty roles in an outage would repeat it forty times. */
function problemKey(sessionName: string): string {
  return `credentials ${sessionName}`;
}
