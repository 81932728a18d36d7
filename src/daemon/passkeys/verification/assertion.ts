// Verifies an assertion: a signature of a registered passkey over the challenge of one request.
import { createHash } from 'node:crypto';
import { findPresenceFault, FLAGS, readAuthenticatorData } from './authenticator-claims.ts';
import { findClientDataFault, type ExpectedClientData } from './client-claims.ts';
import { isSignedBy, readPublicKey } from './public-key.ts';

/** As the page sends it, decoded. */
export interface Assertion {
  readonly clientData: Buffer;
  readonly authenticatorData: Buffer;
  readonly signature: Buffer;
}

/** The public half of a passkey, and its counter when it was used last. */
export interface VerifyingKey {
  /** DER-encoded SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly algorithm: number;
  readonly counter: number;
}

/** An RSA signature of 4096 bits has 512. */
const MAX_SIGNATURE_BYTES = 1024;

/**
 * The counter to keep, or what is wrong.
 * @see https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion
 */
export function verifyAssertion(
  { clientData, authenticatorData, signature }: Assertion,
  passkey: VerifyingKey,
  expected: Omit<ExpectedClientData, 'type'>,
): { readonly counter: number } | { readonly fault: string } {
  const clientFault = findClientDataFault(clientData, { ...expected, type: 'webauthn.get' });
  if (clientFault !== undefined) return { fault: clientFault };
  const read = readAuthenticatorData(authenticatorData);
  if (read === undefined) return { fault: 'its authenticator data is malformed' };
  const presenceFault = findPresenceFault(read);
  if (presenceFault !== undefined) return { fault: presenceFault };
  const hasExtensions = (read.flags & FLAGS.extensions) !== 0;
  if ((read.flags & FLAGS.credential) !== 0 || hasExtensions !== read.rest.length > 0) {
    return { fault: 'its authenticator data is malformed' };
  }
  const key = readPublicKey(passkey.publicKey, passkey.algorithm);
  if (key === undefined || signature.length > MAX_SIGNATURE_BYTES) return { fault: 'its signature is wrong' };
  const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientData).digest()]);
  if (!isSignedBy(key, signed, signature)) return { fault: 'its signature is wrong' };
  // Passkeys that are synchronized between devices always have 0.
  const isFresh = (read.counter === 0 && passkey.counter === 0) || read.counter > passkey.counter;
  return isFresh ? { counter: read.counter } : { fault: 'its counter did not grow, so it may be a copy' };
}
