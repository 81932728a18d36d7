// Which role `rolecall console` opens: the named profile's, this shell's, or the current one.
import { NotFoundError } from '../../../core/errors.ts';
import type { ConsoleDocument } from '../../../local-api/schemas.ts';
import type { DaemonAccess, Output } from '../../context.ts';
import { chooseRegion, resolveProfile } from '../../profiles/granted-role.ts';
import type { ConsoleOptions } from './options.ts';

type RoleName = Pick<ConsoleDocument, 'session' | 'accountId' | 'permissionSet'>;

/** Never falls back: if the profile that comes first is unusable, that is an error. @throws NotFoundError */
export async function chooseRole(
  wanted: string | undefined,
  options: ConsoleOptions,
  context: DaemonAccess & Pick<Output, 'environment'>,
): Promise<{ readonly role: RoleName; readonly region: string | undefined }> {
  const { environment } = context;
  // `exec` sets ROLECALL_PROFILE instead of AWS_PROFILE.
  const variable = ['AWS_PROFILE', 'ROLECALL_PROFILE'].find((name) => (environment[name] ?? '') !== '');
  const name = wanted ?? (variable === undefined ? 'current' : environment[variable]) ?? 'current';
  if (name === 'current') {
    const current = await context.client.call('current', {}, { signal: context.signal });
    if (current === null) throw noRole(wanted ?? variable);
    const { session, accountId, permissionSet } = current;
    return { role: { session, accountId, permissionSet }, region: options.region };
  }
  const profile = await resolveProfile(name, context).catch((error: unknown) => {
    if (wanted !== undefined || !(error instanceof NotFoundError) || error.code !== 'profile-not-found') throw error;
    throw new NotFoundError('profile-not-found', `${variable} of this shell: ${error.message}`, { cause: error });
  });
  const { session, accountId, permissionSet } = profile;
  // Without options, the administrator's choice of a page applies.
  const isPageRequested = [options.service, options.region].some((value) => value !== undefined) || options.federated;
  return {
    role: { session, accountId, permissionSet },
    region: isPageRequested === true ? chooseRegion(options.region, profile) : undefined,
  };
}

function noRole(asked: string | undefined): NotFoundError {
  return new NotFoundError(
    'no-current-role',
    asked === undefined
      ? 'No profile named, AWS_PROFILE is not set, and no current role is set.'
      : 'No current role is set.',
    { hint: 'rolecall profiles list' },
  );
}
