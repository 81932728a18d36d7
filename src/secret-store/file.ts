// Secrets in one encrypted file, for machines without a keychain, and only when asked for.
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
  /** Of new files, and of older ones once they are written; what OWASP recommends when absent. */
  readonly cost?: ScryptCost;
  /** What to type for a passphrase that is missing or wrong; absent: what reads one and restarts the daemon with it. */
  readonly passphraseHint?: string | undefined;
  /** Absent: each process derives the key anew. */
  readonly keyCache?: KeyCache | undefined;
}

/** Where the key, which takes long to derive, gets from one daemon to the next. It opens the file as the passphrase does. */
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
  /** Set when every call will reject: there is no passphrase, or the file does not open with it. Writes nothing. */
  findProblem(): Promise<UnavailableError | undefined>;
}

/** The file, as JSON; everything binary in base64. */
interface Envelope {
  readonly version: number;
  /** Names algorithm and cost, of which few are known, so a changed file cannot ask for a cheaper one. */
  readonly kdf: string;
  readonly salt: string;
  /** Second half of scrypt's output: tells a wrong passphrase from a damaged file. */
  readonly verifier: string;
  readonly nonce: string;
  readonly tag: string;
  /** The names with their secrets as one JSON object: names are hidden, and no entry can be swapped or dropped. */
  readonly ciphertext: string;
}

interface Keys {
  readonly kdf: string;
  readonly salt: string;
  readonly key: Buffer;
  readonly verifier: string;
}

const VERSION = 1;
/** 128 MiB and about 0.4 s a guess (2026-11, a laptop's core). @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
const COST = { N: 2 ** 17, r: 8, p: 1 } as const;
/** Of earlier files: they are read, and take on the cost of today when they are next written. */
const EARLIER_COST = { N: 2 ** 15, r: 8, p: 1 } as const;
/** A session has a few kilobytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;

/** From any shell; typed without an echo, and in no history. */
const READ_PASSPHRASE =
  'bash -c \'read -rsp "Passphrase: " ROLECALL_PASSPHRASE && export ROLECALL_PASSPHRASE && rolecall daemon restart\'';

/**
 * Secrets in the file at `path` (0600, replaced atomically), under AES-256-GCM with a key from the passphrase.
 * Calls reject with UnavailableError: `secret-store-locked` without the right passphrase, `secret-store-unavailable`
 * for a file that is damaged, newer than us or out of reach; such a file is never written over.
 */
export function createFileStore(deps: FileStoreDeps): FileStore {
  const { path, cost = COST, passphraseHint = READ_PASSPHRASE } = deps;
  const costs = new Map<string, ScryptCost>([EARLIER_COST, cost].map((known) => [formatKdf(known), known]));
  /** What a daemon that was killed amid a write has left; there is one daemon, so it is nobody else's. */
  const clear = once(() => removeHalfWritten(path));
  let derived: { kdf: string; salt: string; keys: Promise<Keys> } | undefined;
  const inTurn = createSerialQueue();
  /** As it is in the file, encrypted. */
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

  /** The secrets and the keys that opened them; none and new keys when there is no file yet. */
  async function readSecrets(): Promise<{ keys: Keys; secrets: Map<string, string> }> {
    await clear();
    // Whoever has deleted the file meanwhile has deleted none of the secrets: see `restore`.
    const envelope = (await readEnvelope(path, costs)) ?? latest;
    if (envelope === undefined) {
      // A salt once chosen is kept, so that a first load and the first save derive one key.
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
  // Node refuses from 32 MiB on if it is not told otherwise; scrypt takes 128 * N * r bytes and a little more.
  const options = { ...cost, maxmem: 2 * 128 * cost.N * cost.r };
  return new Promise((resolve, reject) => {
    // One passphrase typed on two keyboards may differ in its composition of accents.
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

/** Of `formatKeys`, which a daemon of another version may have written. */
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
  // 96 random bits: NIST SP 800-38D section 8.3 allows 2^32 of them under one key.
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
    // Authenticated: only `encrypt` above can have written it.
    return new Map(JSON.parse(text) as [string, string][]);
  } catch (error) {
    throw damaged(path, error);
  }
}

function associatedText({ version, kdf, salt, verifier }: Omit<Envelope, 'nonce' | 'tag' | 'ciphertext'>): Buffer {
  return Buffer.from(JSON.stringify(['rolecall', version, kdf, salt, verifier]));
}

/** The file's envelope, or undefined when there is no file; every other failure is an error, never "empty". */
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
      `The secret file ${path} is of a format (version ${version}) that this rolecall does not know; a newer one wrote it.`,
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
  // The parser's own error may quote the file, but the file holds nothing in clear.
  return new UnavailableError(
    'secret-store-unavailable',
    `The secret file ${path} is damaged or was changed. Move it away and sign in again.`,
    { cause, hint: moveAsideCommand(path) },
  );
}
