// Resolves a profile to its role, credentials and region, for commands that act as a role.
import { UsageError } from '../../core/errors.ts';
import type { CredentialsDocument, ProfileDocument } from '../../local-api/schemas.ts';
import type { DaemonAccess } from '../context.ts';

/** As long as the credential process of a profile waits. */
const WAIT_SECONDS = 55;

/** @throws NotFoundError profile-not-found (with the nearest name), no-current-role */
export function resolveProfile(name: string, context: DaemonAccess): Promise<ProfileDocument> {
  return context.client.call('profile', { query: { name } }, { signal: context.signal });
}

/** Credentials of the profile's role; fetched first, so that a command fails before it starts anything. */
export function fetchCredentials(
  profile: Pick<ProfileDocument, 'followsCurrent' | 'session' | 'accountId' | 'permissionSet'>,
  context: DaemonAccess,
): Promise<CredentialsDocument> {
  const options = { signal: context.signal, waitSeconds: WAIT_SECONDS };
  if (profile.followsCurrent) return context.client.call('currentCredentials', {}, options);
  const { session, accountId: account, permissionSet: role } = profile;
  return context.client.call('credentials', { query: { session, account, role } }, options);
}

/**
 * The region to use: the requested one, else the profile's, else undefined.
 * @throws UsageError usage: the region contains characters that a host name cannot contain
 */
export function chooseRegion(requested: string | undefined, profile: ProfileDocument): string | undefined {
  const region = requested ?? profile.region ?? undefined;
  if (region === undefined || /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u.test(region)) return region;
  const source = requested === undefined ? ` (set by the profile "${profile.profileName}")` : '';
  throw new UsageError('usage', `"${region}" is not a region${source}.`, { hint: 'rolecall profiles list' });
}

/** Credentials as the environment variables that every SDK reads. */
export function keyVariables(credentials: CredentialsDocument): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: credentials.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.SecretAccessKey,
    AWS_SESSION_TOKEN: credentials.SessionToken,
    AWS_CREDENTIAL_EXPIRATION: credentials.Expiration,
  };
}
