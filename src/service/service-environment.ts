// What the service gets of the shell that installs it: where things are and how AWS is reached, and no secret.

const NAMES = [
  'XDG_CONFIG_HOME',
  'XDG_STATE_HOME',
  'ROLECALL_CONFIG',
  'ROLECALL_SECRET_STORE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ENDPOINT_URL_SSO_OIDC',
  'AWS_ENDPOINT_URL_SSO',
  'AWS_ENDPOINT_URL_STS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'AWS_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
] as const;

/**
 * The variables that a service would miss: the user's manager has none of what a shell's start files say.
 * Those that describe a shell (PATH, DISPLAY, …) it has of its own, newer than ours.
 */
export function serviceEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const name of NAMES) {
    const value = environment[name] ?? '';
    // No file of a service manager has a way to spell them.
    if (value !== '' && !/[\u0000-\u001f\u007f]/.test(value)) kept[name] = value;
  }
  return kept;
}
