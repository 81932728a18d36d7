// Extra certificate authorities, for networks whose proxy re-signs TLS with a private CA.
import { X509Certificate } from 'node:crypto';
import { UsageError } from '../core/errors.ts';
import { readBoundedFileSync, UnreadableFileError } from '../platform/files/bounded-read.ts';

/** Debian's complete bundle has 250 kB. */
const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * The certificates (PEM) in the file that a setting or variable names.
 * @throws UsageError settings-invalid: the file cannot be read or contains no usable certificate; names both
 */
export function loadCaBundle(path: string, settingName: string): string {
  const invalid = (reason: string, cause?: unknown) =>
    new UsageError('settings-invalid', `The CA bundle ${path} (${settingName}) ${reason}.`, { cause });
  let text: string;
  try {
    text = readBoundedFileSync(path, MAX_BUNDLE_BYTES);
  } catch (error) {
    throw invalid(error instanceof UnreadableFileError ? `is ${error.reason}` : 'cannot be read', error);
  }
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw invalid('contains no certificate in PEM format');
  try {
    return certificates.map((pem) => new X509Certificate(pem).toString()).join('');
  } catch (error) {
    throw invalid('contains a certificate that cannot be read', error);
  }
}
