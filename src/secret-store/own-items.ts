// Finds and deletes all items of rolecall in the OS keychain, without the daemon.
import { createSystemClock, type Clock } from '../core/clock.ts';
import { UnavailableError } from '../core/errors.ts';
import { withTimeout } from '../core/async/with-timeout.ts';
import { isAbsence, KEYCHAIN_OPTIONS, KEYCHAIN_SERVICE, toUnavailable, UNLOCKED_ITEM } from './keychain.ts';

/** The names of the items; `locked`: there are some, but a person must unlock the keychain; `absent`: no keychain can be reached. */
export type OwnItems =
  | { readonly state: 'readable'; readonly names: readonly string[] }
  | { readonly state: 'locked' }
  | { readonly state: 'absent' };

const FIND_TIMEOUT_MS = 5000;
/** A person may have to type a password. */
const UNLOCK_TIMEOUT_MS = 60_000;

/** Opens no dialog. @throws UnavailableError secret-store-unavailable: the keychain fails or does not answer */
export async function findOwnItems(clock: Clock = createSystemClock()): Promise<OwnItems> {
  try {
    const { findCredentialsAsync } = await import('@napi-rs/keyring');
    const found = await withTimeout(clock, FIND_TIMEOUT_MS, findCredentialsAsync(KEYCHAIN_SERVICE));
    if (found === undefined) {
      throw new UnavailableError('secret-store-unavailable', 'The keychain does not answer.');
    }
    return { state: 'readable', names: found.map(({ account }) => account) };
  } catch (error) {
    const unavailable = toUnavailable(error);
    if (unavailable.code === 'secret-store-locked') return { state: 'locked' };
    if (isAbsence(unavailable)) return { state: 'absent' };
    throw unavailable;
  }
}

/** Deletes every item, and lets the keychain ask for its password if it is locked. @throws UnavailableError secret-store-… */
export async function deleteOwnItems(clock: Clock = createSystemClock()): Promise<void> {
  const { AsyncEntry } = await import('@napi-rs/keyring');
  let items = await findOwnItems(clock);
  if (items.state === 'locked') {
    const entry = new AsyncEntry(KEYCHAIN_SERVICE, UNLOCKED_ITEM, KEYCHAIN_OPTIONS);
    await withTimeout(clock, UNLOCK_TIMEOUT_MS, entry.getPassword()).catch(() => undefined);
    items = await findOwnItems(clock);
  }
  if (items.state === 'locked') throw new UnavailableError('secret-store-locked', 'The keychain is locked.');
  if (items.state === 'absent') return;
  try {
    for (const name of items.names) {
      await new AsyncEntry(KEYCHAIN_SERVICE, name, KEYCHAIN_OPTIONS).deleteCredential();
    }
  } catch (error) {
    throw toUnavailable(error);
  }
}
