// Secrets in the OS keychain: Secret Service on Linux, Keychain on macOS.
import { UnavailableError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { SecretStore } from '../sso/ports.ts';

export interface KeychainDeps {
  /** How long one call may take; an unlock prompt on the desktop counts. */
  readonly timeoutMs?: number;
}

export type KeychainState = 'readable' | 'locked' | 'absent' | 'failing';

export interface KeychainStore extends SecretStore {
  /** What the keychain is like just now; reads one item and writes nothing. */
  probe(): Promise<{ state: KeychainState; error?: UnavailableError }>;
}

const SERVICE = 'rolecall';
/** An item of no worth: that it can be read or written proves that the keychain is not locked. */
const SENTINEL = 'unlocked';

/**
 * Secrets as items of service `rolecall`, the username being the secret's name.
 * Calls reject with UnavailableError `secret-store-locked` or `secret-store-unavailable`.
 */
export function createKeychainStore(deps: KeychainDeps = {}): KeychainStore {
  const timeoutMs = deps.timeoutMs ?? 5_000;

  /** The native module is loaded by the first call; `Entry`, its blocking sibling, is never used. */
  async function withEntry<T>(name: string, act: (entry: Entry, signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const { AsyncEntry } = await import('@napi-rs/keyring');
      // Unpinned it falls back to the kernel's keyutils, which forgets between processes.
      const entry = new AsyncEntry(SERVICE, name, { linux: { store: 'secret-service' } });
      return await act(entry, signal);
    } catch (error) {
      throw toUnavailable(error, signal.aborted ? timeoutMs : undefined);
    }
  }

  const read = (name: string) => withEntry(name, (entry, signal) => entry.getPassword(signal));
  const write = (name: string, value: string) =>
    withEntry(name, (entry, signal) => entry.setPassword(value, signal));

  return {
    driver: 'keychain',
    async load(name) {
      const value = await read(name);
      if (value !== null) return new Secret(value);
      // A provider may hide the items of a locked collection: absent is believed only of an open one.
      if ((await read(SENTINEL)) === null) await write(SENTINEL, 'yes');
      const again = await read(name);
      return again === null ? undefined : new Secret(again);
    },
    save: (name, secret) => write(name, secret.reveal()),
    async delete(name) {
      await withEntry(name, (entry, signal) => entry.deleteCredential(signal));
    },
    async probe() {
      try {
        await read(SENTINEL);
        return { state: 'readable' };
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        if (error.code === 'secret-store-locked') return { state: 'locked', error };
        return { state: isAbsence(error.cause) ? 'absent' : 'failing', error };
      }
    },
  };
}

type Entry = InstanceType<typeof import('@napi-rs/keyring').AsyncEntry>;

function toUnavailable(error: unknown, timedOutAfterMs: number | undefined): UnavailableError {
  if (timedOutAfterMs !== undefined) {
    return new UnavailableError(
      'secret-store-unavailable',
      `The keychain did not answer within ${timedOutAfterMs / 1000} s; is it asking for a password?`,
      { cause: error },
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  // The library has no codes (as of 2.1.2), so its words are what there is.
  if (/locked|unlock|prompt was dismissed/i.test(reason)) {
    return new UnavailableError('secret-store-locked', 'The keychain is locked.', { cause: error });
  }
  return new UnavailableError('secret-store-unavailable', `The keychain cannot be used: ${reason}`, { cause: error });
}

/** No session bus, or nobody on it who keeps secrets: nothing that waiting would mend. */
function isAbsence(error: unknown): boolean {
  const reason = error instanceof Error ? error.message : String(error);
  return /DBUS_SESSION_BUS_ADDRESS|autolaunch|ServiceUnknown|not provided by any/i.test(reason);
}
