// The grant of `rolecall exec`: opens it, bound to this process, and tells the program where it is.
import { join } from 'node:path';
import { titleOfRole } from '../../../core/text/role-title.js';
import type { IssuedGrantDocument, ProfileDocument, ViaDocument } from '../../../local-api/schemas.ts';
import type { CliContext, DaemonAccess } from '../../context.ts';
import { MAX_GRANT_SECONDS } from '../../profiles/own-grants.ts';
import { writePrivate } from './config-copies.ts';
import type { ExecOptions } from './options.ts';

/** With `via`, AWS has allowed the hop once this resolves, and the grant serves its role alone. */
export async function openGrant(
  profile: ProfileDocument,
  { via, isConfined }: { readonly via: ViaDocument | undefined; readonly isConfined: boolean },
  context: DaemonAccess & Pick<CliContext, 'processId'>,
): Promise<IssuedGrantDocument> {
  const { session, accountId, permissionSet } = profile;
  const body = {
    ...(profile.followsCurrent ? { current: true as const } : { session, accountId, permissionSet }),
    ...(via === undefined ? {} : { via }),
    ...(isConfined ? { confined: true } : {}),
    processId: context.processId,
    // It ends with the program anyway.
    lifetimeSeconds: MAX_GRANT_SECONDS,
  };
  const create = () => context.client.call('createGrant', { body }, { signal: context.signal });
  if (via === undefined) return create();
  const { requireNewEnough } = await import('../../../local-api/require-new-enough.ts');
  return requireNewEnough('--via', create);
}

/** The profile with the role that the grant serves. */
export function grantedRole(profile: ProfileDocument, { role }: IssuedGrantDocument): ProfileDocument {
  return role === null ? profile : { ...profile, ...role };
}

/** The profile's name, or `Deploy via taylor.Admin`, which is the name of no profile: nothing inside can take it for the profile. */
export function nameInside({ profileName }: ProfileDocument, grant: IssuedGrantDocument | undefined): string {
  if (grant?.chain === undefined) return profileName;
  return titleOfRole({ permissionSet: '', chain: grant.chain });
}

/** For `rolecall whoami` inside: the grant of a hop is all that knows its role. */
export function grantVariable(grant: IssuedGrantDocument | undefined): Record<string, string> {
  return grant?.chain === undefined ? {} : { ROLECALL_GRANT: grant.id };
}

/** Exactly one of the two token variables: together they break CDK. */
export async function containerVariables(
  grant: IssuedGrantDocument,
  visibleAt: string,
  options: ExecOptions,
): Promise<Record<string, string>> {
  const url = { AWS_CONTAINER_CREDENTIALS_FULL_URI: grant.url };
  if (options.tokenFile !== true) return { ...url, AWS_CONTAINER_AUTHORIZATION_TOKEN: grant.token };
  // Without a newline, as the SDKs send the file unchanged.
  await writePrivate(join(grant.directory, 'token'), grant.token);
  return { ...url, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(visibleAt, 'token') };
}
