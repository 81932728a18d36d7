// An authenticator in software: makes passkeys and assertions of all three kinds, also broken ones.
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export const ORIGIN = 'http://localhost:4000';

export type KeyKind = 'Ed25519' | 'ES256' | 'RS256';

/** What an authenticator and a browser say; each can be changed. */
export interface Claims {
  readonly type?: string;
  readonly challenge?: string;
  readonly origin?: string;
  /** More members of the client data. */
  readonly client?: Readonly<Record<string, unknown>>;
  readonly rpId?: string;
  readonly flags?: number;
  readonly counter?: number;
  /** Bytes after the fixed part of the authenticator data. */
  readonly rest?: Buffer;
}

const USER_VERIFIED = 0x05;
const NEW_CREDENTIAL = 0x40;

export function createSoftwarePasskey(kind: KeyKind, rsaBits = 2048, id = randomBytes(32)) {
  const { publicKey, privateKey } = createKeys(kind, rsaBits);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const coseKey = encodeKey(kind, publicKey);

  return {
    id,
    algorithm: { Ed25519: -8, ES256: -7, RS256: -257 }[kind],
    publicKey: spki,
    coseKey,
    register(challenge: string, claims: Claims = {}) {
      const length = Buffer.from([id.length >> 8, id.length & 0xff]);
      return {
        clientData: clientDataOf({ type: 'webauthn.create', challenge, ...claims }),
        authenticatorData: authenticatorDataOf({
          flags: USER_VERIFIED | NEW_CREDENTIAL,
          rest: Buffer.concat([Buffer.alloc(16), length, id, coseKey]),
          ...claims,
        }),
      };
    },
    assert(challenge: string, claims: Claims = {}) {
      const clientData = clientDataOf({ type: 'webauthn.get', challenge, ...claims });
      const authenticatorData = authenticatorDataOf(claims);
      const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientData).digest()]);
      return {
        clientData,
        authenticatorData,
        signature: sign(kind === 'Ed25519' ? null : 'sha256', signed, privateKey),
      };
    },
  };
}

export type SoftwarePasskey = ReturnType<typeof createSoftwarePasskey>;

function createKeys(kind: KeyKind, modulusLength: number): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519');
  if (kind === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('rsa', { modulusLength });
}

function clientDataOf({ type, challenge, origin = ORIGIN, client = {} }: Claims): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false, ...client }));
}

function authenticatorDataOf(claims: Claims): Buffer {
  const { rpId = 'localhost', flags = USER_VERIFIED, counter = 0, rest = Buffer.alloc(0) } = claims;
  const fixed = Buffer.alloc(5);
  fixed.writeUInt8(flags);
  fixed.writeUInt32BE(counter, 1);
  return Buffer.concat([createHash('sha256').update(rpId).digest(), fixed, rest]);
}

/** Independent of the product's own encoding: a general encoder of CBOR maps with integers and byte strings. */
function encodeKey(kind: KeyKind, publicKey: KeyObject): Buffer {
  const { x = '', y = '', n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const bytes = (text: string) => Buffer.from(text, 'base64url');
  const entries: Record<KeyKind, readonly (readonly [number, number | Buffer])[]> = {
    Ed25519: [
      [1, 1],
      [3, -8],
      [-1, 6],
      [-2, bytes(x)],
    ],
    ES256: [
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, bytes(x)],
      [-3, bytes(y)],
    ],
    RS256: [
      [1, 3],
      [3, -257],
      [-1, bytes(n)],
      [-2, bytes(e)],
    ],
  };
  return Buffer.concat([head(5, entries[kind].length), ...entries[kind].flat().map(encodeCbor)]);
}

function encodeCbor(value: number | Buffer): Buffer {
  if (typeof value !== 'number') return Buffer.concat([head(2, value.length), value]);
  return value < 0 ? head(1, -1 - value) : head(0, value);
}

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument]);
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument]);
  return Buffer.from([(major << 5) | 25, argument >> 8, argument & 0xff]);
}

/** The form in which a browser hands a registration to a library. */
export function encodeAttestation(authenticatorData: Buffer): Buffer {
  const name = (value: string) => Buffer.concat([head(3, value.length), Buffer.from(value)]);
  return Buffer.concat([
    head(5, 3),
    name('fmt'),
    name('none'),
    name('attStmt'),
    head(5, 0),
    name('authData'),
    encodeCbor(authenticatorData),
  ]);
}
