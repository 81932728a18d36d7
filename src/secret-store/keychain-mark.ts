// Remembers in the state folder that the keychain has held secrets of ours, for the times when it can't be reached.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UnavailableError } from '../core/errors.ts';
import type { SecretStore } from '../sso/ports.ts';

const FILE_NAME = 'keychain-used';

/** Called each time the keychain gives or takes a secret; writes the mark once a process. */
export function createKeychainMark(statePath: string): () => void {
  const path = join(statePath, FILE_NAME);
  let isWritten = false;
  return () => {
    if (isWritten) return;
    isWritten = true;
    try {
      writeFileSync(path, '', { mode: 0o600, flag: 'a' });
    } catch {
      // Without the mark a later sign-out without the keychain reports too much; that is no reason to fail now.
    }
  };
}

/** Gives up what the keychain may still hold, for one that is gone for good; false when nothing was remembered. */
export function forgetKeychain(statePath: string): boolean {
  const path = join(statePath, FILE_NAME);
  if (!existsSync(path)) return false;
  rmSync(path);
  return true;
}

/**
 * `memory` in place of a keychain that can't be reached. Deleting the tokens of a session deletes them from memory and
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
        "The keychain can't be reached, so a sign-in that it still holds was not ended. " +
          'Restart the daemon where the keychain works (in your desktop session) and sign out again; ' +
          'if it is gone for good: rolecall logout --forget-keychain',
        { hint: 'rolecall daemon restart' },
      );
    },
  };
}
