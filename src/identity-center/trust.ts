// Which certificate authorities the connections to AWS trust. Apart from the reading of the bundle, because node:tls is slow to load.
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/**
 * Trusts Node's own roots and the bundle. The AWS CLI replaces the roots; here they stay, because many bundles contain
 * only the company's CA, and laptops leave the network that re-signs TLS. This opens nothing new: whoever can write
 * the file can already read the user's tokens.
 */
export function createTrust(caBundlePem: string): SecureContext {
  return createSecureContext({ ca: [...rootCertificates, caBundlePem] });
}
