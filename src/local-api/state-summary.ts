// Summarizes the status in one word, for prompt, tmux, tray and page.
import type { StatusDocument } from './schemas.ts';

/**
 * `needs-approval`: a request waits for a person; `locked`: nothing, or nothing protected, is served until it is unlocked;
 * `problem`: something is broken; `signed-out`: a sign-in is needed; `ends-soon`: one will be needed soon; `ok`: none of these.
 */
export type StateWord = 'ok' | 'ends-soon' | 'signed-out' | 'problem' | 'locked' | 'needs-approval';

/** So early a new sign-in is suggested, in time before the user starts something that takes long. */
export const ENDS_SOON_MS = 30 * 60_000;

/** Problems that prevent credentials from being issued although a session is live. */
const BLOCKING_CODES: ReadonlySet<string> = new Set([
  'secret-store-locked',
  'secret-store-unavailable',
  'identity-center-unreachable',
  'identity-center-throttled',
  'current-role-gone',
]);

/** The word for `status` at `nowMs`: the most serious that applies. */
export function summarizeState(
  {
    current,
    problems,
    sessions,
    store,
    approvals = 0,
    lock = null,
  }: Pick<StatusDocument, 'current' | 'problems' | 'sessions' | 'store' | 'approvals' | 'lock'>,
  nowMs: number,
): StateWord {
  // First, because a request waits for two minutes at most.
  if (approvals > 0) return 'needs-approval';
  if (lock?.isLocked === true) return 'locked';
  // Without a keychain tokens stay in memory, which `status` reports. If it counted as a problem here, it would hide every other state.
  const isKnownLack = (code: string) => code === 'secret-store-unavailable' && store.driver === 'memory';
  if (problems.some(({ code }) => BLOCKING_CODES.has(code) && !isKnownLack(code))) return 'problem';
  const live = sessions.filter(({ state }) => state === 'live');
  const isCurrentLive = current === null || live.some(({ session }) => session === current.session);
  if (live.length === 0 || !isCurrentLive) return 'signed-out';
  const endsSoon = live.some(
    ({ sessionExpiresAt }) => sessionExpiresAt !== undefined && Date.parse(sessionExpiresAt) - nowMs <= ENDS_SOON_MS,
  );
  return endsSoon ? 'ends-soon' : 'ok';
}
