// Verifies signatures of minisign, in the prehashed format that it has made by default since version 0.10.
import { createHash } from 'node:crypto';
import { decodeBase64, isSignedBy, type PublicKey } from './public-key.ts';
import { refuseSignature, type VerifiedSignature } from './signature-refusal.ts';

const PREHASHED = 'ED';
const LEGACY = 'Ed';

/**
 * What the signature says about itself; its trusted comment is signed too.
 * @throws RefusedError signature-refused: it is not a signature of `message` by the key
 * @see https://jedisct1.github.io/minisign/#signature-format
 */
export function verifyMinisign(text: string, message: Buffer, key: PublicKey): VerifiedSignature {
  const lines = text.split(/\r?\n/u);
  const [untrusted = '', encoded = '', trusted = '', global = '', ...rest] = lines;
  const bytes = decodeBase64(encoded);
  const globalSignature = decodeBase64(global);
  const comment = /^trusted comment: (?<comment>.*)$/u.exec(trusted)?.groups?.['comment'];
  const isComplete = untrusted.startsWith('untrusted comment: ') && rest.every((line) => line === '');
  if (!isComplete || bytes?.length !== 74 || globalSignature === undefined || comment === undefined) {
    throw refuseSignature('is not a signature of minisign, or is incomplete');
  }
  const algorithm = bytes.toString('latin1', 0, 2);
  if (algorithm === LEGACY) {
    throw refuseSignature('has the old format of minisign, without a hash. Sign again without the option -l');
  }
  if (algorithm !== PREHASHED) throw refuseSignature('has an unknown format of minisign');
  if (!bytes.subarray(2, 10).equals(key.name)) throw refuseSignature('was made with another key');
  const signature = bytes.subarray(10);
  const hash = createHash('blake2b512').update(message).digest();
  if (!isSignedBy(key, hash, signature)) throw refuseSignature('does not match the file');
  if (!isSignedBy(key, Buffer.concat([signature, Buffer.from(comment)]), globalSignature)) {
    throw refuseSignature('has a trusted comment that was changed');
  }
  return readComment(comment);
}

/** minisign writes `timestamp:SECONDS`, `file:NAME` and `hashed`, between tabs, unless the signer chose another comment. */
function readComment(comment: string): VerifiedSignature {
  const fields = new Map(comment.split('\t').map((field) => [field.split(':', 1)[0], field.replace(/^[^:]*:/u, '')]));
  const seconds = /^\d{1,11}$/u.exec(fields.get('timestamp') ?? '')?.[0];
  const file = fields.get('file');
  return {
    ...(seconds === undefined ? {} : { signedAtMs: Number(seconds) * 1000 }),
    ...(file === undefined ? {} : { file }),
  };
}
