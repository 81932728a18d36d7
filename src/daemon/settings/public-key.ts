// Reads the public keys that can sign a team file: of minisign, and Ed25519 keys of OpenSSH.
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { UsageError } from '../../core/errors.ts';

export interface PublicKey {
  readonly kind: 'minisign' | 'ssh';
  /** As it is stored, on one line and without a comment. */
  readonly text: string;
  /** How users recognize it: the key id of minisign, or the fingerprint that `ssh-keygen -l` prints. */
  readonly id: string;
  /** As signatures name it: 8 bytes of minisign, or the whole key in OpenSSH's encoding. */
  readonly name: Buffer;
  readonly key: KeyObject;
}

const SSH_TYPE = 'ssh-ed25519';
/** What comes before the 32 bytes of an Ed25519 key in DER (RFC 8410). */
const DER_PREFIX = '302a300506032b6570032100';
const MINISIGN_KEY_BYTES = 42;

/**
 * Parses `RW…` of minisign, or `ssh-ed25519 AAAA… comment`.
 * @throws UsageError invalid-request: it is neither; the text is not repeated, because it may be a secret key
 */
export function parsePublicKey(text: string): PublicKey {
  const [type = '', encoded = ''] = text.trim().split(/\s+/u);
  if (/^(?:ssh|sk|ecdsa)-/u.test(type)) return parseSshKey(type, encoded);
  const bytes = decodeBase64(type);
  if (encoded !== '' || bytes?.length !== MINISIGN_KEY_BYTES || bytes.toString('latin1', 0, 2) !== 'Ed') {
    throw unusable('is neither a public key of minisign nor an Ed25519 key of OpenSSH');
  }
  const name = bytes.subarray(2, 10);
  return {
    kind: 'minisign',
    text: bytes.toString('base64'),
    // minisign prints the id as a number, whose last byte comes first in the file.
    id: Buffer.from(name.toReversed()).toString('hex').toUpperCase(),
    name,
    key: toKey(bytes.subarray(10)),
  };
}

function parseSshKey(type: string, encoded: string): PublicKey {
  if (type !== SSH_TYPE) {
    const shown = /^[a-z0-9@.-]{1,64}$/u.test(type) ? type : 'unknown';
    throw unusable(`is of the type ${shown}; only ${SSH_TYPE} can be used`);
  }
  const name = decodeBase64(encoded);
  const read = name === undefined ? undefined : readSshStrings(name, 2);
  const [named, raw] = read?.strings ?? [];
  if (name === undefined || named?.toString('latin1') !== SSH_TYPE || raw?.length !== 32 || read?.rest.length !== 0) {
    throw unusable('is not a complete Ed25519 key of OpenSSH');
  }
  return {
    kind: 'ssh',
    text: `${SSH_TYPE} ${name.toString('base64')}`,
    id: `SHA256:${createHash('sha256').update(name).digest('base64').replace(/=+$/u, '')}`,
    name,
    key: toKey(raw),
  };
}

/** The bytes of strict base64 with padding; undefined for anything else. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}

/** The first `count` strings of OpenSSH's encoding (RFC 4251, section 5) and what follows them; undefined if they are cut off. */
export function readSshStrings(
  bytes: Buffer,
  count: number,
): { readonly strings: readonly Buffer[]; readonly rest: Buffer } | undefined {
  const strings: Buffer[] = [];
  let rest = bytes;
  while (strings.length < count) {
    const end = rest.length < 4 ? Infinity : 4 + rest.readUInt32BE(0);
    if (end > rest.length) return undefined;
    strings.push(rest.subarray(4, end));
    rest = rest.subarray(end);
  }
  return { strings, rest };
}

/** Whether the Ed25519 signature of `message` is by the key. */
export function isSignedBy({ key }: PublicKey, message: Buffer, signature: Buffer): boolean {
  return signature.length === 64 && verify(null, message, key, signature);
}

function toKey(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([Buffer.from(DER_PREFIX, 'hex'), raw]), format: 'der', type: 'spki' });
}

function unusable(reason: string): UsageError {
  return new UsageError('invalid-request', `The public key ${reason}.`, { hint: 'rolecall setup --help' });
}
