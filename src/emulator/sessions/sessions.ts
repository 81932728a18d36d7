// Identity Center sessions of users, with their access and refresh tokens.
import type { Clock } from '../../core/clock.ts';
import type { KnobStore } from './knobs.ts';
import { type RandomBytes, randomOpaque } from '../http/random.ts';
import { ACCOUNT_ACCESS_SCOPE, type Registration, getsRefreshToken } from './registrations.ts';

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly expiresInSeconds: number;
}

interface Session {
  readonly userName: string;
  readonly endsAtMs: number;
  isRevoked: boolean;
}

interface AccessToken {
  readonly session: Session;
  readonly expiresAtMs: number;
  readonly mayListAccounts: boolean;
}

interface RefreshToken {
  readonly session: Session;
  readonly clientId: string;
}

/** Without a user name, all users. */
export type ByUser = string | undefined;

export interface Sessions {
  /** Starts a session of the user and issues its first tokens. */
  begin(registration: Registration, userName: string): Tokens;
  /** Exchanges a refresh token for new tokens; undefined when it is used up, another client's, or its session has ended. */
  refresh(registration: Registration, refreshToken: string): Tokens | undefined;
  /** The user of a valid access token. */
  userOf(accessToken: string): string | undefined;
  /** Ends the session of this access token; false when the token is not valid. */
  endByAccessToken(accessToken: string): boolean;
  /** Ends sessions and invalidates their tokens. Returns how many. */
  revoke(userName: ByUser): number;
  /** Expires access tokens but not refresh tokens. Returns how many. */
  expireAccessTokens(userName: ByUser): number;
  /** Revokes refresh tokens but not access tokens. Returns how many. */
  killRefreshTokens(userName: ByUser): number;
}

/** For clients registered without scopes (the AWS CLI's legacy form): eight hours, without refresh tokens. */
const LEGACY_TOKEN_LIFETIME_SECONDS = 28_800;

export function createSessions(deps: { clock: Clock; random: RandomBytes; knobs: KnobStore }): Sessions {
  const sessions = new Set<Session>();
  const accessTokens = new Map<string, AccessToken>();
  const refreshTokens = new Map<string, RefreshToken>();

  const isLive = (session: Session) => !session.isRevoked && deps.clock.nowMs() < session.endsAtMs;
  const isOf = (session: Session, userName: ByUser) => userName === undefined || session.userName === userName;
  const forgetTokens = (tokens: Map<string, { session: Session }>, userName: ByUser) => {
    const wanted = [...tokens].filter(([, { session }]) => isLive(session) && isOf(session, userName));
    for (const [token] of wanted) tokens.delete(token);
    return wanted.length;
  };

  const issue = (registration: Registration, session: Session): Tokens => {
    const nowMs = deps.clock.nowMs();
    forgetExpired(accessTokens, nowMs);
    const isLegacy = registration.scopes.length === 0;
    const lifetimeSeconds = isLegacy ? LEGACY_TOKEN_LIFETIME_SECONDS : deps.knobs.current.accessTokenLifetimeSeconds;
    const expiresAtMs = Math.min(nowMs + lifetimeSeconds * 1000, session.endsAtMs);
    const accessToken = `aoaAAAAA${randomOpaque(deps.random, 200)}`;
    accessTokens.set(accessToken, {
      session,
      expiresAtMs,
      mayListAccounts: isLegacy || registration.scopes.includes(ACCOUNT_ACCESS_SCOPE),
    });
    const issued = { accessToken, expiresInSeconds: Math.floor((expiresAtMs - nowMs) / 1000) };
    if (!getsRefreshToken(registration)) return issued;
    const refreshToken = `aorAAAAA${randomOpaque(deps.random, 250)}`;
    refreshTokens.set(refreshToken, { session, clientId: registration.clientId });
    return { ...issued, refreshToken };
  };

  return {
    begin(registration, userName) {
      const endsAtMs = deps.clock.nowMs() + deps.knobs.current.sessionLifetimeSeconds * 1000;
      const session = { userName, endsAtMs, isRevoked: false };
      sessions.add(session);
      return issue(registration, session);
    },
    refresh(registration, refreshToken) {
      const known = refreshTokens.get(refreshToken);
      if (known === undefined || known.clientId !== registration.clientId || !isLive(known.session)) return undefined;
      refreshTokens.delete(refreshToken);
      return issue(registration, known.session);
    },
    userOf(accessToken) {
      const known = accessTokens.get(accessToken);
      if (known === undefined || !known.mayListAccounts || !isLive(known.session)) return undefined;
      return deps.clock.nowMs() < known.expiresAtMs ? known.session.userName : undefined;
    },
    endByAccessToken(accessToken) {
      const known = accessTokens.get(accessToken);
      if (known === undefined || !isLive(known.session) || deps.clock.nowMs() >= known.expiresAtMs) return false;
      known.session.isRevoked = true;
      return true;
    },
    revoke(userName) {
      const wanted = [...sessions].filter((session) => isLive(session) && isOf(session, userName));
      for (const session of wanted) session.isRevoked = true;
      return wanted.length;
    },
    expireAccessTokens: (userName) => forgetTokens(accessTokens, userName),
    killRefreshTokens: (userName) => forgetTokens(refreshTokens, userName),
  };
}

function forgetExpired(accessTokens: Map<string, AccessToken>, nowMs: number): void {
  for (const [token, { expiresAtMs }] of accessTokens) {
    if (nowMs >= expiresAtMs) accessTokens.delete(token);
  }
}
