// The secret store that the settings ask for, its problem in the status, and a keychain that is unlocked or found later.
import { existsSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import type { Problems } from '../core/problems.ts';
import { Secret } from '../core/secret.ts';
import type { RuntimePaths } from '../local-api/paths.ts';
import { findBusSocket } from '../platform/bus/bus-address.ts';
import { chooseSecretStore, mayHaveKeychain, type StoreOptions } from '../secret-store/choose.ts';
import type { SecretStore } from '../sso/ports.ts';
import type { Changes } from './process/changes.ts';
import type { Settings } from './settings/settings.ts';

export interface SecretStorageDeps extends Pick<StoreOptions, 'passphraseCost' | 'passphraseHint' | 'keyCache'> {
  readonly settings: Pick<Settings, 'secretStore'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly paths: Pick<RuntimePaths, 'stateDirectory' | 'settingsFile'>;
  readonly problems: Problems;
  readonly changes: Pick<Changes, 'announce'>;
  readonly clock: Clock;
}

export interface SecretStorage {
  readonly store: SecretStore;
  /** Calls `listener` when the keychain was unlocked. */
  onUnlocked(listener: () => void): void;
  /** Lets the next call to a locked keychain open its dialog, once, and looks again for a missing keychain. */
  retry(): Promise<void>;
  /** Gives up tokens in a keychain that can't be reached any more; false when there are none. */
  forgetKeychain(): boolean;
  /** True when the secret file can be used; raises or clears the problem. False for any other store. */
  check(): Promise<boolean>;
  close(): void;
}

const PROBLEM = 'secret store';

export async function openSecretStorage(deps: SecretStorageDeps): Promise<SecretStorage> {
  const { environment, paths, problems } = deps;
  const passphrase = environment['ROLECALL_PASSPHRASE'];
  const { store, problem, findProblem, lock, lookAgain, forgetKeychain } = await chooseSecretStore({
    passphraseCost: deps.passphraseCost,
    passphraseHint: deps.passphraseHint,
    keyCache: deps.keyCache,
    wanted: deps.settings.secretStore,
    passphrase: passphrase === undefined ? undefined : new Secret(passphrase),
    statePath: paths.stateDirectory,
    settingsFile: paths.settingsFile,
    hasBus: mayHaveKeychain(process.platform, environment),
    desktop: environment['XDG_CURRENT_DESKTOP'],
    busSocketPath: findBusSocket(environment, existsSync),
    clock: deps.clock,
  });
  if (problem !== undefined) problems.raise(PROBLEM, problem);

  return {
    store,
    onUnlocked(listener) {
      lock?.onOpened(() => {
        problems.clear(PROBLEM);
        listener();
      });
    },
    async retry() {
      lock?.retry();
      // A keychain may have been installed or started since.
      if (store.driver !== 'memory' || (await lookAgain?.()) !== true) return;
      problems.clear(PROBLEM);
      deps.changes.announce();
    },
    forgetKeychain: forgetKeychain ?? (() => false),
    async check() {
      // A keychain is not asked: it can open a dialog each time.
      if (findProblem === undefined) return false;
      const found = await findProblem();
      if (found === undefined) problems.clear(PROBLEM);
      else problems.raise(PROBLEM, found.toBody());
      return found === undefined;
    },
    close: () => lock?.close(),
  };
}
