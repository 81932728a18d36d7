// Reads and checks what the authenticator says: the scope, the presence and verification of the user, and its counter.
import { createHash } from 'node:crypto';

/** The scope of all passkeys, without a port. A page of a name below it can't claim it. */
export const RP_ID = 'localhost';

export interface AuthenticatorData {
  readonly rpIdHash: Buffer;
  readonly flags: number;
  readonly counter: number;
  /** What follows: the new credential, extensions, or nothing. */
  readonly rest: Buffer;
}

export const FLAGS = {
  userPresent: 0x01,
  userVerified: 0x04,
  backupEligible: 0x08,
  backedUp: 0x10,
  credential: 0x40,
  extensions: 0x80,
} as const;

const FIXED_BYTES = 37;
/** An RSA key of 4096 bits and a long credential id need less than 2000. */
const MAX_AUTHENTICATOR_DATA_BYTES = 4096;

/** Undefined if it is too short or too long. @see https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data */
export function readAuthenticatorData(bytes: Buffer): AuthenticatorData | undefined {
  if (bytes.length < FIXED_BYTES || bytes.length > MAX_AUTHENTICATOR_DATA_BYTES) return undefined;
  return {
    rpIdHash: bytes.subarray(0, 32),
    flags: bytes.readUInt8(32),
    counter: bytes.readUInt32BE(33),
    rest: bytes.subarray(FIXED_BYTES),
  };
}

/** What is wrong with scope and flags; undefined if a person was verified for `localhost`. */
export function findPresenceFault({ rpIdHash, flags }: AuthenticatorData): string | undefined {
  if (!rpIdHash.equals(createHash('sha256').update(RP_ID).digest())) return 'it is for another site';
  if ((flags & FLAGS.userPresent) === 0) return 'nobody touched the authenticator';
  // The page asks for it, but a page can be changed: only this bit says that it was done.
  if ((flags & FLAGS.userVerified) === 0) return 'the authenticator did not verify the user by PIN or biometrics';
  const isBackupClaimWrong = (flags & FLAGS.backedUp) !== 0 && (flags & FLAGS.backupEligible) === 0;
  return isBackupClaimWrong ? 'its flags contradict each other' : undefined;
}
