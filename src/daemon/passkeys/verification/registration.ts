// Verifies a registration: a new passkey, made for this challenge after its user was verified.
import { findPresenceFault, FLAGS, readAuthenticatorData } from './authenticator-claims.ts';
import { findClientDataFault, type ExpectedClientData } from './client-claims.ts';
import { encodeCoseKey, readPublicKey, type PasskeyKey } from './public-key.ts';

/** As the page sends it, decoded. */
export interface Registration {
  readonly id: Buffer;
  readonly clientData: Buffer;
  readonly authenticatorData: Buffer;
  /** DER-encoded SubjectPublicKeyInfo, from the browser's `getPublicKey()`. */
  readonly publicKey: Buffer;
  readonly algorithm: number;
}

/** @see https://www.w3.org/TR/webauthn-3/#credential-id */
const MAX_ID_BYTES = 1023;
const AAGUID_BYTES = 16;

/**
 * The counter to keep, or what is wrong. No attestation is asked for, so nothing here proves which device made the passkey.
 * The browser decodes the public key; it has to be the one in the authenticator data, for the same credential id.
 * @see https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential
 */
export function verifyRegistration(
  registration: Registration,
  expected: Omit<ExpectedClientData, 'type'>,
): { readonly counter: number } | { readonly fault: string } {
  const { id, clientData, authenticatorData, publicKey, algorithm } = registration;
  const clientFault = findClientDataFault(clientData, { ...expected, type: 'webauthn.create' });
  if (clientFault !== undefined) return { fault: clientFault };
  const read = readAuthenticatorData(authenticatorData);
  if (read === undefined) return { fault: 'its authenticator data is malformed' };
  const presenceFault = findPresenceFault(read);
  if (presenceFault !== undefined) return { fault: presenceFault };
  const key = readPublicKey(publicKey, algorithm);
  if (key === undefined) return { fault: 'its public key is of a kind that is not accepted' };
  return hasCredential(read.flags, read.rest, id, key)
    ? { counter: read.counter }
    : { fault: 'its public key is not that of the authenticator' };
}

/** Whether `rest` is a new credential with this id and key, followed by extensions only if the flags say so. */
function hasCredential(flags: number, rest: Buffer, id: Buffer, key: PasskeyKey): boolean {
  if ((flags & FLAGS.credential) === 0 || id.length === 0 || id.length > MAX_ID_BYTES) return false;
  const idLength = Buffer.alloc(2);
  idLength.writeUInt16BE(id.length);
  const expected = Buffer.concat([idLength, id, encodeCoseKey(key)]);
  const end = AAGUID_BYTES + expected.length;
  if (!rest.subarray(AAGUID_BYTES, end).equals(expected)) return false;
  return (flags & FLAGS.extensions) !== 0 ? rest.length > end : rest.length === end;
}
