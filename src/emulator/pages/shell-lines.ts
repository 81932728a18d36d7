// The lines to paste for using the emulator: environment variables and the sso-session section.
import type { Directory } from '../directory/directory.ts';

export type EmulatorEnvironment = Readonly<
  Record<'AWS_ENDPOINT_URL_SSO_OIDC' | 'AWS_ENDPOINT_URL_SSO' | 'AWS_ENDPOINT_URL_STS', string> &
    Partial<Record<'AWS_CA_BUNDLE' | 'NODE_EXTRA_CA_CERTS' | 'SSL_CERT_FILE', string>>
>;

/** The variables that point AWS clients to `url`, and let the AWS CLI and boto3, Node, and Go trust `caFile`. */
export function environmentFor(url: string, caFile?: string): EmulatorEnvironment {
  return {
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url,
    AWS_ENDPOINT_URL_STS: url,
    ...(caFile === undefined ? {} : { AWS_CA_BUNDLE: caFile, NODE_EXTRA_CA_CERTS: caFile, SSL_CERT_FILE: caFile }),
  };
}

/** One `export` line per variable; a value with characters of the shell is quoted. */
export function formatExports(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quoteIfNeeded(value)}`)
    .join('\n');
}

function quoteIfNeeded(value: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

/** The sso-session section for `~/.aws/config`. */
export function formatConfigSection(
  directory: Pick<Directory, 'startUrl' | 'region'>,
  sessionName = 'my-sso-session',
): string {
  return [
    `[sso-session ${sessionName}]`,
    `sso_start_url = ${directory.startUrl}`,
    `sso_region = ${directory.region}`,
    'sso_registration_scopes = sso:account:access',
  ].join('\n');
}
