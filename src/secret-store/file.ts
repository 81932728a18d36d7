// Stores secrets in one encrypted file: for machines without a keychain, and only if the settings say so.
import { once } from '../core/async/once.ts';
import { createSerialQueue } from '../core/async/serial-queue.ts';
import { toRolecallError, UnavailableError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { lstatIfPresentSync } from '../platform/files/stat-sync.ts';
import type { SecretStore } from '../sso/ports.ts';
import { removeHalfWritten, replaceFile } from '../platform/files/replace-file.ts';
import {
  decrypt,
  deriveKeys,
  encrypt,
  formatEnvelope,
  formatKdf,
  formatKeys,
  parseKeys,
  randomSalt,
  readEnvelope,
  type Envelope,
  type Keys,
  type ScryptCost,
} from './secret-envelope.ts';

export interface FileStoreDeps {
  readonly path: string;
  readonly passphrase: Secret | undefined;
  /** For new files, and for older ones when they are next written; OWASP's recommendation if absent. */
  readonly cost?: ScryptCost;
  /** The command to show for a missing or wrong passphrase; absent: one that reads a passphrase and restarts the daemon with it. */
  readonly passphraseHint?: string | undefined;
  /** Absent: each process derives the key. */
  readonly keyCache?: KeyCache | undefined;
}

/** Passes the key, which takes long to derive, from one daemon to the next. The key opens the file just like the passphrase. */
export interface KeyCache {
  load(): string | undefined;
  save(key: string): void;
}

export interface FileStore extends SecretStore {
  /** The error with which every call will reject: no passphrase, or one that does not open the file. Writes nothing. */
  findProblem(): Promise<UnavailableError | undefined>;
}

/** 128 MiB and about 0.4 s per guess (2026-11, on a laptop's core). @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
const COST = { N: 2 ** 17, r: 8, p: 1 } as const;
/** For earlier files, which are read with it and written with today's cost. */
const EARLIER_COST = { N: 2 ** 15, r: 8, p: 1 } as const;
/** Works in any shell; the passphrase is not echoed, and in no history. */
const READ_PASSPHRASE =
  'bash -c \'read -rsp "Passphrase: " ROLECALL_PASSPHRASE && export ROLECALL_PASSPHRASE && rolecall daemon restart\'';

/**
 * Stores secrets in the file at `path` (0600, replaced atomically), encrypted with AES-256-GCM and a key from the passphrase.
 * Calls reject with UnavailableError: `secret-store-locked` without the right passphrase, `secret-store-unavailable`
 * for a file that is damaged, of a newer version or unreadable. Such a file is never overwritten.
 */
export function createFileStore(deps: FileStoreDeps): FileStore {
  const { path, cost = COST, passphraseHint = READ_PASSPHRASE } = deps;
  const costs = new Map<string, ScryptCost>([EARLIER_COST, cost].map((known) => [formatKdf(known), known]));
  /** Removes what a daemon left that was killed during a write. There is only one daemon, so no other process uses it. */
  const clear = once(() => removeHalfWritten(path));
  let derived: { kdf: string; salt: string; keys: Promise<Keys> } | undefined;
  const inTurn = createSerialQueue();
  /** The encrypted content of the file. */
  let latest: Envelope | undefined;

  const keysFor = (salt: string, its: ScryptCost): Promise<Keys> => {
    const passphrase = deps.passphrase?.reveal() ?? '';
    if (passphrase === '') {
      return Promise.reject(
        new UnavailableError(
          'secret-store-locked',
          'The secret file needs a passphrase: set ROLECALL_PASSPHRASE where the daemon is started.',
          { hint: passphraseHint },
        ),
      );
    }
    const kdf = formatKdf(its);
    if (derived?.salt !== salt || derived.kdf !== kdf) {
      const kept = parseKeys(deps.keyCache?.load());
      const isKept = kept?.salt === salt && kept.kdf === kdf;
      derived = { kdf, salt, keys: isKept ? Promise.resolve(kept) : deriveKeys(passphrase, salt, its) };
      if (!isKept) derived.keys.then((keys) => deps.keyCache?.save(formatKeys(keys))).catch(() => undefined);
    }
    return derived.keys;
  };

  /** The secrets, and the keys that decrypted them; if there is no file yet, no secrets and new keys. */
  async function readSecrets(): Promise<{ keys: Keys; secrets: Map<string, string> }> {
    await clear();
    // If the file was deleted meanwhile, the secrets are not lost: see `restore`.
    const envelope = (await readEnvelope(path, costs)) ?? latest;
    if (envelope === undefined) {
      // Reuses the salt, so that the first load and the first save derive the same key.
      const salt = derived?.salt ?? randomSalt();
      return { keys: await keysFor(salt, cost), secrets: new Map() };
    }
    const keys = await keysFor(envelope.salt, costs.get(envelope.kdf) ?? cost);
    if (keys.verifier !== envelope.verifier) {
      throw new UnavailableError('secret-store-locked', `ROLECALL_PASSPHRASE is not the passphrase of ${path}.`, {
        hint: passphraseHint,
      });
    }
    const secrets = decrypt(envelope, keys, path);
    latest = envelope;
    return { keys, secrets };
  }

  async function replace(envelope: Envelope): Promise<void> {
    try {
      await replaceFile(path, formatEnvelope(envelope));
    } catch (error) {
      const { message, hint } = toRolecallError(error);
      throw new UnavailableError('secret-store-unavailable', `The secret file ${message}`, { cause: error, hint });
    }
  }

  function change(apply: (secrets: Map<string, string>) => boolean): Promise<void> {
    return inTurn(async () => {
      const { keys, secrets } = await readSecrets();
      if (!apply(secrets)) return;
      const its = keys.kdf === formatKdf(cost) ? keys : await keysFor(randomSalt(), cost);
      const envelope = encrypt(secrets, its);
      await replace(envelope);
      latest = envelope;
    });
  }

  return {
    driver: 'file',
    async load(name) {
      const value = (await readSecrets()).secrets.get(name);
      return value === undefined ? undefined : new Secret(value);
    },
    save: (name, secret) =>
      change((secrets) => {
        secrets.set(name, secret.reveal());
        return true;
      }),
    delete: (name) => change((secrets) => secrets.delete(name)),
    revision() {
      const found = lstatIfPresentSync(path);
      return found === undefined ? '' : `${found.dev}:${found.ino}:${found.mtimeMs}`;
    },
    restore() {
      return inTurn(async () => {
        const isThere = lstatIfPresentSync(path) !== undefined;
        if (latest !== undefined && !isThere) await replace(latest);
      });
    },
    async findProblem() {
      try {
        await readSecrets();
        return undefined;
      } catch (error) {
        if (error instanceof UnavailableError) return error;
        throw error;
      }
    },
  };
}
