// Caches one access token per sso-session, refreshes it early with a single request in flight, and detects when the session has ended.
import { withTimeout } from '../../core/async/with-timeout.ts';
import type { Clock } from '../../core/clock.ts';
import type { RolecallError } from '../../core/errors.ts';
import type { ClientRegistration, EndpointsOf, IssuedToken, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import type { Secret } from '../../core/secret.ts';
import { sessionOver } from '../faults.ts';
import type { IdentityCenter, SecretStore } from '../ports.ts';
import { afterPause, isInPause } from '../resilience/pauses.ts';
import type { CircuitBreakers } from '../resilience/circuit-breakers.ts';
import { describeBackOff, isDueForRenewal, renewalDueMs, type BackOff } from '../resilience/renewal.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import { createSessionEnding } from './session-end.ts';
import type { SessionTokens } from './session-record.ts';
import { createSessionRecords } from './session-records.ts';
import { createTokenRefresh, toTokens } from './token-refresh.ts';

export interface TokenState {
  /** `live`: as far as is known there is a valid access token, or a refresh gives one. */
  readonly state: 'live' | 'expired' | 'signed-out';
  readonly tokenExpiresAtMs?: number;
  /** The secret store does not have these tokens: a restart ends the sign-in. */
  readonly isUnsaved?: true;
  readonly signedInAtMs?: number;
  /** How long the last session lasted that was not signed out; undefined before one has. */
  readonly observedLengthMs?: number;
}

export interface AccessToken {
  readonly secret: Secret;
  readonly expiresAtMs: number;
}

export interface AccessTokens {
  /**
   * The access token, refreshed first when it is due. In the pause after a failed refresh a `background` caller does
   * not try again.
   * @throws SignInRequiredError sign-in-required, sign-in-expired
   * @throws UnavailableError identity-center-unreachable: no valid token, and a refresh is not possible now
   */
  fresh(session: SsoSession, priority?: 'urgent' | 'background'): Promise<AccessToken>;
  /**
   * Another token after the portal refused `refused`, whatever its expiry says.
   * @throws SignInRequiredError sign-in-required, sign-in-expired; UnavailableError
   */
  replaceRefused(session: SsoSession, refused: Secret): Promise<AccessToken>;
  /**
   * Keeps the tokens of a new sign-in: in memory before it returns, in the secret store when it resolves.
   * A store that refuses them is a problem in `status`, not an error.
   */
  accept(session: SsoSession, registration: ClientRegistration, issued: IssuedToken): Promise<void>;
  /**
   * Deletes the sign-in: in memory before it returns, in the secret store when it resolves. Returns the last tokens,
   * for sso:Logout, and why they could not be read or deleted, if so.
   */
  drop(session: SsoSession): Promise<{ readonly tokens?: SessionTokens; readonly failure?: RolecallError }>;
  /** The newest version of dropped tokens: waits for a refresh that was in flight and may have replaced them. */
  afterRefresh(session: SsoSession, dropped: SessionTokens): Promise<SessionTokens>;
  /** Marks the session as ended because the portal refused this token; a newer sign-in is left alone. */
  end(session: SsoSession, refused: Secret): Promise<void>;
  describe(session: SsoSession): Promise<TokenState>;
  /** Drops from memory what the secret store has; tokens that are being refreshed stay until the next call. */
  seal(): void;
  /** When the next refresh is due, pauses after failures included; undefined without a refresh token, or before the record was read. */
  nextRefreshMs(session: SsoSession): number | undefined;
  /** Why the last refresh failed; undefined if it did not. */
  backOff(session: SsoSession): BackOff | undefined;
  /** Ends the pause after a failed refresh: the service answers again. */
  endPause(session: SsoSession): void;
  /** Tokens of sign-outs that could not be read then and can be now, once, for sso:Logout; never rejects. */
  takeUnreadSignOuts(): Promise<readonly { readonly session: SsoSession; readonly tokens: SessionTokens }[]>;
  /** Saves what the secret store refused earlier, if anything; never rejects. */
  flush(): Promise<void>;
}

/** How long a caller waits for a newer token while the current one is valid. */
const REFRESH_TIMEOUT_MS = 500;

export function createAccessTokens(deps: {
  readonly identityCenter: IdentityCenter;
  readonly secretStore: SecretStore;
  readonly registrations: ClientRegistrations;
  readonly endpointsOf: EndpointsOf;
  readonly circuitBreakers: CircuitBreakers;
  readonly clock: Clock;
  readonly random: () => number;
  readonly problems: Problems;
}): AccessTokens {
  const { clock } = deps;
  const records = createSessionRecords(deps);
  const ending = createSessionEnding({ ...deps, records });
  const refreshes = createTokenRefresh({ ...deps, records, ending });

  const isValid = (tokens: SessionTokens | undefined): tokens is SessionTokens =>
    tokens !== undefined && tokens.expiresAtMs > clock.nowMs();

  function startOver(session: SsoSession): void {
    refreshes.forgetFailures(session);
    deps.circuitBreakers.forget(session.sessionName);
    ending.clearProblems(session);
  }

  return {
    async fresh(session, priority = 'urgent') {
      const tokens = await records.currentTokens(session);
      const nowMs = clock.nowMs();
      if (!isDueForRenewal(nowMs, tokens.issuedAtMs, tokens.expiresAtMs)) return toAccessToken(tokens);
      const wasValid = isValid(tokens);
      const failures = refreshes.failures(session);
      const isPaused = isInPause(failures?.pause, nowMs);
      if (wasValid && (tokens.refresh === undefined || isPaused)) return toAccessToken(tokens);
      if (failures !== undefined && isPaused && priority === 'background') throw failures.error;
      try {
        const refreshing = refreshes.refresh(session);
        if (!wasValid) return toAccessToken(await refreshing);
        const refreshed = await withTimeout(clock, REFRESH_TIMEOUT_MS, refreshing);
        if (refreshed !== undefined) return toAccessToken(refreshed);
        const current = await records.currentTokens(session);
        return toAccessToken(isValid(current) ? current : await refreshing);
      } catch (error) {
        const current = (await records.load(session))?.tokens;
        if (isValid(current)) return toAccessToken(current);
        throw error;
      }
    },
    async replaceRefused(session, refused) {
      const tokens = await records.currentTokens(session);
      if (tokens.accessToken.reveal() !== refused.reveal()) return toAccessToken(tokens);
      const refreshed = await refreshes.refresh(session);
      if (refreshed.accessToken.reveal() !== refused.reveal()) return toAccessToken(refreshed);
      await ending.end(session, refused);
      throw sessionOver(session.sessionName);
    },
    async accept(session, registration, issued) {
      const signedInAtMs = clock.nowMs();
      startOver(session);
      await records.start(session, signedInAtMs, toTokens(issued, registration, signedInAtMs));
      await deps.registrations.confirm(registration);
    },
    async drop(session) {
      startOver(session);
      return records.remove(session);
    },
    afterRefresh: (session, dropped) => refreshes.settle(session, dropped),
    end: (session, refused) => ending.end(session, refused),
    seal() {
      records.seal(refreshes.isRefreshing);
      deps.registrations.seal();
    },
    nextRefreshMs(session) {
      const tokens = records.peekTokens(session);
      if (tokens?.refresh === undefined) return undefined;
      const dueMs = renewalDueMs(tokens.issuedAtMs, tokens.expiresAtMs);
      return afterPause(dueMs, refreshes.failures(session)?.pause, clock.nowMs());
    },
    backOff(session) {
      const failures = refreshes.failures(session);
      return failures && describeBackOff(failures, clock.nowMs());
    },
    endPause(session) {
      refreshes.forgetFailures(session);
      ending.clearRefreshProblem(session);
    },
    async describe(session) {
      const record = await records.summarize(session);
      if (record === undefined) return { state: 'signed-out' };
      const { signedInAtMs, tokens, observedLengthMs } = record;
      const sinceSignIn = { signedInAtMs, ...(observedLengthMs === undefined ? {} : { observedLengthMs }) };
      if (tokens === undefined) return { state: 'expired', ...sinceSignIn };
      const isLive = tokens.canRefresh || tokens.expiresAtMs > clock.nowMs();
      return {
        state: isLive ? 'live' : 'expired',
        ...sinceSignIn,
        tokenExpiresAtMs: tokens.expiresAtMs,
        ...(records.isUnsaved(session) ? { isUnsaved: true } : {}),
      };
    },
    takeUnreadSignOuts: () => records.takeUnreadRemovals(),
    flush: () => records.flush(),
  };
}

function toAccessToken(tokens: SessionTokens): AccessToken {
  return { secret: tokens.accessToken, expiresAtMs: tokens.expiresAtMs };
}
