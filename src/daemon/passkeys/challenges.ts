// The challenges that wait for an answer: random, for one ceremony of one approval, valid once and for a minute.
import { hasElapsed, monotonicNowMs, type Clock } from '../../core/clock.ts';

export type Ceremony = 'registration' | 'assertion';

export interface Challenges {
  /** base64url */
  issue(ceremony: Ceremony, approvalId: string): { readonly challenge: string; readonly expiresAtMs: number };
  /** Whether it was issued for exactly this and is still valid. It is used up then, whatever else is wrong with the answer. */
  use(ceremony: Ceremony, approvalId: string, challenge: string): boolean;
}

export const CHALLENGE_LIFETIME_MS = 60_000;
/** A page needs one at a time. The oldest are dropped. */
const MAX_CHALLENGES = 32;
const CHALLENGE_BYTES = 32;

export function createChallenges(deps: {
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Buffer;
}): Challenges {
  const { clock } = deps;
  const issued = new Map<
    string,
    { readonly ceremony: Ceremony; readonly approvalId: string; readonly wallMs: number; readonly monotonicMs: number }
  >();
  return {
    issue(ceremony, approvalId) {
      const challenge = deps.randomBytes(CHALLENGE_BYTES).toString('base64url');
      const wallMs = clock.nowMs();
      issued.set(challenge, { ceremony, approvalId, wallMs, monotonicMs: monotonicNowMs(clock) });
      const oldest = issued.size > MAX_CHALLENGES ? issued.keys().next().value : undefined;
      if (oldest !== undefined) issued.delete(oldest);
      return { challenge, expiresAtMs: wallMs + CHALLENGE_LIFETIME_MS };
    },
    use(ceremony, approvalId, challenge) {
      const found = issued.get(challenge);
      // That of another approval stays: who sends it here must not be able to use it up.
      if (found?.ceremony !== ceremony || found.approvalId !== approvalId) return false;
      issued.delete(challenge);
      // By both clocks: one of them stands still while the machine sleeps, the other can be set.
      const isOver =
        hasElapsed(clock, found.wallMs, CHALLENGE_LIFETIME_MS) ||
        monotonicNowMs(clock) - found.monotonicMs >= CHALLENGE_LIFETIME_MS;
      return !isOver;
    },
  };
}
