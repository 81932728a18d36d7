// Nonces that prove that a form was loaded from one of the emulator's own pages.
import type { Clock } from '../../core/clock.ts';
import { type RandomBytes, randomOpaque } from './random.ts';

export interface Nonces {
  /** A new nonce, valid for ten minutes. */
  issue(): string;
  isGood(nonce: string | null): boolean;
}

const LIFETIME_MS = 600_000;

export function createNonces(deps: { clock: Clock; random: RandomBytes }): Nonces {
  const expiryByNonce = new Map<string, number>();
  return {
    issue() {
      const nowMs = deps.clock.nowMs();
      for (const [nonce, expiresAtMs] of expiryByNonce) {
        if (nowMs >= expiresAtMs) expiryByNonce.delete(nonce);
      }
      const nonce = randomOpaque(deps.random, 18);
      expiryByNonce.set(nonce, nowMs + LIFETIME_MS);
      return nonce;
    },
    isGood: (nonce) => nonce !== null && deps.clock.nowMs() < (expiryByNonce.get(nonce) ?? 0),
  };
}
