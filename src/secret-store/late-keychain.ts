// Keeps secrets in memory while this machine has no keychain, and moves them there once it has one.
import { createSerialQueue } from '../core/async/serial-queue.ts';
import type { SecretStore } from '../sso/ports.ts';
import { inPlaceOfKeychain } from './keychain-mark.ts';
import { createMemoryStore } from './memory.ts';
import type { KeychainLock } from './open-keychain.ts';

export interface FoundKeychain {
  readonly keychain: SecretStore;
  readonly lock?: KeychainLock | undefined;
}

export interface LateKeychain {
  /** Its `driver` changes from `memory` to `keychain`. */
  readonly store: SecretStore;
  /** Of the keychain, once there is one. */
  readonly lock: KeychainLock;
  /** Whether the secrets are in the keychain now. If it refuses one, all stay in memory, and the next call tries again. Never rejects. */
  lookAgain(): Promise<boolean>;
}

/** `open` resolves undefined while there is no keychain. */
export function createLateKeychain(deps: {
  readonly statePath: string;
  readonly open: () => Promise<FoundKeychain | undefined>;
}): LateKeychain {
  const memory = createMemoryStore();
  const names = new Set<string>();
  const listeners: (() => void)[] = [];
  /** A secret that is saved during the move must not stay behind. */
  const inTurn = createSerialQueue();
  let current = inPlaceOfKeychain(memory, deps.statePath);
  let found: FoundKeychain | undefined;

  return {
    store: {
      get driver() {
        return current.driver;
      },
      load: (name) => current.load(name),
      save: (name, secret) =>
        inTurn(async () => {
          names.add(name);
          await current.save(name, secret);
        }),
      delete: (name) => inTurn(() => current.delete(name)),
      // An earlier daemon may have left sign-ins in the keychain, which nothing could find before.
      revision: () => current.driver,
    },
    lock: {
      retry: () => found?.lock?.retry(),
      onOpened: (listener) => void listeners.push(listener),
      close: () => found?.lock?.close(),
    },
    lookAgain: () =>
      inTurn(async () => {
        if (found !== undefined) return true;
        const opened = await deps.open().catch(() => undefined);
        if (opened === undefined) return false;
        const moved: string[] = [];
        try {
          for (const name of names) {
            const secret = await memory.load(name);
            if (secret === undefined) continue;
            await opened.keychain.save(name, secret);
            moved.push(name);
          }
        } catch {
          // A later sign-out would not find them there.
          for (const name of moved) await opened.keychain.delete(name).catch(() => undefined);
          opened.lock?.close();
          return false;
        }
        found = opened;
        current = opened.keychain;
        for (const name of names) await memory.delete(name);
        for (const listener of listeners) opened.lock?.onOpened(listener);
        return true;
      }),
  };
}
