// Extra certificate authorities, for networks whose proxy re-signs TLS with a private CA.
import { X509Certificate } from 'node:crypto';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { UsageError } from '../core/errors.ts';
import { readBoundedFileSync, UnreadableFileError } from '../platform/files/bounded-read.ts';

/** All of Debian's have a quarter of a megabyte. */
const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * The certificates (PEM) of the file that a setting or variable names.
 * @throws UsageError settings-invalid: the file can't be read or holds no usable certificate, naming both.
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
  if (certificates.length === 0) throw invalid('holds no certificate in PEM form');
  try {
    return certificates.map((pem) => new X509Certificate(pem).toString()).join('');
  } catch (error) {
    throw invalid('holds a certificate that cannot be read', error);
  }
}

/**
 * Trust in node's own roots and in the bundle's. Added, not in place of them (the AWS CLI replaces): bundles in the
 * field often hold the company's CA alone, and a laptop leaves the network that re-signs. Whoever wrote the file
 * can already read the user's tokens.
 */
export function createTrust(caBundlePem: string): SecureContext {
  return createSecureContext({ ca: [...rootCertificates, caBundlePem] });
}
