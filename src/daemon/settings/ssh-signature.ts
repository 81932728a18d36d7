// Verifies the signatures that `ssh-keygen -Y sign` makes with an Ed25519 key.
import { createHash } from 'node:crypto';
import { decodeBase64, isSignedBy, readSshStrings, type PublicKey } from './public-key.ts';
import { refuseSignature, type VerifiedSignature } from './signature-refusal.ts';

/** What signers pass to `ssh-keygen -Y sign -n`: a signature for another purpose does not count. */
const SIGNATURE_NAMESPACE = 'rolecall-team';

const MAGIC = 'SSHSIG';
const ARMOR = /^-----BEGIN SSH SIGNATURE-----\r?\n(?<body>[A-Za-z0-9+/=\r\n]+)-----END SSH SIGNATURE-----\s*$/u;

/**
 * Such a signature says nothing about itself: no date and no name.
 * @throws RefusedError signature-refused: it is not a signature of `message` by the key, in our namespace
 * @see https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig
 */
export function verifySshSignature(text: string, message: Buffer, key: PublicKey): VerifiedSignature {
  const body = ARMOR.exec(text)?.groups?.['body'] ?? '';
  const bytes = decodeBase64(body.replace(/\s/gu, ''));
  const version = bytes !== undefined && bytes.length > 10 ? bytes.readUInt32BE(6) : undefined;
  const read = bytes === undefined ? undefined : readSshStrings(bytes.subarray(10), 5);
  if (bytes?.toString('latin1', 0, 6) !== MAGIC || read?.rest.length !== 0) {
    throw refuseSignature('is not a signature of ssh-keygen, or is incomplete');
  }
  if (version !== 1) throw refuseSignature('has an unknown version');
  const [signer, namespace, reserved, algorithm, signature] = read.strings as [Buffer, Buffer, Buffer, Buffer, Buffer];
  if (!signer.equals(key.name)) throw refuseSignature('was made with another key');
  if (namespace.toString() !== SIGNATURE_NAMESPACE) {
    throw refuseSignature(`was made for another purpose. Sign with: ssh-keygen -Y sign -n ${SIGNATURE_NAMESPACE}`);
  }
  const hash = algorithm.toString('latin1');
  if (hash !== 'sha512' && hash !== 'sha256') throw refuseSignature('uses an unknown hash');
  const signed = Buffer.concat([
    Buffer.from(MAGIC),
    ...[namespace, reserved, algorithm, createHash(hash).update(message).digest()].flatMap(encodeString),
  ]);
  const inner = readSshStrings(signature, 2);
  const [type, raw] = inner?.strings ?? [];
  const isEd25519 = type?.toString('latin1') === 'ssh-ed25519' && inner?.rest.length === 0;
  if (!isEd25519 || raw === undefined || !isSignedBy(key, signed, raw)) {
    throw refuseSignature('does not match the file');
  }
  return {};
}

function encodeString(bytes: Buffer): Buffer[] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}
