// One access token a sso-session: kept, refreshed ahead of time by one refresh at once, and told apart when it is over.
import type { Clock } from '../../core/clock.ts';
import { UnavailableError, type RolecallError } from '../../core/errors.ts';
import type { ClientRegistration, Endpoints, IssuedToken, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import type { Secret } from '../../core/secret.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import { afterHold, countRenewalFailure, isHolding, type RenewalFailures } from '../resilience/back-off.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import { isDueForRenewal, renewalDueMs } from '../resilience/renewal.ts';
import { describeFault, CircuitOpenError, isFault, sessionOver, signInRequired } from '../faults.ts';
import { formatIssuer, sessionSecretName } from '../issuer.ts';
import { IdentityCenterFault, type IdentityCenter, type SecretStore } from '../ports.ts';
import { withTimeout } from '../../core/async/with-timeout.ts';
import { createSecretWrites } from './secret-writes.ts';
import { hasOutlived, observeSessionLength } from './session-clock.ts';
import { formatSessionRecord, parseSessionRecord, type SessionRecord, type SessionTokens } from './session-record.ts';
import type { CircuitBreakers } from '../resilience/circuit-breakers.ts';

export interface TokenState {
  /** `live`: there is a valid access token or one can be had by refresh, as far as is known. */
  readonly state: 'live' | 'expired' | 'signed-out';
  readonly tokenExpiresAtMs?: number;
  readonly signedInAtMs?: number;
  /** How long the last session was that ended by itself; undefined before one has. */
  readonly observedLengthMs?: number;
}

export interface AccessToken {
  readonly secret: Secret;
  readonly expiresAtMs: number;
}

export interface AccessTokens {
  /**
   * The access token, refreshed first when it is due; callers share one refresh. A `patient` caller, whom nobody waits
   * for, does not ask again during the pause after a failed refresh.
   * @throws SignInRequiredError sign-in-required, sign-in-expired
   * @throws UnavailableError identity-center-unreachable: no valid token and the refresh can't be had now
   */
  fresh(session: SsoSession, priority?: 'urgent' | 'patient'): Promise<AccessToken>;
  /**
   * Another token after the portal refused `refused`, whatever its expiry says.
   * @throws SignInRequiredError sign-in-required, sign-in-expired; UnavailableError
   */
  replaceRefused(session: SsoSession, refused: Secret): Promise<AccessToken>;
  /**
   * Keeps a new sign-in's tokens: in memory before it returns, in the secret store when it resolves.
   * A store that does not take them is a problem and not a failure.
   */
  accept(session: SsoSession, registration: ClientRegistration, issued: IssuedToken): Promise<void>;
  /**
   * Forgets the sign-in: in memory before it returns, in the secret store when it resolves.
   * Gives back the last tokens, for sso:Logout, and why they could not be read or deleted, if so.
   */
  drop(session: SsoSession): Promise<{ readonly tokens?: SessionTokens; readonly failure?: RolecallError }>;
  /** What is newest of tokens that were dropped: a refresh that was under way is waited for, and has replaced them. */
  afterRefresh(session: SsoSession, dropped: SessionTokens): Promise<SessionTokens>;
  /** Remembers that the session is over because the portal refused this token; a newer sign-in is left alone. */
  end(session: SsoSession, refused: Secret): Promise<void>;
  describe(session: SsoSession): Promise<TokenState>;
  /** When the next refresh is due, holds after failures included; undefined without a refresh token, or when it is not known yet. */
  nextRefreshMs(session: SsoSession): number | undefined;
  /** Tokens of sign-outs that could not be read at the time and now can be, once, for sso:Logout; never rejects. */
  takeUnreadSignOuts(): Promise<readonly { readonly session: SsoSession; readonly tokens: SessionTokens }[]>;
  /** Brings to the secret store what it refused earlier, if anything; never rejects. */
  flush(): Promise<void>;
}

/** A caller who has a valid token at hand waits no longer than this for a newer one. */
const REFRESH_TIMEOUT_MS = 500;
/** A renewed token serves no later than this, saved or not. */
const SAVE_TIMEOUT_MS = 500;

export function createAccessTokens(deps: {
  readonly identityCenter: IdentityCenter;
  readonly secretStore: SecretStore;
  readonly registrations: ClientRegistrations;
  readonly endpoints: Endpoints;
  readonly circuitBreakers: CircuitBreakers;
  readonly clock: Clock;
  readonly random: () => number;
  readonly problems: Problems;
}): AccessTokens {
  const { clock, endpoints, problems, secretStore } = deps;
  /** null: the store was read and has nothing. */
  const records = new Map<string, SessionRecord | null>();
  /** The store's revision at which it had nothing of that name. */
  const absentAt = new Map<string, string>();
  const writes = createSecretWrites(deps);
  /** Sign-outs of which the store gave no tokens, and still has them: AWS is to be told before they are deleted. */
  const unreadSignOuts = new Map<string, SsoSession>();
  const failures = new Map<string, RenewalFailures & { readonly error: RolecallError }>();
  /** Learned from sessions that ended by themselves; outlives a sign-out, for the next sign-in is as long. */
  const lengths = new Map<string, number>();
  const loading = createSingleFlight<SessionRecord | undefined>();
  const refreshing = createSingleFlight<AccessToken>();
  /** What a refresh brought for tokens that had been dropped meanwhile; their own refresh token is used up by it. */
  const renewedTooLate = new WeakMap<SessionTokens, SessionTokens>();

  const nameOf = (session: SsoSession) => sessionSecretName(session, endpoints);
  const keyOf = (session: SsoSession) => `${nameOf(session)}\0${formatIssuer(session, endpoints)}`;
  const isOfSession = (record: SessionRecord | null | undefined, session: SsoSession): record is SessionRecord =>
    record?.issuer === formatIssuer(session, endpoints);

  /** A record of another issuer counts as none, and is left as it is. */
  async function load(session: SsoSession): Promise<SessionRecord | undefined> {
    const name = nameOf(session);
    if (isAbsenceOld(name)) records.delete(name);
    const known = records.get(name);
    const record = known === undefined ? await loading.run(name, () => read(name)) : known;
    if (!isOfSession(record, session)) return undefined;
    if (known === undefined && record.observedLengthMs !== undefined) {
      lengths.set(keyOf(session), record.observedLengthMs);
    }
    return record;
  }

  /** A daemon that left its place to this one may have written its sign-ins after we looked for them. */
  function isAbsenceOld(name: string): boolean {
    if (records.get(name) !== null) return false;
    const revision = absentAt.get(name);
    return revision !== undefined && revision !== secretStore.revision?.();
  }

  async function read(name: string): Promise<SessionRecord | undefined> {
    const revision = secretStore.revision?.();
    const stored = await secretStore.load(name);
    // What was accepted or dropped while the store was being read is newer.
    const meanwhile = records.get(name);
    if (meanwhile !== undefined) return meanwhile ?? undefined;
    const record = stored === undefined ? undefined : parseSessionRecord(stored, name);
    records.set(name, record ?? null);
    if (record === undefined && revision !== undefined) absentAt.set(name, revision);
    else absentAt.delete(name);
    return record;
  }

  async function currentTokens(session: SsoSession): Promise<SessionTokens> {
    const record = await load(session);
    if (record === undefined) throw signInRequired(session.sessionName);
    if (record.tokens === undefined) throw sessionOver(session.sessionName);
    return record.tokens;
  }

  /** For changes that must not be lost when the store fails: memory first, the store now or by a later `flush`. */
  async function keep(session: SsoSession, changed: Omit<SessionRecord, 'observedLengthMs'>): Promise<void> {
    const name = nameOf(session);
    const { issuer, signedInAtMs, tokens } = changed;
    const observedLengthMs = lengths.get(keyOf(session));
    const record: SessionRecord = {
      issuer,
      signedInAtMs,
      ...(tokens === undefined ? {} : { tokens }),
      ...(observedLengthMs === undefined ? {} : { observedLengthMs }),
    };
    records.set(name, record);
    writes.want(name, { secret: formatSessionRecord(record), loss: lossOf(session, record) });
    await writes.write(name);
  }

  async function fresh(session: SsoSession, priority: 'urgent' | 'patient' = 'urgent'): Promise<AccessToken> {
    const tokens = await currentTokens(session);
    const nowMs = clock.nowMs();
    if (!isDueForRenewal(nowMs, tokens.issuedAtMs, tokens.expiresAtMs)) return toAccessToken(tokens);
    const isValid = tokens.expiresAtMs > nowMs;
    const failure = failures.get(nameOf(session));
    const isPaused = isHolding(failure?.hold, nowMs);
    if (isValid && (tokens.refresh === undefined || isPaused)) return toAccessToken(tokens);
    if (failure !== undefined && isPaused && priority === 'patient') throw failure.error;
    try {
      const refreshing = refreshOnce(session);
      if (!isValid) return await refreshing;
      const refreshed = await withTimeout(clock, REFRESH_TIMEOUT_MS, refreshing);
      if (refreshed !== undefined) return refreshed;
      const left = await currentTokens(session);
      return left.expiresAtMs > clock.nowMs() ? toAccessToken(left) : await refreshing;
    } catch (error) {
      const left = await load(session);
      if (left?.tokens !== undefined && left.tokens.expiresAtMs > clock.nowMs()) return toAccessToken(left.tokens);
      throw error;
    }
  }

  function refreshOnce(session: SsoSession): Promise<AccessToken> {
    // The issuer is part of the key: a section that was edited meanwhile must not share the other one's token.
    return refreshing.run(keyOf(session), () => refresh(session));
  }

  async function refresh(session: SsoSession): Promise<AccessToken> {
    const tokens = await currentTokens(session);
    const askedAtMs = clock.nowMs();
    let registration: ClientRegistration | undefined;
    let issued: IssuedToken | undefined;
    try {
      if (tokens.refresh !== undefined) {
        const { refreshToken } = tokens.refresh;
        const found = await deps.registrations.findIssuer(session, tokens.refresh);
        registration = found;
        issued =
          found &&
          (await deps.circuitBreakers.call(session, 'oidc', () =>
            deps.identityCenter.createTokenByRefreshToken(session, found, refreshToken),
          ));
      }
    } catch (fault) {
      if (!isStillCurrent(session, tokens)) return toAccessToken(await currentTokens(session));
      if (isFault(fault, 'invalid-grant')) return endRefreshing(session, tokens, fault);
      if (isFault(fault, 'invalid-client') && tokens.refresh !== undefined) {
        await forgetRegistration(session, tokens.refresh.clientId);
        return endRefreshing(session, tokens, fault);
      }
      if (fault instanceof IdentityCenterFault) await keepRotated(session, tokens, fault);
      throw holdRefreshing(session, tokens, fault);
    }
    const renewed = issued && registration && toTokens(issued, registration, askedAtMs, tokens);
    // A sign-in or sign-out came in between: its outcome wins over ours.
    if (!isStillCurrent(session, tokens)) {
      if (renewed !== undefined) renewedTooLate.set(tokens, renewed);
      return toAccessToken(await currentTokens(session));
    }
    if (renewed === undefined) return endRefreshing(session, tokens);
    problems.clear(`refresh ${session.sessionName}`);
    failures.delete(nameOf(session));
    unlearnLength(session);
    // Callers wait for the new token; a store with a dialog open must not hold them up.
    await withTimeout(clock, SAVE_TIMEOUT_MS, keepTokens(session, renewed));
    return toAccessToken(renewed);
  }

  /** An unreadable store keeps the registration for now; the next sign-in meets the same refusal and tries again. */
  async function forgetRegistration(session: SsoSession, clientId: string): Promise<void> {
    try {
      await deps.registrations.forget(session, clientId);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
    }
  }

  /** An unusable answer may have used up the refresh token that was sent; the new one in it is kept. */
  async function keepRotated(session: SsoSession, tokens: SessionTokens, fault: IdentityCenterFault): Promise<void> {
    const { refreshToken } = fault;
    if (tokens.refresh === undefined || refreshToken === undefined) return;
    const rotated = { ...tokens, refresh: { ...tokens.refresh, refreshToken } };
    await withTimeout(clock, SAVE_TIMEOUT_MS, keepTokens(session, rotated));
  }

  function holdRefreshing(session: SsoSession, { expiresAtMs }: SessionTokens, fault: unknown): RolecallError {
    const { sessionName } = session;
    const error = describeFault(fault, sessionName);
    // Nothing was asked, so nothing has failed.
    if (fault instanceof CircuitOpenError) return error;
    const name = nameOf(session);
    const counted = countRenewalFailure(failures.get(name), deps, expiresAtMs, error.retryAfterMs);
    failures.set(name, { ...counted, error });
    problems.raise(`refresh ${sessionName}`, { ...error.toBody(), session: sessionName });
    return error;
  }

  /** No refresh is to be had any more: what is left of the access token serves, then the session is over. */
  async function endRefreshing(session: SsoSession, tokens: SessionTokens, cause?: unknown): Promise<AccessToken> {
    const { accessToken, issuedAtMs, expiresAtMs } = tokens;
    if (!isStillCurrent(session, tokens)) return toAccessToken(await currentTokens(session));
    if (isFault(cause, 'invalid-grant')) learnLength(session, tokens);
    if (expiresAtMs <= clock.nowMs()) {
      await end(session, accessToken);
      throw sessionOver(session.sessionName, cause);
    }
    problems.clear(`refresh ${session.sessionName}`);
    if (tokens.refresh !== undefined) await keepTokens(session, { accessToken, issuedAtMs, expiresAtMs });
    return toAccessToken(tokens);
  }

  async function keepTokens(session: SsoSession, tokens: SessionTokens): Promise<void> {
    const record = records.get(nameOf(session));
    if (isOfSession(record, session)) await keep(session, { ...record, tokens });
  }

  /** What is learned is stored with the change of the record that follows. */
  function learnLength(session: SsoSession, tokens: SessionTokens): void {
    const record = records.get(nameOf(session));
    if (!isOfSession(record, session)) return;
    const lengthMs = observeSessionLength(record.signedInAtMs, tokens.issuedAtMs, clock.nowMs());
    if (lengthMs !== undefined) lengths.set(keyOf(session), lengthMs);
  }

  function unlearnLength(session: SsoSession): void {
    const record = records.get(nameOf(session));
    const lengthMs = lengths.get(keyOf(session));
    if (!isOfSession(record, session) || lengthMs === undefined) return;
    if (hasOutlived(record.signedInAtMs, lengthMs, clock.nowMs())) lengths.delete(keyOf(session));
  }

  function isStillCurrent(session: SsoSession, tokens: SessionTokens): boolean {
    return records.get(nameOf(session))?.tokens === tokens;
  }

  async function end(session: SsoSession, refused: Secret): Promise<void> {
    const record = await load(session);
    if (record?.tokens === undefined || record.tokens.accessToken.reveal() !== refused.reveal()) return;
    const { sessionName } = session;
    problems.raise(`session ${sessionName}`, { ...sessionOver(sessionName).toBody(), session: sessionName });
    problems.clear(`refresh ${sessionName}`);
    await keep(session, { issuer: record.issuer, signedInAtMs: record.signedInAtMs });
  }

  function startOver(session: SsoSession): void {
    failures.delete(nameOf(session));
    deps.circuitBreakers.forget(session.sessionName);
    for (const key of ['session', 'refresh']) problems.clear(`${key} ${session.sessionName}`);
  }

  /** A sign-out goes on without what can't be read, but does not call it done. */
  async function loadForLogout(name: string): Promise<{ record?: SessionRecord; failure?: RolecallError }> {
    try {
      const stored = await secretStore.load(name);
      return stored === undefined ? {} : { record: parseSessionRecord(stored, name) };
    } catch (cause) {
      return {
        failure: new UnavailableError(
          'secret-store-unavailable',
          'The stored tokens could not be read, so AWS was not told to end the session; they are deleted here.',
          { cause },
        ),
      };
    }
  }

  return {
    fresh,
    end,
    async takeUnreadSignOuts() {
      const found = [];
      for (const [name, session] of unreadSignOuts) {
        const { record, failure } = await loadForLogout(name);
        // A sign-in or another sign-out that came meanwhile has taken care of it.
        if (failure !== undefined || !unreadSignOuts.delete(name)) continue;
        if (isOfSession(record, session) && record.tokens !== undefined) found.push({ session, tokens: record.tokens });
      }
      return found;
    },
    flush: () => writes.flush(),
    async replaceRefused(session, refused) {
      const tokens = await currentTokens(session);
      if (tokens.accessToken.reveal() !== refused.reveal()) return toAccessToken(tokens);
      const renewed = await refreshOnce(session);
      if (renewed.secret.reveal() !== refused.reveal()) return renewed;
      await end(session, refused);
      throw sessionOver(session.sessionName);
    },
    async accept(session, registration, issued) {
      const signedInAtMs = clock.nowMs();
      startOver(session);
      unreadSignOuts.delete(nameOf(session));
      await keep(session, {
        issuer: formatIssuer(session, endpoints),
        signedInAtMs,
        tokens: toTokens(issued, registration, signedInAtMs),
      });
      await deps.registrations.confirm(session, registration);
    },
    async drop(session) {
      const name = nameOf(session);
      const known = records.get(name);
      startOver(session);
      records.set(name, null);
      // What the store still has of it is not to come back.
      absentAt.delete(name);
      writes.want(name, { secret: null, loss: lossOf(session) });
      const { record, failure: unread } =
        known === undefined || unreadSignOuts.has(name) ? await loadForLogout(name) : { record: known };
      const unwritten = await writes.write(name);
      if (unread !== undefined && unwritten !== undefined) unreadSignOuts.set(name, session);
      else unreadSignOuts.delete(name);
      const failure = unwritten ?? unread;
      const tokens = isOfSession(record, session) ? record.tokens : undefined;
      return { ...(tokens === undefined ? {} : { tokens }), ...(failure === undefined ? {} : { failure }) };
    },
    async afterRefresh(session, dropped) {
      if (refreshing.isRunning(keyOf(session))) await refreshOnce(session).catch(() => undefined);
      return renewedTooLate.get(dropped) ?? dropped;
    },
    nextRefreshMs(session) {
      const tokens = records.get(nameOf(session))?.tokens;
      if (tokens?.refresh === undefined) return undefined;
      const dueMs = renewalDueMs(tokens.issuedAtMs, tokens.expiresAtMs);
      return afterHold(dueMs, failures.get(nameOf(session))?.hold, clock.nowMs());
    },
    async describe(session) {
      const record = await load(session);
      if (record === undefined) return { state: 'signed-out' };
      const { signedInAtMs, tokens, observedLengthMs } = record;
      const sinceSignIn = { signedInAtMs, ...(observedLengthMs === undefined ? {} : { observedLengthMs }) };
      if (tokens === undefined) return { state: 'expired', ...sinceSignIn };
      const isLive = tokens.refresh !== undefined || tokens.expiresAtMs > clock.nowMs();
      return { state: isLive ? 'live' : 'expired', ...sinceSignIn, tokenExpiresAtMs: tokens.expiresAtMs };
    },
  };
}

/** What a restart of the daemon does before the store has the record, or has let go of it. */
function lossOf({ sessionName }: SsoSession, record?: SessionRecord): string {
  if (record === undefined) {
    return `Until it is deleted there, a restart of the daemon brings back the sign-in to ${sessionName} that you ended.`;
  }
  if (record.tokens === undefined) {
    return `Until it is saved, a restarted daemon does not know that the sign-in to ${sessionName} has ended.`;
  }
  return `Until it is saved, the sign-in to ${sessionName} is in memory only: keys keep flowing, but after a restart of the daemon you have to sign in again.`;
}

function toAccessToken(tokens: SessionTokens): AccessToken {
  return { secret: tokens.accessToken, expiresAtMs: tokens.expiresAtMs };
}

/** An answer without a refresh token keeps the earlier one: only `invalid_grant` says that it is dead. */
function toTokens(
  issued: IssuedToken,
  registration: ClientRegistration,
  nowMs: number,
  earlier?: SessionTokens,
): SessionTokens {
  const { refreshToken } = issued;
  const kept = refreshToken ?? earlier?.refresh?.refreshToken;
  const refresh = kept && { refreshToken: kept, clientId: registration.clientId, registration };
  return {
    accessToken: issued.accessToken,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + issued.expiresInSeconds * 1000,
    ...(refresh === undefined ? {} : { refresh }),
  };
}
