// Refreshes the access token of a session, with a single request in flight, and decides what each failure means.
import { createSingleFlight } from '../../core/async/single-flight.ts';
import { withTimeout } from '../../core/async/with-timeout.ts';
import type { Clock } from '../../core/clock.ts';
import { UnavailableError, type RolecallError } from '../../core/errors.ts';
import type { ClientRegistration, EndpointsOf, IssuedToken, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { CircuitOpenError, describeFault, isFault, sessionOver } from '../faults.ts';
import { formatIssuer, sessionSecretName } from '../issuer.ts';
import { IdentityCenterFault, type IdentityCenter } from '../ports.ts';
import type { CircuitBreakers } from '../resilience/circuit-breakers.ts';
import { countRenewalFailure, type FailedRenewals } from '../resilience/renewal.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import { refreshProblemKey, type SessionEnding } from './session-end.ts';
import type { SessionTokens } from './session-record.ts';
import type { SessionRecords } from './session-records.ts';

export interface TokenRefresh {
  /**
   * Refreshes now; concurrent callers share one request. Returns the current tokens if a sign-in replaced them meanwhile.
   * @throws SignInRequiredError sign-in-required, sign-in-expired; UnavailableError, ProtocolError
   */
  refresh(session: SsoSession): Promise<SessionTokens>;
  /** Whether a refresh is in flight for the item of the secret store. */
  isRefreshing(secretName: string): boolean;
  failures(session: SsoSession): FailedRenewals | undefined;
  /** The next failure counts as the first one. */
  forgetFailures(session: SsoSession): void;
  /** The newest tokens after a sign-out dropped `dropped`: waits for a refresh in flight, which may have replaced them. */
  settle(session: SsoSession, dropped: SessionTokens): Promise<SessionTokens>;
}

/** A refreshed token is used after this time even if it is not stored yet. */
const SAVE_TIMEOUT_MS = 500;

export function createTokenRefresh(deps: {
  readonly identityCenter: IdentityCenter;
  readonly registrations: ClientRegistrations;
  readonly endpointsOf: EndpointsOf;
  readonly circuitBreakers: CircuitBreakers;
  readonly records: SessionRecords;
  readonly ending: SessionEnding;
  readonly clock: Clock;
  readonly random: () => number;
  readonly problems: Problems;
}): TokenRefresh {
  const { clock, ending, endpointsOf, problems, records, registrations } = deps;
  const inFlight = createSingleFlight<SessionTokens>();
  const failures = new Map<string, FailedRenewals>();
  /** How many refreshes are in flight, by the name of the secret. */
  const refreshing = new Map<string, number>();
  /** Results for tokens that were dropped during the refresh, which has used up their refresh token. */
  const refreshedTooLate = new WeakMap<SessionTokens, SessionTokens>();

  const nameOf = (session: SsoSession) => sessionSecretName(session, endpointsOf(session));
  /** Includes the issuer: a section that was edited meanwhile must not get the token of the other one. */
  const flightKeyOf = (session: SsoSession) => `${nameOf(session)}\0${formatIssuer(session, endpointsOf(session))}`;
  const isCurrent = (session: SsoSession, tokens: SessionTokens) => records.peekTokens(session) === tokens;
  const refresh = (session: SsoSession) => inFlight.run(flightKeyOf(session), () => countRefresh(session));

  async function countRefresh(session: SsoSession): Promise<SessionTokens> {
    const name = nameOf(session);
    refreshing.set(name, (refreshing.get(name) ?? 0) + 1);
    try {
      return await refreshNow(session);
    } finally {
      refreshing.set(name, (refreshing.get(name) ?? 1) - 1);
    }
  }

  async function refreshNow(session: SsoSession): Promise<SessionTokens> {
    const tokens = await records.currentTokens(session);
    let refreshed: SessionTokens | undefined;
    try {
      refreshed = await requestTokens(session, tokens);
    } catch (fault) {
      if (!isCurrent(session, tokens)) return records.currentTokens(session);
      return handleFailure(session, tokens, fault);
    }
    // A sign-in or sign-out in the meantime takes precedence over this result.
    if (!isCurrent(session, tokens)) {
      if (refreshed !== undefined) refreshedTooLate.set(tokens, refreshed);
      return records.currentTokens(session);
    }
    if (refreshed === undefined) return stopRefreshing(session, tokens);
    ending.clearRefreshProblem(session);
    failures.delete(nameOf(session));
    records.observeLife(session);
    // Callers wait for the token; a secret store that shows a dialog must not delay them.
    await withTimeout(clock, SAVE_TIMEOUT_MS, records.replaceTokens(session, refreshed));
    return refreshed;
  }

  /** Undefined without a refresh token, or if the client that it was issued to is gone. */
  async function requestTokens(session: SsoSession, tokens: SessionTokens): Promise<SessionTokens | undefined> {
    const grant = tokens.refresh;
    if (grant === undefined) return undefined;
    const startedAtMs = clock.nowMs();
    const registration = await registrations.findIssuer(session, grant);
    if (registration === undefined) return undefined;
    const issued = await deps.circuitBreakers.call(session, 'oidc', () =>
      deps.identityCenter.createTokenByRefreshToken(session, registration, grant.refreshToken),
    );
    return toTokens(issued, registration, startedAtMs, tokens);
  }

  async function handleFailure(session: SsoSession, tokens: SessionTokens, fault: unknown): Promise<SessionTokens> {
    if (isFault(fault, 'invalid-grant')) return stopRefreshing(session, tokens, fault);
    if (isFault(fault, 'invalid-client') && tokens.refresh !== undefined) {
      await forgetRegistration(session, tokens.refresh.clientId);
      return stopRefreshing(session, tokens, fault);
    }
    if (fault instanceof IdentityCenterFault) await keepRotatedToken(session, tokens, fault);
    const error = describeFault(fault, session.sessionName);
    // An open circuit made no request that could have failed.
    if (!(fault instanceof CircuitOpenError)) countFailure(session, tokens, error);
    throw error;
  }

  /** If the store cannot be read the registration stays; the next sign-in gets the same refusal and tries again. */
  async function forgetRegistration(session: SsoSession, clientId: string): Promise<void> {
    try {
      await registrations.forget(session, clientId);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
    }
  }

  /** An unusable answer may have used up the refresh token; the new one in it is kept. */
  async function keepRotatedToken(session: SsoSession, tokens: SessionTokens, fault: IdentityCenterFault) {
    const { refreshToken } = fault;
    if (tokens.refresh === undefined || refreshToken === undefined) return;
    const rotated = { ...tokens, refresh: { ...tokens.refresh, refreshToken } };
    await withTimeout(clock, SAVE_TIMEOUT_MS, records.replaceTokens(session, rotated));
  }

  function countFailure(session: SsoSession, { expiresAtMs }: SessionTokens, error: RolecallError): void {
    const name = nameOf(session);
    const counted = countRenewalFailure(failures.get(name), deps, expiresAtMs, error.retryAfterMs);
    failures.set(name, { ...counted, error });
    const { sessionName } = session;
    problems.raise(refreshProblemKey(sessionName), { ...error.toBody(), session: sessionName });
  }

  /** No refresh is possible any more: the access token is used until it expires, then the session is over. */
  async function stopRefreshing(session: SsoSession, tokens: SessionTokens, cause?: unknown): Promise<SessionTokens> {
    const { accessToken, issuedAtMs, expiresAtMs } = tokens;
    if (!isCurrent(session, tokens)) return records.currentTokens(session);
    if (isFault(cause, 'invalid-grant')) records.observeEnd(session, tokens);
    if (expiresAtMs <= clock.nowMs()) {
      await ending.end(session, accessToken);
      throw sessionOver(session.sessionName, cause);
    }
    ending.clearRefreshProblem(session);
    if (tokens.refresh !== undefined) await records.replaceTokens(session, { accessToken, issuedAtMs, expiresAtMs });
    return tokens;
  }

  return {
    refresh,
    isRefreshing: (secretName) => (refreshing.get(secretName) ?? 0) > 0,
    failures: (session) => failures.get(nameOf(session)),
    forgetFailures: (session) => void failures.delete(nameOf(session)),
    async settle(session, dropped) {
      if (inFlight.isRunning(flightKeyOf(session))) await refresh(session).catch(() => undefined);
      return refreshedTooLate.get(dropped) ?? dropped;
    },
  };
}

/** An answer without a refresh token keeps the earlier one: only `invalid_grant` means that it is dead. */
export function toTokens(
  issued: IssuedToken,
  registration: ClientRegistration,
  nowMs: number,
  earlier?: SessionTokens,
): SessionTokens {
  const refreshToken = issued.refreshToken ?? earlier?.refresh?.refreshToken;
  const refresh = refreshToken && { refreshToken, clientId: registration.clientId, registration };
  return {
    accessToken: issued.accessToken,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + issued.expiresInSeconds * 1000,
    ...(refresh === undefined ? {} : { refresh }),
  };
}
