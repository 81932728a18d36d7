// Which secret store is used, and what to tell the person when it is not the one that was wanted.
import { join } from 'node:path';
import type { ErrorBody, UnavailableError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { SecretStore } from '../sso/ports.ts';
import { createFileStore } from './file.ts';
import { createKeychainStore, type KeychainStore } from './keychain.ts';
import { createMemoryStore } from './memory.ts';

export interface StoreWish {
  readonly wanted: SecretStore['driver'];
  /** Of the file store (`ROLECALL_PASSPHRASE`). */
  readonly passphrase?: Secret | undefined;
  /** The state folder; the file store keeps `secrets.json` there. */
  readonly statePath: string;
  readonly keychain?: KeychainStore;
}

export interface StoreChoice {
  readonly store: SecretStore;
  /** For `status`, `login` and `doctor`: why the store is another one, or why its calls will fail for now. */
  readonly problem?: ErrorBody;
}

/**
 * The store to use, chosen without writing anything. Without a keychain on the machine it is memory, with a problem;
 * a keychain that is there but locked or failing stays the choice, for its calls say so and it may open again.
 */
export async function chooseSecretStore(wish: StoreWish): Promise<StoreChoice> {
  switch (wish.wanted) {
    case 'memory':
      return { store: createMemoryStore() };
    case 'file': {
      const store = createFileStore({ path: join(wish.statePath, 'secrets.json'), passphrase: wish.passphrase });
      return withProblem(store, await store.findProblem());
    }
    case 'keychain': {
      const keychain = wish.keychain ?? createKeychainStore();
      const { state, error } = await keychain.probe();
      if (state !== 'absent') return withProblem(keychain, error);
      return {
        store: createMemoryStore(),
        problem: {
          code: 'secret-store-unavailable',
          message:
            'This machine offers no keychain, so tokens are kept in memory only, until the daemon stops; ' +
            'once one is running, or secret_store is set, restart the daemon.',
          hint: 'rolecall daemon restart',
        },
      };
    }
  }
}

function withProblem(store: SecretStore, problem: UnavailableError | undefined): StoreChoice {
  return problem === undefined ? { store } : { store, problem: problem.toBody() };
}
