// Stores secrets in one encrypted file: for machines without a keychain, and only if the settings say so.
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { once } from '../core/async/once.ts';
import { createSerialQueue } from '../core/async/serial-queue.ts';
import { toRolecallError, UnavailableError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { readBoundedFile } from '../platform/files/bounded-read.ts';
import { errorCode, moveAsideCommand, toFileError } from '../platform/files/file-error.ts';
import { lstatIfPresentSync } from '../platform/files/stat-sync.ts';
import type { SecretStore } from '../sso/ports.ts';
import { removeHalfWritten, replaceFile } from '../platform/files/replace-file.ts';

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

export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

export interface FileStore extends SecretStore {
  /** The error with which every call will reject: no passphrase, or one that does not open the file. Writes nothing. */
  findProblem(): Promise<UnavailableError | undefined>;
}

/** The content of the file as JSON; binary values are in base64. */
interface Envelope {
  readonly version: number;
  /** Algorithm and cost. Only known ones are accepted, so a modified file cannot ask for a cheaper one. */
  readonly kdf: string;
  readonly salt: string;
  /** The second half of scrypt's output, which distinguishes a wrong passphrase from a damaged file. */
  readonly verifier: string;
  readonly nonce: string;
  readonly tag: string;
  /** All names and secrets as one JSON document, so that names are hidden, and no entry can be swapped or removed. */
  readonly ciphertext: string;
}

interface Keys {
  readonly kdf: string;
  readonly salt: string;
  readonly key: Buffer;
  readonly verifier: string;
}

const VERSION = 1;
/** 128 MiB and about 0.4 s per guess (2026-11, on a laptop's core). @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
const COST = { N: 2 ** 17, r: 8, p: 1 } as const;
/** For earlier files, which are read with it and written with today's cost. */
const EARLIER_COST = { N: 2 ** 15, r: 8, p: 1 } as const;
/** A session takes a few kilobytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;

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

function formatEnvelope(envelope: Envelope): string {
  return `${JSON.stringify(envelope, undefined, 2)}\n`;
}

function formatKdf({ N, r, p }: ScryptCost): string {
  return `scrypt-${N}-${r}-${p}`;
}

function randomSalt(): string {
  return randomBytes(16).toString('base64');
}

function deriveKeys(passphrase: string, salt: string, cost: ScryptCost): Promise<Keys> {
  // By default Node refuses more than 32 MiB; scrypt needs a little more than 128 * N * r bytes.
  const options = { ...cost, maxmem: 2 * 128 * cost.N * cost.r };
  return new Promise((resolve, reject) => {
    // Two keyboards may compose the accents of the same passphrase differently.
    scrypt(passphrase.normalize('NFC'), Buffer.from(salt, 'base64'), 2 * KEY_BYTES, options, (error, output) => {
      if (error !== null) {
        reject(error);
        return;
      }
      resolve({
        kdf: formatKdf(cost),
        salt,
        key: output.subarray(0, KEY_BYTES),
        verifier: output.subarray(KEY_BYTES).toString('base64'),
      });
    });
  });
}

function formatKeys({ key, ...rest }: Keys): string {
  return JSON.stringify({ ...rest, key: key.toString('base64') });
}

/** Parses the text of `formatKeys`, which a daemon of another version may have written. */
function parseKeys(text: string | undefined): Keys | undefined {
  if (text === undefined) return undefined;
  const { kdf, salt, verifier, key } = JSON.parse(text) as Record<string, unknown>;
  if (typeof kdf !== 'string' || typeof salt !== 'string' || typeof verifier !== 'string' || typeof key !== 'string') {
    return undefined;
  }
  return { kdf, salt, verifier, key: Buffer.from(key, 'base64') };
}

function encrypt(secrets: ReadonlyMap<string, string>, keys: Keys): Envelope {
  const head = { version: VERSION, kdf: keys.kdf, salt: keys.salt, verifier: keys.verifier };
  // 96 random bits: NIST SP 800-38D section 8.3 allows 2^32 such nonces with one key.
  const nonce = randomBytes(12);
  const cipher = createCipheriv(CIPHER, keys.key, nonce).setAAD(associatedText(head));
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify([...secrets]), 'utf8'), cipher.final()]);
  return {
    ...head,
    nonce: nonce.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    ciphertext: ciphertext.toString('base64'),
  };
}

function decrypt(envelope: Envelope, keys: Keys, path: string): Map<string, string> {
  try {
    const decipher = createDecipheriv(CIPHER, keys.key, Buffer.from(envelope.nonce, 'base64'), { authTagLength: 16 })
      .setAAD(associatedText(envelope))
      .setAuthTag(Buffer.from(envelope.tag, 'base64'));
    const ciphertext = Buffer.from(envelope.ciphertext, 'base64');
    const text = Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
    // It is authenticated, so only `encrypt` can have written it.
    return new Map(JSON.parse(text) as [string, string][]);
  } catch (error) {
    throw damaged(path, error);
  }
}

function associatedText({ version, kdf, salt, verifier }: Omit<Envelope, 'nonce' | 'tag' | 'ciphertext'>): Buffer {
  return Buffer.from(JSON.stringify(['rolecall', version, kdf, salt, verifier]));
}

/** The file's envelope, or undefined if there is no file. Every other failure is an error, never an empty store. */
async function readEnvelope(path: string, costs: ReadonlyMap<string, ScryptCost>): Promise<Envelope | undefined> {
  let text: string;
  try {
    text = await readBoundedFile(path, MAX_FILE_BYTES);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    const { message, hint } = toFileError(error, path, 'read');
    throw new UnavailableError('secret-store-unavailable', `The secret file ${message}`, { cause: error, hint });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw damaged(path, error);
  }
  if (!isRecord(parsed) || typeof parsed['version'] !== 'number') throw damaged(path);
  const { version, kdf, salt, verifier, nonce, tag, ciphertext } = parsed;
  if (version !== VERSION || (typeof kdf === 'string' && !costs.has(kdf))) {
    throw new UnavailableError(
      'secret-store-unavailable',
      `The secret file ${path} has a format (version ${version}) that this rolecall does not know; a newer one wrote it.`,
      { hint: 'npm install -g rolecall@latest' },
    );
  }
  if (
    typeof kdf !== 'string' ||
    typeof salt !== 'string' ||
    typeof verifier !== 'string' ||
    typeof nonce !== 'string' ||
    typeof tag !== 'string' ||
    typeof ciphertext !== 'string'
  ) {
    throw damaged(path);
  }
  return { version, kdf, salt, verifier, nonce, tag, ciphertext };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(path: string, cause?: unknown): UnavailableError {
  // The parser's error may quote the file, which contains no plain text.
  return new UnavailableError(
    'secret-store-unavailable',
    `The secret file ${path} is damaged or was changed. Move it away and sign in again.`,
    { cause, hint: moveAsideCommand(path) },
  );
}
