// The format of the secret file: keys from a passphrase, authenticated encryption, and reading it without trusting it.
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { UnavailableError } from '../core/errors.ts';
import { readBoundedFile } from '../platform/files/bounded-read.ts';
import { errorCode, moveAsideCommand, toFileError } from '../platform/files/file-error.ts';

/** The parameters of scrypt. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** The content of the file as JSON; binary values are in base64. */
export interface Envelope {
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

/** What scrypt derives from a passphrase, with its salt and cost. */
export interface Keys {
  readonly kdf: string;
  readonly salt: string;
  readonly key: Buffer;
  readonly verifier: string;
}

const VERSION = 1;
/** A session takes a few kilobytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;

/** The text of the file. */
export function formatEnvelope(envelope: Envelope): string {
  return `${JSON.stringify(envelope, undefined, 2)}\n`;
}

/** The `kdf` of an envelope. */
export function formatKdf({ N, r, p }: ScryptCost): string {
  return `scrypt-${N}-${r}-${p}`;
}

/** A new salt in base64. */
export function randomSalt(): string {
  return randomBytes(16).toString('base64');
}

/** Takes as long and as much memory as `cost` says. */
export function deriveKeys(passphrase: string, salt: string, cost: ScryptCost): Promise<Keys> {
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

/** The keys as text, for `parseKeys` in the next daemon. */
export function formatKeys({ key, ...rest }: Keys): string {
  return JSON.stringify({ ...rest, key: key.toString('base64') });
}

/** Parses the text of `formatKeys`, which a daemon of another version may have written. */
export function parseKeys(text: string | undefined): Keys | undefined {
  const parsed = parseObject(text ?? '');
  if (parsed === undefined) return undefined;
  const { kdf, salt, verifier, key } = parsed;
  if (typeof kdf !== 'string' || typeof salt !== 'string' || typeof verifier !== 'string' || typeof key !== 'string') {
    return undefined;
  }
  return { kdf, salt, verifier, key: Buffer.from(key, 'base64') };
}

/** Undefined if the text is no JSON object. The parser's error would quote the text, which is secret here. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Encrypts all secrets with a new nonce. */
export function encrypt(secrets: ReadonlyMap<string, string>, keys: Keys): Envelope {
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

/** @throws UnavailableError secret-store-unavailable: the file at `path` is damaged or was changed */
export function decrypt(envelope: Envelope, keys: Keys, path: string): Map<string, string> {
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
export async function readEnvelope(
  path: string,
  costs: ReadonlyMap<string, ScryptCost>,
): Promise<Envelope | undefined> {
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
      `The secret file ${path} has a format (version ${version}) that this rolecall does not know; a newer rolecall wrote it.`,
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
    `The secret file ${path} is damaged or was modified. Move it aside and sign in again.`,
    { cause, hint: moveAsideCommand(path) },
  );
}
