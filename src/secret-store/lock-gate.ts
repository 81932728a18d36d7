// Keeps a locked keychain from being asked again by itself: each attempt opens the desktop's unlock dialog.
import type { Clock } from '../core/clock.ts';
import type { UnavailableError } from '../core/errors.ts';

export interface LockGate {
  /** @throws UnavailableError what the keychain said last, while it is not to be asked */
  pass(): void;
  /** To be told how a call to the keychain has ended, however late; without an error it worked. */
  settled(error?: UnavailableError): void;
  /** To be told that a call has not ended in time, as while the dialog is open. */
  overdue(error: UnavailableError): void;
  /** A person acts, so one more attempt may be made; a refusal of the last seconds stands, for it came of the same act. */
  retry(): void;
  /** The keychain has reported that it is unlocked. */
  unlocked(): void;
}

/** What the gate has learned of the keychain. */
export type KeychainNews = 'closed' | 'works';

const SAME_ACT_MS = 3000;

/** A gate that is open at first; `onNews` is called each time it closes, and for the first call that works. */
export function createLockGate(deps: {
  readonly clock: Clock;
  readonly onNews: (news: KeychainNews) => void;
}): LockGate {
  let refusal: UnavailableError | undefined;
  let refusedAtMs = Number.NEGATIVE_INFINITY;
  let works = false;

  function close(error: UnavailableError): void {
    refusal = error;
    works = false;
    deps.onNews('closed');
  }

  return {
    pass() {
      if (refusal !== undefined) throw refusal;
    },
    settled(error) {
      if (error?.code === 'secret-store-locked') {
        // What passes on the refusal of an earlier call is no new one.
        if (error === refusal) return;
        refusedAtMs = deps.clock.nowMs();
        close(error);
        return;
      }
      refusal = undefined;
      if (error !== undefined || works) return;
      works = true;
      deps.onNews('works');
    },
    overdue: close,
    retry() {
      if (Math.abs(deps.clock.nowMs() - refusedAtMs) >= SAME_ACT_MS) refusal = undefined;
    },
    unlocked() {
      refusal = undefined;
    },
  };
}
