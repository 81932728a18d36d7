// Role credentials in memory: one GetRoleCredentials in flight a role, fresh ones ahead of expiry, the valid ones through an outage.
import type { Clock } from '../core/clock.ts';
import { SignInRequiredError, type RolecallError } from '../core/errors.ts';
import type { Role, RoleCredentials, SsoSession } from '../core/model.ts';
import type { Problems } from '../core/problems.ts';
import { createSingleFlight } from '../core/single-flight.ts';
import type { AccessTokens } from './access-tokens.ts';
import { withBackOff } from './back-off.ts';
import { isDueForRenewal } from './expiry.ts';
import { describeFault, isFault } from './faults.ts';
import type { IdentityCenter } from './ports.ts';
import { callPortal } from './portal-call.ts';
import type { RateBudget } from './rate-budget.ts';

export interface RoleCredentialsCache {
  /**
   * Credentials of `role`; under 20 minutes of life only while none longer can be had.
   * @throws SignInRequiredError, UnavailableError, ProtocolError: no valid ones at hand
   * @throws RefusedError permission-set-not-assigned; NotFoundError account-not-found
   */
  fetch(session: SsoSession, role: Role): Promise<RoleCredentials>;
  /** Stops serving everything of a session at once, answers under way included. */
  drop(sessionName: string): void;
}

interface Entry {
  readonly credentials: RoleCredentials;
  readonly issuedAtMs: number;
  /** Of the last renewal that failed: valid credentials are served without asking again until `untilMs`. */
  readonly pause?: { readonly fromMs: number; readonly untilMs: number };
}

/** A caller gives up after a minute at most, so a server that wants a longer pause is his error and not his wait. */
const BACK_OFF = { attempts: 3, firstPauseMs: 250, longestPauseMs: 2000, patienceMs: 5000 } as const;
const RENEWAL_RETRY_MS = 30_000;
/** As of 2026-11 the JS SDK and Ruby give up on a container endpoint after a second, valid credentials at hand or not. */
const RENEWAL_PATIENCE_MS = 500;

export function createRoleCredentials(deps: {
  readonly identityCenter: IdentityCenter;
  readonly accessTokens: AccessTokens;
  readonly rateBudget: RateBudget;
  readonly clock: Clock;
  readonly random: () => number;
  readonly problems: Problems;
  /** The error for a role that the portal refuses. */
  readonly refusal: (session: SsoSession, role: Role, cause: unknown) => Promise<RolecallError>;
}): RoleCredentialsCache {
  const { clock, problems } = deps;
  const entries = new Map<string, Entry>();
  /** Counts the drops of each session: what was under way at one is not kept after it. */
  const generations = new Map<string, number>();
  const fetching = createSingleFlight<RoleCredentials>();

  async function renew(session: SsoSession, role: Role, key: string): Promise<RoleCredentials> {
    const { sessionName } = session;
    const generation = generations.get(sessionName);
    const isSuperseded = () => generations.get(sessionName) !== generation;
    try {
      const credentials = await withBackOff(
        deps,
        // With valid ones at hand the caller is not kept waiting for a second try.
        { ...BACK_OFF, attempts: isValid(entries.get(key)) ? 1 : BACK_OFF.attempts },
        () =>
          callPortal(deps, session, 'urgent', (accessToken) =>
            deps.identityCenter.getRoleCredentials(session, accessToken, role),
          ),
      );
      if (!isSuperseded()) {
        entries.set(key, { credentials, issuedAtMs: clock.nowMs() });
        problems.clear(problemKey(sessionName));
        return credentials;
      }
    } catch (fault) {
      if (!isSuperseded()) return settleFailure(session, role, key, fault);
    }
    // A sign-out or another user's sign-in came in between: that answer is not to be served any more.
    return renew(session, role, key);
  }

  async function settleFailure(session: SsoSession, role: Role, key: string, fault: unknown): Promise<RoleCredentials> {
    if (isFault(fault, 'forbidden', 'not-found')) {
      entries.delete(key);
      throw await deps.refusal(session, role, fault);
    }
    const { sessionName } = session;
    const error = describeFault(fault, sessionName);
    const entry = entries.get(key);
    if (!isValid(entry)) {
      entries.delete(key);
      throw error;
    }
    const fromMs = clock.nowMs();
    const untilMs = fromMs + Math.max(RENEWAL_RETRY_MS, error.retryAfterMs ?? 0);
    entries.set(key, { ...entry, pause: { fromMs, untilMs } });
    // That the session is over is told by its state.
    if (!(error instanceof SignInRequiredError)) {
      problems.raise(problemKey(sessionName), { ...error.toBody(), session: sessionName });
    }
    return entry.credentials;
  }

  /** The renewal goes on for the next caller when this one is served before its end. */
  async function renewWithinPatience(session: SsoSession, role: Role, key: string): Promise<RoleCredentials> {
    const renewal = fetching.run(key, () => renew(session, role, key));
    const settled = new AbortController();
    const late = clock.sleep(RENEWAL_PATIENCE_MS, settled.signal).catch(() => undefined);
    try {
      const renewed = await Promise.race([renewal, late]);
      if (renewed !== undefined) return renewed;
    } finally {
      settled.abort(new Error('the renewal has settled'));
    }
    // Looked up again: a sign-out may have come while we waited.
    const entry = entries.get(key);
    return isValid(entry) ? entry.credentials : renewal;
  }

  function isValid(entry: Entry | undefined): entry is Entry {
    return entry !== undefined && entry.credentials.expiresAtMs > clock.nowMs();
  }

  function isInPause({ pause }: Entry): boolean {
    const nowMs = clock.nowMs();
    // The start counts too: a clock that was set back must not make half a minute into a day.
    return pause !== undefined && pause.fromMs <= nowMs && nowMs < pause.untilMs;
  }

  return {
    async fetch(session, role) {
      const key = roleKey(session, role);
      const entry = entries.get(key);
      if (!isValid(entry)) return fetching.run(key, () => renew(session, role, key));
      const isDue = isDueForRenewal(clock.nowMs(), entry.issuedAtMs, entry.credentials.expiresAtMs);
      if (!isDue || isInPause(entry)) return entry.credentials;
      return renewWithinPatience(session, role, key);
    },
    drop(sessionName) {
      generations.set(sessionName, (generations.get(sessionName) ?? 0) + 1);
      const prefix = `${sessionName}\0`;
      for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key);
      problems.clear(problemKey(sessionName));
    },
  };
}

/** The start URL and region are part of it: a section that was edited to name another Identity Center must not serve the old one's keys. */
function roleKey(session: SsoSession, role: Role): string {
  return [session.sessionName, session.startUrl, session.region, role.accountId, role.permissionSet].join('\0');
}

/** One problem a session: with forty roles in an outage, forty lines would say the same. */
function problemKey(sessionName: string): string {
  return `credentials ${sessionName}`;
}
