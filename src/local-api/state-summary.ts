// The state of everything in one word, the same in prompt, tmux, tray and page.
import type { StatusDocument } from './schemas.ts';

/** `problem`: something is broken; `signed-out`: a sign-in is needed; `ends-soon`: one will be; `ok`: none of these. */
export type StateWord = 'ok' | 'ends-soon' | 'signed-out' | 'problem';

/** From then on it is one click to sign in anew, in good time before something long is started. */
export const ENDS_SOON_MS = 30 * 60_000;

/** What keeps keys from coming although somebody is signed in. */
const GRAVE_CODES: ReadonlySet<string> = new Set([
  'secret-store-locked',
  'secret-store-unavailable',
  'identity-center-unreachable',
  'identity-center-throttled',
  'current-role-gone',
]);

/** The word for `status` at `nowMs`: the gravest that applies. */
export function summarizeState(
  { current, problems, sessions, store }: Pick<StatusDocument, 'current' | 'problems' | 'sessions' | 'store'>,
  nowMs: number,
): StateWord {
  // A machine without a keychain keeps tokens in memory, which status tells; a word that never changes would hide all others.
  const isKnownLack = (code: string) => code === 'secret-store-unavailable' && store.driver === 'memory';
  if (problems.some(({ code }) => GRAVE_CODES.has(code) && !isKnownLack(code))) return 'problem';
  const live = sessions.filter(({ state }) => state === 'live');
  const isCurrentLive = current === null || live.some(({ session }) => session === current.session);
  if (live.length === 0 || !isCurrentLive) return 'signed-out';
  const endsSoon = live.some(
    ({ sessionExpiresAt }) => sessionExpiresAt !== undefined && Date.parse(sessionExpiresAt) - nowMs <= ENDS_SOON_MS,
  );
  return endsSoon ? 'ends-soon' : 'ok';
}
