// Chooses the secret store, and explains if it is not the one that was asked for.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { ErrorBody, UnavailableError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { readBoundedFileSync } from '../platform/files/bounded-read.ts';
import type { SecretStore } from '../sso/ports.ts';
import type { KeyCache } from './file.ts';
import type { KeychainStore } from './keychain.ts';
import { forgetKeychain } from './keychain-mark.ts';
import type { FoundKeychain } from './late-keychain.ts';
import { describeMissingKeychain } from './missing-keychain.ts';
import type { KeychainLock } from './open-keychain.ts';
import type { ScryptCost } from './secret-envelope.ts';

/** The file of the file store, in the state folder. */
export const SECRET_FILE_NAME = 'secrets.json';

const MAX_OS_RELEASE_BYTES = 64 * 1024;

export interface StoreOptions {
  readonly wanted: SecretStore['driver'];
  /** For the file store (`ROLECALL_PASSPHRASE`). */
  readonly passphrase?: Secret | undefined;
  /** Cost of the file store's key; the default if absent. */
  readonly passphraseCost?: ScryptCost | undefined;
  /** For the file store of a daemon that would not get another passphrase by a restart. */
  readonly passphraseHint?: string | undefined;
  /** For the file store. */
  readonly keyCache?: KeyCache | undefined;
  /** The state folder; the file store keeps its file there. */
  readonly statePath: string;
  /** Shown to users without a keychain. */
  readonly settingsFile: string;
  readonly keychain?: KeychainStore;
  /** The session bus, on which the keychain reports that it was unlocked. */
  readonly busSocketPath?: string | undefined;
  readonly clock?: Clock;
  /** False if it is obvious that no keychain can be reached; see `mayHaveKeychain`. */
  readonly hasBus?: boolean;
  /** XDG_CURRENT_DESKTOP, whose keychain is suggested. */
  readonly desktop?: string | undefined;
}

export interface StoreChoice {
  readonly store: SecretStore;
  /** For `status`, `login` and `doctor`: why another store is used, or why its calls will fail for now. */
  readonly problem?: ErrorBody;
  /** For the encrypted file: what is wrong with it now. */
  readonly findProblem?: () => Promise<UnavailableError | undefined>;
  /** Gives up secrets in a keychain that can't be reached; false if there are none. Absent for any other store. */
  readonly forgetKeychain?: () => boolean;
  /** Present if the keychain is used, or will be once there is one. */
  readonly lock?: KeychainLock;
  /** Present without a keychain: moves the secrets there if there is one now, and resolves whether they are there. */
  readonly lookAgain?: () => Promise<boolean>;
}

/**
 * Chooses the store without writing anything, and loads only the code of that store. On a machine without a keychain it
 * is memory, with a problem. A keychain that is locked or failing is still used: its calls report that, and it may recover.
 */
export async function chooseSecretStore(options: StoreOptions): Promise<StoreChoice> {
  switch (options.wanted) {
    case 'memory':
      return { store: await openMemoryStore() };
    case 'file': {
      const { createFileStore } = await import('./file.ts');
      const { keyCache, passphrase, passphraseCost: cost, passphraseHint } = options;
      const path = join(options.statePath, SECRET_FILE_NAME);
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
      // Without a bus the native module could only report the same, so it is not loaded.
      if (options.hasBus === false) return withoutKeychain(options, () => Promise.resolve(undefined));
      const find = async () => {
        const { keychain, lock } = await openKeychainStore(options);
        const { state, error } = await keychain.probe();
        if (state !== 'absent') return { keychain, lock, error };
        lock?.close();
        return undefined;
      };
      const found = await find();
      if (found === undefined) return withoutKeychain(options, find);
      const { keychain, lock, error } = found;
      return { ...withProblem(keychain, error), ...(lock === undefined ? {} : { lock }) };
    }
  }
}

async function withoutKeychain(
  options: StoreOptions,
  open: () => Promise<FoundKeychain | undefined>,
): Promise<StoreChoice> {
  const { createLateKeychain } = await import('./late-keychain.ts');
  const { lock, lookAgain, store } = createLateKeychain({ statePath: options.statePath, open });
  return {
    store,
    lock,
    lookAgain,
    forgetKeychain: () => forgetKeychain(options.statePath),
    problem: describeMissingKeychain({
      settingsFile: options.settingsFile,
      hasBus: options.hasBus !== false,
      isThere: existsSync,
      osRelease: readOsRelease(),
      desktop: options.desktop,
    }),
  };
}

async function openKeychainStore(
  options: StoreOptions,
): Promise<{ readonly keychain: KeychainStore; readonly lock?: KeychainLock }> {
  if (options.keychain !== undefined) return { keychain: options.keychain };
  const { openKeychain } = await import('./open-keychain.ts');
  return openKeychain(options);
}

async function openMemoryStore(): Promise<SecretStore> {
  const { createMemoryStore } = await import('./memory.ts');
  return createMemoryStore();
}

/** False on Linux without a session bus: no variable, no bus in the runtime directory, and no display on which one could be started. */
export function mayHaveKeychain(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (platform !== 'linux') return true;
  const { DBUS_SESSION_BUS_ADDRESS, DISPLAY, XDG_RUNTIME_DIR } = environment;
  if ((DBUS_SESSION_BUS_ADDRESS ?? '') !== '' || (DISPLAY ?? '') !== '') return true;
  return XDG_RUNTIME_DIR !== undefined && existsSync(join(XDG_RUNTIME_DIR, 'bus'));
}

/** Empty where there is none, as on macOS. */
function readOsRelease(): string {
  try {
    return readBoundedFileSync('/etc/os-release', MAX_OS_RELEASE_BYTES);
  } catch {
    return '';
  }
}

function withProblem(store: SecretStore, problem: UnavailableError | undefined): StoreChoice {
  return problem === undefined ? { store } : { store, problem: problem.toBody() };
}
