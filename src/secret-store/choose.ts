// Which secret store is used, and what to tell the person when it is not the one that was wanted.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { ErrorBody, UnavailableError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { SecretStore } from '../sso/ports.ts';
import type { KeyCache, ScryptCost } from './file.ts';
import type { KeychainStore } from './keychain.ts';
import { forgetKeychain, inPlaceOfKeychain } from './keychain-mark.ts';
import { describeMissingKeychain } from './missing-keychain.ts';
import type { KeychainLock } from './open-keychain.ts';

/** Of the file store, in the state folder. */
export const SECRET_FILE_NAME = 'secrets.json';

export interface StoreWish {
  readonly wanted: SecretStore['driver'];
  /** Of the file store (`ROLECALL_PASSPHRASE`). */
  readonly passphrase?: Secret | undefined;
  /** Of the key of the file store; its own when absent. */
  readonly passphraseCost?: ScryptCost | undefined;
  /** Of the file store; for a daemon that a restart does not give another passphrase. */
  readonly passphraseHint?: string | undefined;
  /** Of the file store. */
  readonly keyCache?: KeyCache | undefined;
  /** The state folder; the file store keeps its file there. */
  readonly statePath: string;
  /** Named to whoever has no keychain. */
  readonly settingsFile: string;
  readonly keychain?: KeychainStore;
  /** Of the session bus, on which the keychain reports that it is unlocked. */
  readonly busSocketPath?: string | undefined;
  readonly clock?: Clock;
  /** False when it is plain to see that no keychain can be reached; see `mayHaveKeychain`. */
  readonly hasBus?: boolean;
}

export interface StoreChoice {
  readonly store: SecretStore;
  /** For `status`, `login` and `doctor`: why the store is another one, or why its calls will fail for now. */
  readonly problem?: ErrorBody;
  /** Of the encrypted file: what is wrong with it by now. */
  readonly findProblem?: () => Promise<UnavailableError | undefined>;
  /** Gives up what a keychain that is out of reach may hold; false when it holds nothing. Absent with any other store. */
  readonly forgetKeychain?: () => boolean;
  /** Of the keychain, when it is the choice. */
  readonly lock?: KeychainLock;
}

/**
 * The store to use, chosen without writing anything; the code of that one alone is loaded. Without a keychain on the machine it is memory, with a problem;
 * a keychain that is there but locked or failing stays the choice, for its calls say so and it may open again.
 */
export async function chooseSecretStore(wish: StoreWish): Promise<StoreChoice> {
  switch (wish.wanted) {
    case 'memory':
      return { store: await openMemoryStore() };
    case 'file': {
      const { createFileStore } = await import('./file.ts');
      const { keyCache, passphrase, passphraseCost: cost, passphraseHint } = wish;
      const path = join(wish.statePath, SECRET_FILE_NAME);
      const store = createFileStore({
        path,
        passphrase,
        passphraseHint,
        keyCache,
        ...(cost === undefined ? {} : { cost }),
      });
      return { ...withProblem(store, await store.findProblem()), findProblem: () => store.findProblem() };
    }
    case 'keychain': {
      // The native module is not loaded, nor waited for, where it could only say the same.
      if (wish.hasBus !== false) {
        const { keychain, lock } = await openWished(wish);
        const { state, error } = await keychain.probe();
        if (state !== 'absent') return { ...withProblem(keychain, error), ...(lock === undefined ? {} : { lock }) };
        lock?.close();
      }
      return {
        store: inPlaceOfKeychain(await openMemoryStore(), wish.statePath),
        forgetKeychain: () => forgetKeychain(wish.statePath),
        problem: describeMissingKeychain({
          settingsFile: wish.settingsFile,
          hasBus: wish.hasBus !== false,
          isThere: existsSync,
        }),
      };
    }
  }
}

async function openWished(
  wish: StoreWish,
): Promise<{ readonly keychain: KeychainStore; readonly lock?: KeychainLock }> {
  if (wish.keychain !== undefined) return { keychain: wish.keychain };
  const { openKeychain } = await import('./open-keychain.ts');
  return openKeychain(wish);
}

async function openMemoryStore(): Promise<SecretStore> {
  const { createMemoryStore } = await import('./memory.ts');
  return createMemoryStore();
}

/** False on a Linux without a session bus: the variable, the bus of the runtime directory, or a display to start one by. */
export function mayHaveKeychain(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (platform !== 'linux') return true;
  const { DBUS_SESSION_BUS_ADDRESS, DISPLAY, XDG_RUNTIME_DIR } = environment;
  if ((DBUS_SESSION_BUS_ADDRESS ?? '') !== '' || (DISPLAY ?? '') !== '') return true;
  return XDG_RUNTIME_DIR !== undefined && existsSync(join(XDG_RUNTIME_DIR, 'bus'));
}

function withProblem(store: SecretStore, problem: UnavailableError | undefined): StoreChoice {
  return problem === undefined ? { store } : { store, problem: problem.toBody() };
}
