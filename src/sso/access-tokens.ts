// One access token a sso-session: kept, refreshed ahead of time by one refresh at once, and told apart when it is over.
import type { Clock } from '../core/clock.ts';
import { toRolecallError, UnavailableError, type RolecallError } from '../core/errors.ts';
import type { ClientRegistration, Endpoints, IssuedToken, SsoSession } from '../core/model.ts';
import type { Problems } from '../core/problems.ts';
import type { Secret } from '../core/secret.ts';
import { createSingleFlight } from '../core/single-flight.ts';
import type { ClientRegistrations } from './client-registrations.ts';
import { isDueForRenewal } from './expiry.ts';
import { describeFault, isFault, sessionOver, signInRequired } from './faults.ts';
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
  /**
   * Another token after the portal refused `refused`, whatever its expiry says.
   * @throws SignInRequiredError sign-in-required, sign-in-expired; UnavailableError
   */
  replaceRefused(session: SsoSession, refused: Secret): Promise<AccessToken>;
  /**
   * Keeps a new sign-in's tokens: in memory before it returns, in the secret store when it resolves.
   * A store that does not take them is a problem and not a failure.
   */
  accept(session: SsoSession, clientId: string, issued: IssuedToken): Promise<void>;
  /**
   * Forgets the sign-in: in memory before it returns, in the secret store when it resolves.
   * Gives back the last access token, for sso:Logout, and why the store still has the tokens, if it does.
   */
  drop(session: SsoSession): Promise<{ readonly accessToken?: Secret; readonly failure?: RolecallError }>;
  /** Remembers that the session is over because the portal refused this token; a newer sign-in is left alone. */
  end(session: SsoSession, refused: Secret): Promise<void>;
  describe(session: SsoSession): Promise<TokenState>;
  /** Brings to the secret store what it refused earlier, if anything; never rejects. */
  flush(): Promise<void>;
}

/** A refresh that failed: the token that is still valid serves until the next try. */
interface RefreshPause {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly error: RolecallError;
}

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
  /** What the store has yet to take; null: the item is to be deleted. */
  const unsaved = new Map<string, Secret | null>();
  const lastWrites = new Map<string, Promise<unknown>>();
  const pauses = new Map<string, RefreshPause>();
  const loading = createSingleFlight<SessionRecord | undefined>();
  const refreshing = createSingleFlight<AccessToken>();

  const nameOf = (session: SsoSession) => sessionSecretName(session, endpoints);
  const isOfSession = (record: SessionRecord | null | undefined, session: SsoSession): record is SessionRecord =>
    record?.issuer === formatIssuer(session, endpoints);

  /** A record of another issuer counts as none, and is left as it is. */
  async function load(session: SsoSession): Promise<SessionRecord | undefined> {
    const name = nameOf(session);
    const known = records.get(name);
    const record = known === undefined ? await loading.run(name, () => read(name)) : known;
    return isOfSession(record, session) ? record : undefined;
  }

  async function read(name: string): Promise<SessionRecord | undefined> {
    const stored = await secretStore.load(name);
    // What was accepted or dropped while the store was being read is newer.
    const meanwhile = records.get(name);
    if (meanwhile !== undefined) return meanwhile ?? undefined;
    const record = stored === undefined ? undefined : parseSessionRecord(stored, name);
    records.set(name, record ?? null);
    return record;
  }

  async function currentTokens(session: SsoSession): Promise<SessionTokens> {
    const record = await load(session);
    if (record === undefined) throw signInRequired(session.sessionName);
    if (record.tokens === undefined) throw sessionOver(session.sessionName);
    return record.tokens;
  }

  /** For changes that must not be lost when the store fails: memory first, the store now or by a later `flush`. */
  async function keep(session: SsoSession, record: SessionRecord): Promise<void> {
    const name = nameOf(session);
    records.set(name, record);
    unsaved.set(name, formatSessionRecord(record));
    await write(name);
  }

  /** Gives back the store's refusal, if any. One write of a name at a time, so that an older one never lands last. */
  function write(name: string): Promise<RolecallError | undefined> {
    const run = (lastWrites.get(name) ?? Promise.resolve()).then(() => writeUnsaved(name));
    lastWrites.set(name, run);
    return run;
  }

  async function writeUnsaved(name: string): Promise<RolecallError | undefined> {
    const wanted = unsaved.get(name);
    if (wanted === undefined) return undefined;
    try {
      await (wanted === null ? secretStore.delete(name) : secretStore.save(name, wanted));
    } catch (thrown) {
      const error = toRolecallError(thrown);
      problems.raise(`unsaved ${name}`, error.toBody());
      return error;
    }
    if (unsaved.get(name) === wanted) unsaved.delete(name);
    problems.clear(`unsaved ${name}`);
    return undefined;
  }

  async function fresh(session: SsoSession): Promise<AccessToken> {
    const tokens = await currentTokens(session);
    const nowMs = clock.nowMs();
    if (!isDueForRenewal(nowMs, tokens.issuedAtMs, tokens.expiresAtMs)) return toAccessToken(tokens);
    const isValid = tokens.expiresAtMs > nowMs;
    if (isValid && (tokens.refresh === undefined || findPause(session) !== undefined)) return toAccessToken(tokens);
    try {
      return await refreshOnce(session);
    } catch (error) {
      const left = await load(session);
      if (left?.tokens !== undefined && left.tokens.expiresAtMs > clock.nowMs()) return toAccessToken(left.tokens);
      throw error;
    }
  }

  function refreshOnce(session: SsoSession): Promise<AccessToken> {
    // The issuer is part of the key: a section that was edited meanwhile must not share the other one's token.
    return refreshing.run(`${nameOf(session)}\0${formatIssuer(session, endpoints)}`, () => refresh(session));
  }

  async function refresh(session: SsoSession): Promise<AccessToken> {
    const tokens = await currentTokens(session);
    // A server that said when to come back is not asked before; a network may be back at any moment.
    const pause = findPause(session);
    if (pause?.error.retryAfterMs !== undefined) throw pause.error;
    const askedAtMs = clock.nowMs();
    let registration: ClientRegistration | undefined;
    let issued: IssuedToken | undefined;
    try {
      if (tokens.refresh !== undefined) {
        registration = await deps.registrations.find(session, tokens.refresh.clientId);
        issued =
          registration &&
          (await deps.identityCenter.createTokenByRefreshToken(session, registration, tokens.refresh.refreshToken));
      }
    } catch (fault) {
      if (!isStillCurrent(session, tokens)) return toAccessToken(await currentTokens(session));
      if (isFault(fault, 'invalid-grant')) return endRefreshing(session, tokens, fault);
      if (isFault(fault, 'invalid-client') && tokens.refresh !== undefined) {
        await forgetRegistration(session, tokens.refresh.clientId);
        return endRefreshing(session, tokens, fault);
      }
      throw pauseRefreshing(session, fault);
    }
    // A sign-in or sign-out came in between: its outcome wins over ours.
    if (!isStillCurrent(session, tokens)) return toAccessToken(await currentTokens(session));
    if (issued === undefined || registration === undefined) return endRefreshing(session, tokens);
    const renewed = toTokens(issued, registration.clientId, askedAtMs, tokens);
    problems.clear(`refresh ${session.sessionName}`);
    await keepTokens(session, renewed);
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

  function findPause(session: SsoSession): RefreshPause | undefined {
    const pause = pauses.get(nameOf(session));
    const nowMs = clock.nowMs();
    // The start counts too: a clock that was set back must not make half a minute into a day.
    return pause !== undefined && pause.fromMs <= nowMs && nowMs < pause.untilMs ? pause : undefined;
  }

  function pauseRefreshing(session: SsoSession, fault: unknown): RolecallError {
    const { sessionName } = session;
    const error = describeFault(fault, sessionName);
    const fromMs = clock.nowMs();
    pauses.set(nameOf(session), {
      fromMs,
      untilMs: fromMs + Math.max(REFRESH_RETRY_MS, error.retryAfterMs ?? 0),
      error,
    });
    problems.raise(`refresh ${sessionName}`, { ...error.toBody(), session: sessionName });
    return error;
  }

  /** No refresh is to be had any more: what is left of the access token serves, then the session is over. */
  async function endRefreshing(session: SsoSession, tokens: SessionTokens, cause?: unknown): Promise<AccessToken> {
    const { accessToken, issuedAtMs, expiresAtMs } = tokens;
    if (!isStillCurrent(session, tokens)) return toAccessToken(await currentTokens(session));
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
    pauses.delete(nameOf(session));
    for (const key of ['session', 'refresh']) problems.clear(`${key} ${session.sessionName}`);
  }

  /** A sign-out goes on without what can't be read. */
  async function loadForLogout(name: string): Promise<SessionRecord | undefined> {
    try {
      const stored = await secretStore.load(name);
      return stored === undefined ? undefined : parseSessionRecord(stored, name);
    } catch {
      return undefined;
    }
  }

  return {
    fresh,
    end,
    async flush() {
      await Promise.all([...unsaved.keys()].map(write));
    },
    async replaceRefused(session, refused) {
      const tokens = await currentTokens(session);
      if (tokens.accessToken.reveal() !== refused.reveal()) return toAccessToken(tokens);
      const renewed = await refreshOnce(session);
      if (renewed.secret.reveal() !== refused.reveal()) return renewed;
      await end(session, refused);
      throw sessionOver(session.sessionName);
    },
    async accept(session, clientId, issued) {
      const signedInAtMs = clock.nowMs();
      startOver(session);
      await keep(session, {
        issuer: formatIssuer(session, endpoints),
        signedInAtMs,
        tokens: toTokens(issued, clientId, signedInAtMs),
      });
    },
    async drop(session) {
      const name = nameOf(session);
      const known = records.get(name);
      startOver(session);
      records.set(name, null);
      unsaved.set(name, null);
      const record = known === undefined ? await loadForLogout(name) : known;
      const failure = await write(name);
      const accessToken = isOfSession(record, session) ? record.tokens?.accessToken : undefined;
      return {
        ...(accessToken === undefined ? {} : { accessToken }),
        ...(failure === undefined ? {} : { failure }),
      };
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
