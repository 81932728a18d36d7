// From a profile's name to the role behind it and a region that is one, for the commands that act as a role.
import { UsageError } from '../../core/errors.ts';
import type { CredentialsDocument, ProfileDocument } from '../../local-api/schemas.ts';
import type { CliContext } from '../context.ts';

/** @throws NotFoundError profile-not-found (with the nearest name), no-current-role */
export function resolveProfile(name: string, context: CliContext): Promise<ProfileDocument> {
  return context.client.call('profile', { query: { name } }, { signal: context.signal });
}

/** Keys of the profile's role; they tell, before anything is started, whether there are any. */
export function fetchCredentials(profile: ProfileDocument, context: CliContext): Promise<CredentialsDocument> {
  const options = { signal: context.signal };
  if (profile.followsCurrent) return context.client.call('currentCredentials', {}, options);
  const { session, accountId: account, permissionSet: role } = profile;
  return context.client.call('credentials', { query: { session, account, role } }, options);
}

/**
 * The region to work in: the wished one, else the profile's, else undefined.
 * @throws UsageError usage: neither a name that a host name may hold
 */
export function chooseRegion(wished: string | undefined, profile: ProfileDocument): string | undefined {
  const region = wished ?? profile.region ?? undefined;
  if (region === undefined || /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u.test(region)) return region;
  const source = wished === undefined ? `, which the profile "${profile.profileName}" says` : '';
  throw new UsageError('usage', `There is no region "${region}"${source}.`, { hint: 'rolecall profiles list' });
}

/** Keys as the variables that every SDK reads. */
export function keyVariables(credentials: CredentialsDocument): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: credentials.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.SecretAccessKey,
    AWS_SESSION_TOKEN: credentials.SessionToken,
    AWS_CREDENTIAL_EXPIRATION: credentials.Expiration,
  };
}
