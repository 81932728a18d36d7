// The public keys of passkeys: which kinds are accepted, their form in authenticator data, and signatures.
import { createPublicKey, verify, type KeyObject } from 'node:crypto';

/** The COSE numbers of the algorithms: Ed25519, ES256, RS256. */
export const ALGORITHMS = [-8, -7, -257] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 4096;
/** An RSA key of 4096 bits has 550. */
const MAX_SPKI_BYTES = 1024;

export interface PasskeyKey {
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
}

/** The key of a DER-encoded SubjectPublicKeyInfo; undefined if it is none, or not one that `algorithm` is used with here. */
export function readPublicKey(spki: Buffer, algorithm: number): PasskeyKey | undefined {
  if (spki.length > MAX_SPKI_BYTES) return undefined;
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const known = ALGORITHMS.find((one) => one === algorithm);
    return known !== undefined && isUsable(key, known) ? { algorithm: known, key } : undefined;
  } catch {
    return undefined;
  }
}

function isUsable({ asymmetricKeyType, asymmetricKeyDetails: details = {} }: KeyObject, algorithm: Algorithm): boolean {
  switch (algorithm) {
    case -8:
      return asymmetricKeyType === 'ed25519';
    case -7:
      return asymmetricKeyType === 'ec' && details.namedCurve === 'prime256v1';
    case -257: {
      const { modulusLength = 0 } = details;
      return asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS && modulusLength <= MAX_RSA_BITS;
    }
  }
}

/** Whether the owner of the key has signed `data`. ECDSA signatures are DER-encoded. */
export function isSignedBy({ algorithm, key }: PasskeyKey, data: Buffer, signature: Buffer): boolean {
  try {
    return verify(algorithm === -8 ? null : 'sha256', data, key, signature);
  } catch {
    return false;
  }
}

/**
 * The COSE_Key of a public key, as authenticators have to write it: in CTAP2's canonical CBOR, which has one form for each key.
 * So comparing bytes is enough, and nothing here has to parse CBOR.
 * @see https://www.w3.org/TR/webauthn-3/#sctn-attested-credential-data
 */
export function encodeCoseKey({ algorithm, key }: PasskeyKey): Buffer {
  const { x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' });
  const bytes = (value: string) => encodeBytes(Buffer.from(value, 'base64url'));
  switch (algorithm) {
    // { 1: 1 (OKP), 3: -8, -1: 6 (Ed25519), -2: x }
    case -8:
      return Buffer.concat([Buffer.from('a401010327200621', 'hex'), bytes(x)]);
    // { 1: 2 (EC2), 3: -7, -1: 1 (P-256), -2: x, -3: y }
    case -7:
      return Buffer.concat([
        Buffer.from('a5010203262001', 'hex'),
        Buffer.from([0x21]),
        bytes(x),
        Buffer.from([0x22]),
        bytes(y),
      ]);
    // { 1: 3 (RSA), 3: -257, -1: n, -2: e }
    case -257:
      return Buffer.concat([Buffer.from('a401030339010020', 'hex'), bytes(n), Buffer.from([0x21]), bytes(e)]);
  }
}

/** A CBOR byte string of at most 65,535 bytes. */
function encodeBytes(value: Buffer): Buffer {
  const { length } = value;
  if (length < 24) return Buffer.concat([Buffer.from([0x40 + length]), value]);
  if (length < 256) return Buffer.concat([Buffer.from([0x58, length]), value]);
  return Buffer.concat([Buffer.from([0x59, length >> 8, length & 0xff]), value]);
}
