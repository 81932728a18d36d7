// Role credentials in memory: one GetRoleCredentials in flight a role, fresh ones ahead of expiry, the valid ones through an outage.
import type { Clock } from '../../core/clock.ts';
import { SignInRequiredError, type RolecallError } from '../../core/errors.ts';
import type { Role, RoleCredentials, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import type { AccessTokens } from '../session/access-tokens.ts';
import { countRenewalFailure, isHolding, withBackOff } from '../resilience/back-off.ts';
import { isDueForRenewal, renewAheadMs } from '../resilience/renewal.ts';
import { describeFault, CircuitOpenError, isFault } from '../faults.ts';
import { sessionKey } from '../issuer.ts';
import { withTimeout } from '../../core/async/with-timeout.ts';
import { IdentityCenterFault, type IdentityCenter } from '../ports.ts';
import { callPortal } from '../session/portal-call.ts';
import type { RateBudget } from '../resilience/rate-budget.ts';
import { describeUse, isInUse, type KnownRole, type RoleUse } from './role-use.ts';
import type { CircuitBreakers } from '../resilience/circuit-breakers.ts';

export interface RoleCredentialsCache {
  /**
   * Credentials of `role`; under 20 minutes of life only while none longer can be had.
   * @throws SignInRequiredError, UnavailableError, ProtocolError: no valid ones at hand
   * @throws RefusedError permission-set-not-assigned; NotFoundError account-not-found
   */
  fetch(session: SsoSession, role: Role): Promise<RoleCredentials>;
  /** As `fetch`, and it does not count as asked for: the role is not renewed for it. */
  fetchUnused(session: SsoSession, role: Role): Promise<RoleCredentials>;
  /** What `fetch` would give without asking anybody, if it is at hand; counts as asked for then. */
  peek(session: SsoSession, role: Role): RoleCredentials | undefined;
  /** Renews without a caller, within the rate budget; never rejects. */
  renewAhead(session: SsoSession, role: Role): Promise<void>;
  /** Every role that is kept, the one that was asked for last first. */
  list(): readonly RoleUse[];
  /** Forgets what is neither in use nor valid. */
  letGo(): void;
  /**
   * Stops serving everything of a session at once, answers under way included; what is in use is fetched
   * anew for the next user unless `forgetsUse`.
   */
  drop(sessionName: string, options: { readonly forgetsUse: boolean }): void;
}

/** A caller gives up after a minute at most, so a server that wants a longer pause is his error and not his wait. */
const BACK_OFF = { attempts: 3, firstPauseMs: 250, maxPauseMs: 2000, maxWaitMs: 5000 } as const;
/** As of 2026-11 the JS SDK and Ruby give up on a container endpoint after a second, valid credentials at hand or not. */
const RENEWAL_TIMEOUT_MS = 500;
/** As of 2026-11 AWS gives 12 hours at most; a day more allows for a clock that is wrong. */
const MAX_LIFE_MS = 36 * 60 * 60_000;
/** Nobody has more roles in use; what an outage leaves unanswered beyond this is not kept. */
const MAX_UNANSWERED_ROLES = 1000;

export function createRoleCredentials(deps: {
  readonly identityCenter: IdentityCenter;
  readonly accessTokens: AccessTokens;
  readonly rateBudget: RateBudget;
  readonly circuitBreakers: CircuitBreakers;
  readonly clock: Clock;
  readonly random: () => number;
  readonly problems: Problems;
  /** The error for a role that the portal refuses. */
  readonly refusal: (session: SsoSession, role: Role, cause: unknown) => Promise<RolecallError>;
}): RoleCredentialsCache {
  const { clock, problems } = deps;
  const roles = new Map<string, KnownRole>();
  /** Counts the drops of each session: what was under way at one is not kept after it. */
  const generations = new Map<string, number>();
  const fetching = createSingleFlight<RoleCredentials>();

  async function renew(known: KnownRole, priority: 'urgent' | 'patient'): Promise<RoleCredentials> {
    const { session, role } = known;
    const { sessionName } = session;
    const generation = generations.get(sessionName);
    const isSuperseded = () => generations.get(sessionName) !== generation;
    // With valid ones at hand the caller is not kept waiting for a second try, and without a caller there is a next tick.
    const attempts = priority === 'patient' || findValid(known) !== undefined ? 1 : BACK_OFF.attempts;
    try {
      const credentials = await withBackOff(deps, { ...BACK_OFF, attempts }, () =>
        callPortal(deps, session, priority, async (accessToken) =>
          checkLife(await deps.identityCenter.getRoleCredentials(session, accessToken, role), clock.nowMs()),
        ),
      );
      if (!isSuperseded()) {
        const issuedAtMs = clock.nowMs();
        const aheadAtMs = renewAheadMs(issuedAtMs, credentials.expiresAtMs, deps.random);
        known.issued = { credentials, issuedAtMs, aheadAtMs };
        known.failures = undefined;
        roles.set(keyOf(session, role), known);
        problems.clear(problemKey(sessionName));
        return credentials;
      }
    } catch (fault) {
      if (!isSuperseded()) return settleFailure(known, fault);
    }
    // A sign-out or another user's sign-in came in between: that answer is not to be served any more.
    return renew(known, priority);
  }

  async function settleFailure(known: KnownRole, fault: unknown): Promise<RoleCredentials> {
    const { session, role } = known;
    const { sessionName } = session;
    if (isFault(fault, 'forbidden', 'not-found')) {
      roles.delete(keyOf(session, role));
      throw await deps.refusal(session, role, fault);
    }
    const error = describeFault(fault, sessionName);
    const valid = findValid(known);
    // Held back, nothing was asked, so nothing has failed; the end of the session is told by its state.
    if (!(fault instanceof CircuitOpenError) && !(error instanceof SignInRequiredError)) {
      const expiresAtMs = known.issued?.credentials.expiresAtMs ?? 0;
      known.failures = countRenewalFailure(known.failures, deps, expiresAtMs, error.retryAfterMs);
      if (valid !== undefined) {
        problems.raise(problemKey(sessionName), { ...error.toBody(), session: sessionName });
      }
    }
    if (valid === undefined) throw error;
    return valid;
  }

  function renewOnce(known: KnownRole, priority: 'urgent' | 'patient'): Promise<RoleCredentials> {
    return fetching.run(keyOf(known.session, known.role), () => renew(known, priority));
  }

  function findValid({ issued }: KnownRole): RoleCredentials | undefined {
    return issued !== undefined && issued.credentials.expiresAtMs > clock.nowMs() ? issued.credentials : undefined;
  }

  /** The role as it is known, noted as asked for now. */
  function ask(session: SsoSession, role: Role): KnownRole {
    const key = keyOf(session, role);
    const askedAtMs = clock.nowMs();
    const known = roles.get(key);
    if (known !== undefined) {
      known.askedAtMs = askedAtMs;
      return known;
    }
    const added: KnownRole = { session, role, askedAtMs, issued: undefined, failures: undefined };
    if (roles.size < MAX_UNANSWERED_ROLES) roles.set(key, added);
    return added;
  }

  function peek(session: SsoSession, role: Role): RoleCredentials | undefined {
    const known = roles.get(keyOf(session, role));
    const valid = known && findValid(known);
    if (known?.issued === undefined || valid === undefined) return undefined;
    const nowMs = clock.nowMs();
    const isDue = isDueForRenewal(nowMs, known.issued.issuedAtMs, valid.expiresAtMs);
    if (isDue && !isHolding(known.failures?.hold, nowMs)) return undefined;
    known.askedAtMs = nowMs;
    return valid;
  }

  return {
    peek,
    async fetch(session, role) {
      const ready = peek(session, role);
      if (ready !== undefined) return ready;
      const known = ask(session, role);
      if (findValid(known) === undefined) return renewOnce(known, 'urgent');
      const renewal = renewOnce(known, 'urgent');
      const renewed = await withTimeout(clock, RENEWAL_TIMEOUT_MS, renewal);
      // Looked up again: a sign-out may have come while we waited. The renewal goes on for the next caller.
      return renewed ?? findValid(known) ?? renewal;
    },
    async fetchUnused(session, role) {
      const known = roles.get(keyOf(session, role)) ?? {
        session,
        role,
        askedAtMs: Number.NEGATIVE_INFINITY,
        issued: undefined,
        failures: undefined,
      };
      return findValid(known) ?? renewOnce(known, 'urgent');
    },
    async renewAhead(session, role) {
      const known = roles.get(keyOf(session, role));
      // What went wrong is in the state of the role by now.
      if (known !== undefined) await renewOnce(known, 'patient').catch(() => undefined);
    },
    list: () =>
      [...roles.entries()]
        .map(([key, known]) => describeUse(known, clock.nowMs(), fetching.isRunning(key)))
        .toSorted((left, right) => right.askedAtMs - left.askedAtMs),
    letGo() {
      for (const [key, known] of roles) {
        if (!isInUse(known, clock.nowMs()) && findValid(known) === undefined) roles.delete(key);
      }
    },
    drop(sessionName, { forgetsUse }) {
      generations.set(sessionName, (generations.get(sessionName) ?? 0) + 1);
      for (const [key, known] of roles) {
        if (known.session.sessionName !== sessionName) continue;
        known.issued = undefined;
        known.failures = undefined;
        if (forgetsUse) roles.delete(key);
      }
      problems.clear(problemKey(sessionName));
    },
  };
}

/** Keys that claim to be valid for longer would be served long after AWS has stopped taking them; expired ones are of no use. */
function checkLife(credentials: RoleCredentials, nowMs: number): RoleCredentials {
  if (credentials.expiresAtMs <= nowMs) {
    throw new IdentityCenterFault('unusable-response', 'the role credentials in its answer have expired already.');
  }
  if (credentials.expiresAtMs - nowMs <= MAX_LIFE_MS) return credentials;
  throw new IdentityCenterFault(
    'unusable-response',
    'the expiration of the role credentials is more than 36 hours ahead, or this machine’s clock is behind.',
  );
}

function keyOf(session: SsoSession, role: Role): string {
  return `${sessionKey(session)}\0${role.accountId}\0${role.permissionSet}`;
}

/** One problem a session: with forty roles in an outage, forty lines would say the same. */
function problemKey(sessionName: string): string {
  return `credentials ${sessionName}`;
}
