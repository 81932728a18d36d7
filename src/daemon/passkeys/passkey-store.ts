// The registered passkeys: public keys in the secret store, read once, and compared with the store while they are used.
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import { UnavailableError } from '../../core/errors.ts';
import type { Problems } from '../../core/problems.ts';
import { Secret } from '../../core/secret.ts';
import type { SecretStore } from '../../sso/ports.ts';

export interface Passkey {
  /** The credential id, as base64url. */
  readonly id: string;
  readonly label: string;
  /** COSE's number. */
  readonly algorithm: number;
  /** SubjectPublicKeyInfo, as base64url. */
  readonly publicKey: string;
  /** When it was used last. */
  readonly counter: number;
  readonly transports: readonly string[];
  /** UTC, whole seconds. */
  readonly addedAt: string;
}

export interface PasskeyStore {
  /** False: they end with the daemon. */
  isPersistent(): boolean;
  /**
   * Reads the store at the first call only.
   * @throws UnavailableError secret-store-locked, secret-store-unavailable: also if what is stored is not readable
   */
  list(): Promise<readonly Passkey[]>;
  /**
   * As `list`. If another program has changed the store since, puts back what was read, and raises a problem for the status.
   * Only when a person acts: a locked keychain may open its dialog.
   */
  compare(): Promise<readonly Passkey[]>;
  /** Undefined until they were read. */
  peek(): readonly Passkey[] | undefined;
  /** From memory, once `list` has resolved. */
  find(id: string): Passkey | undefined;
  /**
   * False if it is there already, or another one although it must be the first.
   * @throws UnavailableError: it is not saved, and not added
   */
  add(passkey: Passkey, options: { readonly mustBeFirst: boolean }): Promise<boolean>;
  /** @throws UnavailableError: it is not removed */
  remove(id: string): Promise<void>;
  /** Keeps the counter in memory at once, and saves it if the store can be written. */
  keepCounter(id: string, counter: number): void;
}

/** The name of the item. */
const PASSKEYS_ITEM = 'passkeys';
const VERSION = 1;
const PROBLEM = 'passkeys';

export function createPasskeyStore(deps: {
  readonly store: Pick<SecretStore, 'driver' | 'load' | 'save' | 'delete'>;
  readonly problems: Problems;
}): PasskeyStore {
  const { store } = deps;
  const inTurn = createSerialQueue();
  let passkeys: readonly Passkey[] | undefined;
  /** As it is in the store. */
  let stored = '';

  const load = async () => (await store.load(PASSKEYS_ITEM))?.reveal() ?? '';

  async function read(): Promise<readonly Passkey[]> {
    if (passkeys !== undefined) return passkeys;
    const text = await load();
    passkeys = parse(text);
    stored = text;
    return passkeys;
  }

  async function compare(): Promise<readonly Passkey[]> {
    const known = await read();
    if ((await load()) === stored) return known;
    // Another program of the user. What it wrote never counts while this daemon runs.
    await save(known);
    deps.problems.raise(PROBLEM, {
      code: 'passkeys-changed',
      message:
        'Another program has changed the stored passkeys. The daemon has put back those that it had read before.',
      hint: 'rolecall daemon restart',
    });
    return known;
  }

  async function save(changed: readonly Passkey[]): Promise<void> {
    const text = changed.length === 0 ? '' : JSON.stringify({ version: VERSION, passkeys: changed });
    if (text === '') await store.delete(PASSKEYS_ITEM);
    else await store.save(PASSKEYS_ITEM, new Secret(text));
    stored = text;
  }

  async function change(edit: (current: readonly Passkey[]) => readonly Passkey[]): Promise<void> {
    await save(edit(await compare()));
    // Again: a counter may have changed meanwhile.
    passkeys = edit(passkeys ?? []);
  }

  return {
    isPersistent: () => store.driver !== 'memory',
    list: () => inTurn(read),
    compare: () => inTurn(compare),
    peek: () => passkeys,
    find: (id) => passkeys?.find((passkey) => passkey.id === id),
    add: (passkey, { mustBeFirst }) =>
      inTurn(async () => {
        const known = await read();
        if ((mustBeFirst && known.length > 0) || known.some(({ id }) => id === passkey.id)) return false;
        await change((current) => [...current, passkey]);
        return true;
      }),
    remove: (id) => inTurn(() => change((current) => current.filter((passkey) => passkey.id !== id))),
    keepCounter(id, counter) {
      // At once: the next assertion may be on its way.
      passkeys = passkeys?.map((passkey) => (passkey.id === id ? { ...passkey, counter } : passkey));
      void inTurn(async () => save(passkeys ?? [])).catch(() => undefined);
    },
  };
}

/** @throws UnavailableError secret-store-unavailable: it is not what this version writes */
function parse(text: string): readonly Passkey[] {
  if (text === '') return [];
  try {
    const { version, passkeys } = JSON.parse(text) as { version?: unknown; passkeys?: unknown };
    if (version === VERSION && Array.isArray(passkeys) && passkeys.every(isPasskey)) return passkeys;
  } catch {
    // The same answer as for anything else.
  }
  throw new UnavailableError('secret-store-unavailable', 'The stored passkeys are not readable.', {
    hint: 'rolecall doctor',
  });
}

function isPasskey(value: unknown): value is Passkey {
  if (typeof value !== 'object' || value === null) return false;
  const { id, label, algorithm, publicKey, counter, transports, addedAt } = value as Record<string, unknown>;
  return (
    [id, label, publicKey, addedAt].every((one) => typeof one === 'string') &&
    [algorithm, counter].every(Number.isInteger) &&
    Array.isArray(transports) &&
    transports.every((one) => typeof one === 'string')
  );
}
