// Records in the state folder that the keychain has contained our secrets, for when it can't be reached.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UnavailableError } from '../core/errors.ts';
import type { SecretStore } from '../sso/ports.ts';

const FILE_NAME = 'keychain-used';

/** Call the returned function each time the keychain returns or stores a secret; it writes the mark once per process. */
export function createKeychainMark(statePath: string): () => void {
  const path = join(statePath, FILE_NAME);
  let isWritten = false;
  return () => {
    if (isWritten) return;
    isWritten = true;
    try {
      writeFileSync(path, '', { mode: 0o600, flag: 'a' });
    } catch {
      // Without the mark, a later sign-out while the keychain is out of reach misses a warning. No reason to fail now.
    }
  };
}

/** Deletes the mark, for a keychain that is gone for good; false if there was none. */
export function forgetKeychain(statePath: string): boolean {
  const path = join(statePath, FILE_NAME);
  if (!existsSync(path)) return false;
  rmSync(path);
  return true;
}

/**
 * Uses `memory` because the keychain can't be reached. Deleting the tokens of a session deletes them from memory and
 * then rejects if the keychain may still have older ones, which this process can neither read nor delete.
 */
export function inPlaceOfKeychain(memory: SecretStore, statePath: string): SecretStore {
  return {
    ...memory,
    async delete(name) {
      await memory.delete(name);
      if (!name.startsWith('session:') || !existsSync(join(statePath, FILE_NAME))) return;
      throw new UnavailableError(
        'secret-store-unavailable',
        "The keychain can't be reached, so a sign-in that is stored in it was not ended. " +
          'To end it, run "rolecall daemon restart" in your desktop session, where the keychain works, and sign out again. ' +
          'If the keychain is gone for good, sign out without it.',
        { hint: 'rolecall logout --forget-keychain' },
      );
    },
  };
}
