// Console sign-ins: a sign-in token is valid for 15 minutes, a session until its keys expire.
import type { Clock } from '../../core/clock.ts';
import { type RandomBytes, randomOpaque } from '../http/random.ts';
import type { RoleSession } from './role-credentials.ts';

export interface ConsoleSession extends RoleSession {
  /** The console page that it was opened with. */
  readonly destination: string;
}

export interface ConsoleSessions {
  issueToken(session: RoleSession): string;
  /** The keys of a valid sign-in token, which may be used more than once. */
  redeem(token: string): RoleSession | undefined;
  /** A session and its id for URLs, as the emulator sets no cookies. */
  begin(session: ConsoleSession): string;
  find(name: string): ConsoleSession | undefined;
}

const TOKEN_LIFETIME_MS = 15 * 60_000;

export function createConsoleSessions(deps: { clock: Clock; random: RandomBytes }): ConsoleSessions {
  const tokens = new Map<string, { readonly session: RoleSession; readonly expiresAtMs: number }>();
  const sessions = new Map<string, ConsoleSession>();
  return {
    issueToken(session) {
      const nowMs = deps.clock.nowMs();
      forgetExpired(tokens, nowMs);
      const token = randomOpaque(deps.random, 300);
      tokens.set(token, { session, expiresAtMs: nowMs + TOKEN_LIFETIME_MS });
      return token;
    },
    redeem(token) {
      const known = tokens.get(token);
      return known !== undefined && deps.clock.nowMs() < known.expiresAtMs ? known.session : undefined;
    },
    begin(session) {
      forgetExpired(sessions, deps.clock.nowMs());
      const name = randomOpaque(deps.random, 18);
      sessions.set(name, session);
      return name;
    },
    find(name) {
      const known = sessions.get(name);
      return known !== undefined && deps.clock.nowMs() < known.expiresAtMs ? known : undefined;
    },
  };
}

function forgetExpired(entries: Map<string, { readonly expiresAtMs: number }>, nowMs: number): void {
  for (const [name, { expiresAtMs }] of entries) {
    if (nowMs >= expiresAtMs) entries.delete(name);
  }
}
