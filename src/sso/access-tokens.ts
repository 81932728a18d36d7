// One access token a sso-session: kept, refreshed ahead of time by one refresh at once, and told apart when it is over.
import type { Clock } from '../core/clock.ts';
import type { Endpoints, IssuedToken, SsoSession } from '../core/model.ts';
import type { Problems } from '../core/problems.ts';
import type { Secret } from '../core/secret.ts';
import { createSingleFlight } from '../core/single-flight.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import { isDueForRenewal } from './expiry.ts';
import { describeFault, isFault, isTransient, sessionOver, signInRequired } from './faults.ts';
import { formatIssuer, sessionSecretName } from './issuer.ts';
import type { IdentityCenter, SecretStore } from './ports.ts';
import { formatSessionRecord, parseSessionRecord, type SessionRecord, type SessionTokens } from './session-record.ts';

export interface TokenState {
  /** `live`: there is a valid access token or one can be had by refresh, as far as is known. */
  readonly state: 'live' | 'expired' | 'signed-out';
  readonly tokenExpiresAtMs?: number;
  readonly signedInAtMs?: number;
}

export interface AccessToken {
  readonly secret: Secret;
  readonly expiresAtMs: number;
}

export interface AccessTokens {
  /**
   * The access token, refreshed first when it is due; callers share one refresh.
   * @throws SignInRequiredError sign-in-required, sign-in-expired
   * @throws UnavailableError identity-center-unreachable: no valid token and the refresh can't be had now
   */
  fresh(session: SsoSession): Promise<AccessToken>;
  /** Another token after the portal refused `refused`, whatever its expiry says. @throws SignInRequiredError sign-in-expired */
  replaceRefused(session: SsoSession, refused: Secret): Promise<AccessToken>;
  /** Keeps a new sign-in's tokens, in memory alone (and as a problem) while the secret store does not take them. */
  accept(session: SsoSession, clientId: string, issued: IssuedToken): Promise<void>;
  /** Forgets the sign-in; gives back the last access token, for sso:Logout. */
  drop(session: SsoSession): Promise<Secret | undefined>;
  /** Remembers that the session is over; valid role credentials are not touched. */
  end(session: SsoSession): Promise<void>;
  describe(session: SsoSession): Promise<TokenState>;
  /** Writes what the secret store refused earlier, if anything. */
  flush(): Promise<void>;
}

/** After a refresh that failed for the network's sake, the token that is still valid serves this long before the next try. */
const REFRESH_RETRY_MS = 30_000;

export function createAccessTokens(deps: {
  readonly identityCenter: IdentityCenter;
  readonly secretStore: SecretStore;
  readonly registrations: ClientRegistrations;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly problems: Problems;
}): AccessTokens {
  const { clock, endpoints, problems, secretStore } = deps;
  /** null: the store was read and has nothing. */
  const records = new Map<string, SessionRecord | null>();
  const unsaved = new Map<string, Secret>();
  const retryNotBeforeMs = new Map<string, number>();
  const loading = createSingleFlight<SessionRecord | undefined>();
  const refreshing = createSingleFlight<AccessToken>();

  async function load(session: SsoSession): Promise<SessionRecord | undefined> {
    const name = sessionSecretName(session, endpoints);
    const known = records.get(name);
    const record = known === undefined ? await loading.run(name, () => read(name)) : (known ?? undefined);
    return record?.issuer === formatIssuer(session, endpoints) ? record : undefined;
  }

  async function read(name: string): Promise<SessionRecord | undefined> {
    const stored = await secretStore.load(name);
    const record = stored === undefined ? undefined : parseSessionRecord(stored, name);
    // A sign-in may have been accepted while the store was being read; it is the newer one.
    const meanwhile = records.get(name);
    if (meanwhile !== undefined) return meanwhile ?? undefined;
    records.set(name, record ?? null);
    return record;
  }

  /** For changes that must not be lost when the store fails: memory first, the store now or by a later `flush`. */
  async function keep(session: SsoSession, record: SessionRecord): Promise<void> {
    const name = sessionSecretName(session, endpoints);
    records.set(name, record);
    unsaved.set(name, formatSessionRecord(record));
    await flush();
  }

  async function flush(): Promise<void> {
    for (const [name, secret] of unsaved) {
      try {
        await secretStore.save(name, secret);
        if (unsaved.get(name) === secret) unsaved.delete(name);
        problems.clear(`unsaved ${name}`);
      } catch (error) {
        problems.raise(`unsaved ${name}`, describeFault(error, name).toBody());
      }
    }
  }

  async function fresh(session: SsoSession): Promise<AccessToken> {
    const record = await load(session);
    if (record === undefined) throw signInRequired(session.sessionName);
    const { tokens } = record;
    if (tokens === undefined) throw sessionOver(session.sessionName);
    const nowMs = clock.nowMs();
    if (!isDueForRenewal(nowMs, tokens.issuedAtMs, tokens.expiresAtMs)) return toAccessToken(tokens);
    const isValid = tokens.expiresAtMs > nowMs;
    const name = sessionSecretName(session, endpoints);
    if (isValid && (tokens.refresh === undefined || (retryNotBeforeMs.get(name) ?? 0) > nowMs)) {
      return toAccessToken(tokens);
    }
    try {
      return await refreshing.run(name, () => refresh(session));
    } catch (error) {
      const left = await load(session);
      if (left?.tokens !== undefined && left.tokens.expiresAtMs > clock.nowMs()) return toAccessToken(left.tokens);
      throw error;
    }
  }

  async function refresh(session: SsoSession): Promise<AccessToken> {
    const { sessionName } = session;
    const record = await load(session);
    if (record?.tokens === undefined) throw sessionOver(sessionName);
    const { tokens } = record;
    const registration =
      tokens.refresh === undefined ? undefined : await deps.registrations.find(session, tokens.refresh.clientId);
    if (tokens.refresh === undefined || registration === undefined) return endRefreshing(session, record);
    try {
      const issued = await deps.identityCenter.createTokenByRefreshToken(
        session,
        registration,
        tokens.refresh.refreshToken,
      );
      const renewed = toTokens(issued, registration.clientId, clock.nowMs(), tokens);
      if (!isStillCurrent(session, record)) throw signInRequired(sessionName);
      await keep(session, { ...record, tokens: renewed });
      problems.clear(`refresh ${sessionName}`);
      retryNotBeforeMs.delete(sessionSecretName(session, endpoints));
      return toAccessToken(renewed);
    } catch (fault) {
      if (isFault(fault, 'invalid-grant')) return endRefreshing(session, record, fault);
      if (isFault(fault, 'invalid-client')) {
        await deps.registrations.forget(session);
        return endRefreshing(session, record, fault);
      }
      const error = describeFault(fault, sessionName);
      if (isTransient(fault)) {
        const pauseMs = Math.max(REFRESH_RETRY_MS, fault.retryAfterMs ?? 0);
        retryNotBeforeMs.set(sessionSecretName(session, endpoints), clock.nowMs() + pauseMs);
      }
      problems.raise(`refresh ${sessionName}`, { ...error.toBody(), session: sessionName });
      throw error;
    }
  }

  /** No refresh is to be had any more: what is left of the access token serves, then the session is over. */
  async function endRefreshing(session: SsoSession, record: SessionRecord, cause?: unknown): Promise<AccessToken> {
    const { tokens } = record;
    if (!isStillCurrent(session, record)) throw signInRequired(session.sessionName);
    if (tokens === undefined || tokens.expiresAtMs <= clock.nowMs()) {
      await end(session);
      throw sessionOver(session.sessionName, cause);
    }
    const { accessToken, issuedAtMs, expiresAtMs } = tokens;
    await keep(session, { ...record, tokens: { accessToken, issuedAtMs, expiresAtMs } });
    return toAccessToken(tokens);
  }

  /** False when a sign-in or sign-out came in between: its outcome wins over ours. */
  function isStillCurrent(session: SsoSession, record: SessionRecord): boolean {
    return records.get(sessionSecretName(session, endpoints)) === record;
  }

  async function end(session: SsoSession): Promise<void> {
    const record = await load(session);
    if (record?.tokens === undefined) return;
    await keep(session, { issuer: record.issuer, signedInAtMs: record.signedInAtMs });
    problems.raise(`session ${session.sessionName}`, {
      ...sessionOver(session.sessionName).toBody(),
      session: session.sessionName,
    });
    problems.clear(`refresh ${session.sessionName}`);
  }

  return {
    fresh,
    end,
    flush,
    async replaceRefused(session, refused) {
      const record = await load(session);
      if (record?.tokens === undefined) throw sessionOver(session.sessionName);
      if (record.tokens.accessToken.reveal() !== refused.reveal()) return toAccessToken(record.tokens);
      if (record.tokens.refresh === undefined) {
        await end(session);
        throw sessionOver(session.sessionName);
      }
      const renewed = await refreshing.run(sessionSecretName(session, endpoints), () => refresh(session));
      if (renewed.secret.reveal() !== refused.reveal()) return renewed;
      await end(session);
      throw sessionOver(session.sessionName);
    },
    async accept(session, clientId, issued) {
      const signedInAtMs = clock.nowMs();
      retryNotBeforeMs.delete(sessionSecretName(session, endpoints));
      problems.clear(`session ${session.sessionName}`);
      problems.clear(`refresh ${session.sessionName}`);
      await keep(session, {
        issuer: formatIssuer(session, endpoints),
        signedInAtMs,
        tokens: toTokens(issued, clientId, signedInAtMs),
      });
    },
    async drop(session) {
      const name = sessionSecretName(session, endpoints);
      const record = await load(session).catch(() => undefined);
      records.set(name, null);
      unsaved.delete(name);
      for (const key of ['session', 'refresh']) problems.clear(`${key} ${session.sessionName}`);
      problems.clear(`unsaved ${name}`);
      await secretStore.delete(name);
      return record?.tokens?.accessToken;
    },
    async describe(session) {
      const record = await load(session);
      if (record === undefined) return { state: 'signed-out' };
      const { signedInAtMs, tokens } = record;
      if (tokens === undefined) return { state: 'expired', signedInAtMs };
      const isLive = tokens.refresh !== undefined || tokens.expiresAtMs > clock.nowMs();
      return { state: isLive ? 'live' : 'expired', signedInAtMs, tokenExpiresAtMs: tokens.expiresAtMs };
    },
  };
}

function toAccessToken(tokens: SessionTokens): AccessToken {
  return { secret: tokens.accessToken, expiresAtMs: tokens.expiresAtMs };
}

/** An answer without a refresh token keeps the earlier one: only `invalid_grant` says that it is dead. */
function toTokens(issued: IssuedToken, clientId: string, nowMs: number, earlier?: SessionTokens): SessionTokens {
  const refresh =
    issued.refreshToken === undefined ? earlier?.refresh : { refreshToken: issued.refreshToken, clientId };
  return {
    accessToken: issued.accessToken,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + issued.expiresInSeconds * 1000,
    ...(refresh === undefined ? {} : { refresh }),
  };
}
