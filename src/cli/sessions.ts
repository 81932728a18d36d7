// The status of the sso-sessions.
import type { CallOptions } from '../local-api/client.ts';
import type { StatusDocument } from '../local-api/schemas.ts';
import { loadVersion } from '../local-api/version.ts';
import type { DaemonAccess, Output } from './context.ts';
import { harmless } from './terminal/render.ts';

/** The status comes from memory, but a keychain that asks for its password can delay it. */
const STATUS_TIMEOUT_MS = 30_000;

/** The status; prints a note if the daemon has another version or other endpoints than this shell. */
export async function loadStatus(context: DaemonAccess & Output): Promise<StatusDocument> {
  const status = await fetchStatus(context);
  const own = loadVersion();
  if (status.version !== own) {
    context.stderr.write(
      `Note: the daemon is rolecall ${harmless(status.version)}, this command is ${own}. To use this version: rolecall daemon restart\n`,
    );
  }
  const differing = findDifferingVariables(status, context);
  if (differing.length > 0) {
    context.stderr.write(
      `Note: the daemon was started with other values of ${new Intl.ListFormat('en-GB').format(differing)} than this shell has. ` +
        `To use this shell's: rolecall daemon restart\n`,
    );
  }
  return status;
}

/** The status, without notes. */
export function fetchStatus(
  context: DaemonAccess,
  options: Pick<CallOptions, 'autostart'> = {},
): Promise<StatusDocument> {
  return context.client.call('status', {}, { ...options, signal: context.signal, timeoutMs: STATUS_TIMEOUT_MS });
}

/** The endpoint variables whose value differs from the daemon's; those that the settings override do not count. */
export function findDifferingVariables(
  { endpoints }: StatusDocument,
  { environment }: Pick<Output, 'environment'>,
): string[] {
  const variables = [
    ['AWS_ENDPOINT_URL_SSO_OIDC', endpoints.ssoOidc],
    ['AWS_ENDPOINT_URL_SSO', endpoints.sso],
    ['AWS_ENDPOINT_URL_STS', endpoints.sts],
  ] as const;
  const switches = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'].filter(
    (name) => (environment[name]?.trim().toLowerCase() === 'true') !== (endpoints.switches ?? []).includes(name),
  );
  return [
    ...variables.flatMap(([name, inForce]) =>
      inForce?.source === 'settings' || (environment[name] ?? '') === (inForce?.url ?? '') ? [] : [name],
    ),
    ...switches,
  ];
}
