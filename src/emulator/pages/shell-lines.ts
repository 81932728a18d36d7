// The lines to paste for using the emulator: environment variables and the sso-session section.
import type { Directory } from '../directory/directory.ts';

export type EndpointEnvironment = Readonly<
  Record<'AWS_ENDPOINT_URL_SSO_OIDC' | 'AWS_ENDPOINT_URL_SSO' | 'AWS_ENDPOINT_URL_STS', string>
>;

/** The endpoint variables of AWS clients, pointing to `url`. */
export function endpointEnvironment(url: string): EndpointEnvironment {
  return { AWS_ENDPOINT_URL_SSO_OIDC: url, AWS_ENDPOINT_URL_SSO: url, AWS_ENDPOINT_URL_STS: url };
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
export function formatConfigSection(directory: Pick<Directory, 'startUrl' | 'region'>): string {
  return [
    '[sso-session my-sso-session]',
    `sso_start_url = ${directory.startUrl}`,
    `sso_region = ${directory.region}`,
    'sso_registration_scopes = sso:account:access',
  ].join('\n');
}
