// Decides whether a team file may replace the stored one: signed by the pinned key, and not older.
import { formatUtcSeconds } from '../../core/clock.ts';
import { RefusedError } from '../../core/errors.ts';
import { verifyMinisign } from './minisign.ts';
import { parsePublicKey, type PublicKey } from './public-key.ts';
import { refuseSignature } from './signature-refusal.ts';
import { verifySshSignature } from './ssh-signature.ts';

export const MAX_SIGNATURE_BYTES = 16 * 1024;

/** What is known of the signer, as stored with the team file. */
export interface TeamSigner {
  /** As PublicKey.text. */
  readonly key: string;
  /** UTC, for example 2026-12-01T04:00:00Z; absent when the signature has no date. */
  readonly signedAt?: string;
}

export interface SignedVersion {
  readonly signer: TeamSigner;
  readonly serial?: number | undefined;
  readonly body: string;
}

/** The key that must have signed the file; undefined if none is needed. @throws UsageError invalid-request: not a key */
export function findWantedKey(given: string | undefined, pinned: TeamSigner | undefined): PublicKey | undefined {
  const text = given ?? pinned?.key;
  return text === undefined ? undefined : parsePublicKey(text);
}

/** Beside the file, with the suffix that its signer's program gives it. */
export function signatureSuffix({ kind }: PublicKey): string {
  return kind === 'minisign' ? '.minisig' : '.sig';
}

/**
 * Verifies the signature of a file with this name.
 * @throws RefusedError signature-refused
 */
export function verifyTeam(
  { bytes, name }: { readonly bytes: Buffer; readonly name: string },
  signature: string,
  key: PublicKey,
): TeamSigner {
  const verified = (key.kind === 'minisign' ? verifyMinisign : verifySshSignature)(signature, bytes, key);
  if (verified.file !== undefined && verified.file !== name) {
    throw refuseSignature(`is for a file named ${verified.file}, not ${name}`);
  }
  return {
    key: key.text,
    ...(verified.signedAtMs === undefined ? {} : { signedAt: formatUtcSeconds(verified.signedAtMs) }),
  };
}

/**
 * A server could send an older file, which is signed too: neither date nor serial may go back.
 * @throws RefusedError signature-refused
 */
export function refuseOlder(stored: SignedVersion | undefined, next: SignedVersion): void {
  if (stored === undefined || stored.signer.key !== next.signer.key) return;
  const before = stored.signer.signedAt;
  const after = next.signer.signedAt;
  if (before !== undefined && (after === undefined || after < before)) {
    throw older(`was signed ${after === undefined ? 'without a date' : `on ${after}`}, the stored one on ${before}`);
  }
  if (stored.serial === undefined) return;
  if (next.serial === undefined || next.serial < stored.serial) {
    throw older(
      `has ${next.serial === undefined ? 'no serial' : `serial ${next.serial}`}, the stored one ${stored.serial}`,
    );
  }
  if (next.serial === stored.serial && next.body !== stored.body) {
    throw new RefusedError(
      'signature-refused',
      `The team file has changed, but its serial is still ${next.serial}. Ask its author to raise the serial and to sign it again.`,
    );
  }
}

function older(reason: string): RefusedError {
  return new RefusedError(
    'signature-refused',
    `The team file is older than the stored one: it ${reason}. To start again with it, delete the stored one first.`,
  );
}
