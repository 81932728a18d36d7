// What a verified signature says about itself, and the error for one that is refused.
import { RefusedError } from '../../core/errors.ts';

/** Empty for a signature of OpenSSH. */
export interface VerifiedSignature {
  readonly signedAtMs?: number;
  /** The name of the file when it was signed. */
  readonly file?: string;
}

/** `reason` continues "The signature of the team file". */
export function refuseSignature(reason: string): RefusedError {
  return new RefusedError('signature-refused', `The signature of the team file ${reason}.`);
}
