// Stores secrets in the OS keychain: Secret Service on Linux, Keychain on macOS.
import type { AsyncEntry, EntryOptions } from '@napi-rs/keyring';
import { once } from '../core/async/once.ts';
import { createSerialQueue } from '../core/async/serial-queue.ts';
import { createSystemClock, type Clock } from '../core/clock.ts';
import { UnavailableError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { SecretStore } from '../sso/ports.ts';
import type { LockGate } from './lock-gate.ts';

type Entry = Pick<AsyncEntry, 'getPassword' | 'setPassword' | 'deleteCredential'>;

/** The part of `@napi-rs/keyring` that is used. Not `Entry`, which blocks, nor its `keytar.js`, which does not pin the store. */
export interface KeychainModule {
  readonly AsyncEntry: new (service: string, username: string, options: EntryOptions) => Entry;
}

export interface KeychainDeps {
  /** Limit for a call, including its wait in the queue and an unlock dialog on the desktop. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly loadModule?: () => Promise<KeychainModule>;
  /** Called when the keychain has returned or stored a secret. */
  readonly onUse?: () => void;
  /** Absent: each call asks the keychain, even after a refusal. */
  readonly gate?: LockGate;
}

/** `absent`: this machine has no keychain, and waiting does not help; `failing`: there is one, but it does not work. */
export type KeychainState = 'readable' | 'locked' | 'absent' | 'failing';

export interface KeychainStore extends SecretStore {
  /** The current state of the keychain. Reads one item and writes nothing. */
  probe(): Promise<{ state: KeychainState; error?: UnavailableError }>;
}

export const KEYCHAIN_SERVICE = 'rolecall';
// If not pinned, the library falls back to the kernel's keyutils, which does not keep secrets between processes.
export const KEYCHAIN_OPTIONS = { linux: { store: 'secret-service' } } as const satisfies EntryOptions;
/** An item without a secret. If it can be read or written, the keychain is not locked. */
export const UNLOCKED_ITEM = 'unlocked';

/**
 * Stores secrets as items of the service `rolecall`, with the secret's name as username. Runs one call at a time.
 * Calls reject with UnavailableError: `secret-store-locked` or `secret-store-unavailable`. A save or delete that timed out
 * may still take effect when the keychain answers.
 */
export function createKeychainStore(deps: KeychainDeps = {}): KeychainStore {
  const { timeoutMs = 5_000, clock = createSystemClock(), gate, loadModule = () => import('@napi-rs/keyring') } = deps;
  const loadOnce = once(loadModule);
  // As of @napi-rs/keyring 2.1.2 creating an entry talks to D-Bus on the main thread (7 ms, 2 s if the provider hangs),
  // while using one does not. So entries are cached.
  const entries = new Map<string, Entry>();
  const queue = createSerialQueue();

  /**
   * As of @napi-rs/keyring 2.1.2 a signal does not end a running call, and each call that waits for a dialog blocks one
   * of the four threads for file and DNS work. So only one call runs at a time, with our own deadline; a call whose
   * deadline passes in the queue is never made.
   */
  async function inTurn<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // Before the queue, which an open dialog may block.
    gate?.pass();
    const deadline = new AbortController();
    const run = queue(async () => {
      deadline.signal.throwIfAborted();
      gate?.pass();
      try {
        const answer = await work(deadline.signal);
        gate?.settled();
        return answer;
      } catch (error) {
        if (error instanceof UnavailableError) gate?.settled(error);
        throw error;
      }
    });
    const settled = new AbortController();
    const timeout = clock.sleep(timeoutMs, settled.signal).then((): never => {
      const error = new UnavailableError(
        'secret-store-unavailable',
        `The keychain did not answer within ${timeoutMs / 1000} s; is it asking for its password?`,
      );
      deadline.abort(error);
      gate?.overdue(error);
      throw error;
    });
    return Promise.race([run, timeout]).finally(() => settled.abort());
  }

  async function call<T>(name: string, signal: AbortSignal, act: (entry: Entry) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    let module: KeychainModule;
    try {
      module = await loadOnce();
    } catch (error) {
      throw new UnavailableError('secret-store-unavailable', 'rolecall has no keychain module for this platform.', {
        cause: error,
      });
    }
    const kept = entries.get(name);
    try {
      if (kept !== undefined) return await act(kept);
    } catch (error) {
      if (!hasLostConnection(error)) throw toUnavailable(error);
      // The provider was restarted, and all entries belong to a connection to the old one.
      entries.clear();
    }
    try {
      const entry = new module.AsyncEntry(KEYCHAIN_SERVICE, name, KEYCHAIN_OPTIONS);
      entries.set(name, entry);
      return await act(entry);
    } catch (error) {
      throw toUnavailable(error);
    }
  }

  const read = (name: string, signal: AbortSignal) => call(name, signal, (entry) => entry.getPassword(signal));
  const write = (name: string, value: string, signal: AbortSignal) =>
    call(name, signal, (entry) => entry.setPassword(value, signal));

  return {
    driver: 'keychain',
    load: (name) =>
      inTurn(async (signal) => {
        const value = await read(name, signal);
        if (value !== null) {
          deps.onUse?.();
          return new Secret(value);
        }
        // A provider may hide the items of a locked collection, so a missing item is trusted only if the keychain is open.
        if ((await read(UNLOCKED_ITEM, signal)) === null) await write(UNLOCKED_ITEM, 'yes', signal);
        const again = await read(name, signal);
        return again === null ? undefined : new Secret(again);
      }),
    save: (name, secret) =>
      inTurn(async (signal) => {
        await write(name, secret.reveal(), signal);
        deps.onUse?.();
      }),
    delete: (name) =>
      inTurn(async (signal) => {
        await call(name, signal, (entry) => entry.deleteCredential(signal));
      }),
    async probe() {
      try {
        await inTurn((signal) => read(UNLOCKED_ITEM, signal));
        return { state: 'readable' };
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        return { state: stateOf(error), error };
      }
    },
  };
}

function stateOf(error: UnavailableError): KeychainState {
  if (error.code === 'secret-store-locked') return 'locked';
  if (error.cause === undefined) return 'failing';
  return isAbsence(error) ? 'absent' : 'failing';
}

// The library has no error codes (as of 2.1.2), so its messages and libdbus's are all there is to go by.

/** The error of the keychain's library as one of ours. */
export function toUnavailable(error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error;
  const reason = reasonOf(error);
  // Linux: "object locked", "unlock prompt was dismissed"; macOS without a screen: "User interaction is not allowed".
  if (/object locked|locked object|prompt was dismissed|interaction is not allowed/i.test(reason)) {
    // On Linux `rolecall status`, the default hint, opens the desktop's dialog.
    const isMac = /interaction/i.test(reason);
    return new UnavailableError('secret-store-locked', 'The keychain is locked; unlock it and try again.', {
      cause: error,
      ...(isMac ? { hint: 'security unlock-keychain && rolecall status' } : {}),
    });
  }
  return new UnavailableError('secret-store-unavailable', `The keychain cannot be used: ${reason}`, { cause: error });
}

/** There is no module for this platform, no session bus, or no Secret Service on the bus. */
export function isAbsence({ cause }: UnavailableError): boolean {
  return (
    cause !== undefined &&
    /native binding|DBUS_SESSION_BUS_ADDRESS|failed to connect to socket|not provided by any|no dbus session/i.test(
      reasonOf(cause),
    )
  );
}

function hasLostConnection(error: unknown): boolean {
  return /session .*does not exist|disconnected|not connected|connection (is )?closed/i.test(reasonOf(error));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
