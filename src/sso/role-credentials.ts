// Role credentials in memory: one GetRoleCredentials in flight a role, fresh ones ahead of expiry, the valid ones through an outage.
import type { Clock } from '../core/clock.ts';
import { UnavailableError, type RolecallError } from '../core/errors.ts';
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
   * @throws SignInRequiredError, RefusedError permission-set-not-assigned, UnavailableError, ProtocolError
   */
  fetch(session: SsoSession, role: Role): Promise<RoleCredentials>;
  /** Stops serving everything of a session at once. */
  drop(sessionName: string): void;
}

interface Entry {
  readonly credentials: RoleCredentials;
  readonly issuedAtMs: number;
  /** After a failed renewal: valid credentials are served without asking again until then. */
  readonly retryNotBeforeMs: number;
}

const BACK_OFF = { attempts: 3, firstPauseMs: 250, longestPauseMs: 2000 };
const RENEWAL_RETRY_MS = 30_000;

export function createRoleCredentials(deps: {
  readonly identityCenter: IdentityCenter;
  readonly accessTokens: AccessTokens;
  readonly rateBudget: RateBudget;
  readonly clock: Clock;
  readonly random: () => number;
  readonly problems: Problems;
  /** The error for a role that the portal refuses. */
  readonly refusal: (session: SsoSession, role: Role, cause: unknown) => RolecallError;
}): RoleCredentialsCache {
  const { clock, problems } = deps;
  const entries = new Map<string, Entry>();
  /** Counts the drops: what was under way at one is not kept after it. */
  let generation = 0;
  const fetching = createSingleFlight<RoleCredentials>();

  async function renew(session: SsoSession, role: Role, key: string): Promise<RoleCredentials> {
    const before = entries.get(key);
    const generationBefore = generation;
    try {
      const credentials = await withBackOff(
        deps,
        // With valid ones at hand the caller is not kept waiting for a second try.
        { ...BACK_OFF, attempts: isValid(before) ? 1 : BACK_OFF.attempts },
        () =>
          callPortal(deps.accessTokens, session, (accessToken) => {
            deps.rateBudget.spend();
            return deps.identityCenter.getRoleCredentials(session, accessToken, role);
          }),
      );
      // A sign-out or another user's sign-in came in between: these keys are not to be served any more.
      if (generation !== generationBefore) return await renew(session, role, key);
      entries.set(key, { credentials, issuedAtMs: clock.nowMs(), retryNotBeforeMs: 0 });
      problems.clear(problemKey(role));
      return credentials;
    } catch (fault) {
      if (isFault(fault, 'forbidden', 'not-found')) {
        entries.delete(key);
        throw deps.refusal(session, role, fault);
      }
      const error = describeFault(fault, role.sessionName);
      return serveValid(key, role, error);
    }
  }

  function serveValid(key: string, role: Role, error: RolecallError): RoleCredentials {
    const entry = entries.get(key);
    if (!isValid(entry)) throw error;
    entries.set(key, {
      ...entry,
      retryNotBeforeMs: clock.nowMs() + Math.max(RENEWAL_RETRY_MS, error.retryAfterMs ?? 0),
    });
    if (error instanceof UnavailableError) {
      problems.raise(problemKey(role), { ...error.toBody(), session: role.sessionName });
    }
    return entry.credentials;
  }

  function isValid(entry: Entry | undefined): entry is Entry {
    return entry !== undefined && entry.credentials.expiresAtMs > clock.nowMs();
  }

  return {
    async fetch(session, role) {
      const key = roleKey(session, role);
      const entry = entries.get(key);
      if (isValid(entry)) {
        const nowMs = clock.nowMs();
        const isDue = isDueForRenewal(nowMs, entry.issuedAtMs, entry.credentials.expiresAtMs);
        if (!isDue || entry.retryNotBeforeMs > nowMs) return entry.credentials;
      }
      return fetching.run(key, () => renew(session, role, key));
    },
    drop(sessionName) {
      generation += 1;
      const prefix = `${sessionName}\0`;
      for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key);
    },
  };
}

/** The start URL and region are part of it: a section that was edited to name another Identity Center must not serve the old one's keys. */
function roleKey(session: SsoSession, role: Role): string {
  return [session.sessionName, session.startUrl, session.region, role.accountId, role.permissionSet].join('\0');
}

/** One problem a session: with forty roles in an outage, forty lines would say the same. */
function problemKey(role: Role): string {
  return `credentials ${role.sessionName}`;
}
