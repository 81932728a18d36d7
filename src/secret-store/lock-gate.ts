// Blocks requests to a locked keychain until a person acts, because each attempt opens the desktop's unlock dialog.
import { hasElapsed, type Clock } from '../core/clock.ts';
import type { UnavailableError } from '../core/errors.ts';

export interface LockGate {
  /** @throws UnavailableError: the keychain's last error, while it must not be asked */
  pass(): void;
  /** Reports how a call to the keychain has ended, however late; without an error it succeeded. */
  settled(error?: UnavailableError): void;
  /** Reports that a call has not ended in time, as while the dialog is open. */
  overdue(error: UnavailableError): void;
  /** Allows one more attempt because a person acts. Ignored within seconds of a refusal, which came from the same action. */
  retry(): void;
  /** Reports that the keychain was unlocked. */
  unlocked(): void;
}

/** A change in the state of the keychain. */
export type KeychainNews = 'closed' | 'works';

const SAME_ACTION_MS = 3000;

/** Creates an open gate. Calls `onNews` each time the gate closes, and for the first call that succeeds. */
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
        // This call only passed on the refusal of an earlier one.
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
      if (hasElapsed(deps.clock, refusedAtMs, SAME_ACTION_MS)) refusal = undefined;
    },
    unlocked() {
      refusal = undefined;
    },
  };
}
