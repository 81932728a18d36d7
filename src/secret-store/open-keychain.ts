// Opens the OS keychain for the daemon: no requests while it is locked, and a watch for its unlocking.
import { createSystemClock, type Clock } from '../core/clock.ts';
import { createKeychainStore, type KeychainStore } from './keychain.ts';
import { createKeychainMark } from './keychain-mark.ts';
import { createLockGate } from './lock-gate.ts';
import { createUnlockWatch } from './unlock-watch.ts';

/** Controls access to a keychain that may be locked. */
export interface KeychainLock {
  /** Call it when a person acts: the next call may ask the keychain again, and open its dialog. */
  retry(): void;
  /** Calls `listener` when the keychain works again, or reports that it is unlocked. */
  onOpened(listener: () => void): void;
  close(): void;
}

export function openKeychain(deps: {
  readonly statePath: string;
  /** The session bus; without it unlocking is not noticed. */
  readonly busSocketPath?: string | undefined;
  readonly clock?: Clock;
}): { readonly keychain: KeychainStore; readonly lock: KeychainLock } {
  const listeners: (() => void)[] = [];
  const notify = () => {
    for (const listener of listeners) listener();
  };
  const { busSocketPath } = deps;
  const watch =
    busSocketPath === undefined
      ? undefined
      : createUnlockWatch({
          connect: async () => (await import('../platform/bus/bus-connection.ts')).connectToBus(busSocketPath),
          onUnlocked() {
            gate.unlocked();
            notify();
          },
        });
  const gate = createLockGate({
    clock: deps.clock ?? createSystemClock(),
    onNews(news) {
      if (news === 'closed') {
        watch?.start();
      } else {
        watch?.stop();
        notify();
      }
    },
  });
  return {
    keychain: createKeychainStore({ onUse: createKeychainMark(deps.statePath), gate }),
    lock: {
      retry: gate.retry,
      onOpened: (listener) => void listeners.push(listener),
      close: () => watch?.stop(),
    },
  };
}
