// Finds the profile that the words of `exec`, `env`, `console` and `whoami` mean: an exact name first, else a search as in `use`.
import { NotFoundError, UsageError } from '../../core/errors.ts';
import type { ProfileDocument } from '../../local-api/schemas.ts';
import type { Dialog, Output } from '../context.ts';
import { resolveProfile } from '../profiles/granted-role.ts';
import type { PickerContext } from './choose-role.ts';
import type { RoleRequest } from './role-request.ts';

export type ProfileRequest = Pick<RoleRequest, 'purpose' | 'command' | 'commandEnd' | 'mayAsk' | 'isReadOnly'>;

/**
 * `prod.Admin` and `default`, unlike the word `prod`: typed from memory or found in a script that runs in a terminal. If that profile is
 * gone, `nonprod.Admin` must not take its place silently.
 */
const LIKE_A_NAME = /[^\p{L}\p{N}]|^default$/u;

/** Whether a person can answer: they see standard error and type on standard input. Standard output may be a pipe. */
export function canAsk({ stdinIsTerminal, stderr }: Pick<Dialog, 'stdinIsTerminal'> & Pick<Output, 'stderr'>): boolean {
  return stdinIsTerminal && stderr.isTTY === true;
}

/**
 * The profile, or undefined when the user cancelled. Prints its role on stderr unless it was named exactly.
 * @throws NotFoundError profile-not-found, account-not-found, no-current-role
 * @throws UsageError usage: without asking, several roles match, or the one that matches has to be named exactly
 */
export async function chooseProfile(
  words: readonly string[],
  request: ProfileRequest,
  context: PickerContext,
): Promise<ProfileDocument | undefined> {
  // An empty variable is no word.
  const named = words.map((word) => word.trim()).filter((word) => word !== '');
  const query = named.join(' ');
  if (query === '' && !request.mayAsk) throw needsProfile(request);
  const exact = query === '' ? undefined : await findExact(query, named, request, context);
  if (exact !== undefined) return exact;
  const isUnknownName = named.length === 1 && LIKE_A_NAME.test(query);
  return searchProfile({ ...request, query, isUnknownName }, context);
}

/** As commander says it for a missing argument. */
function needsProfile({ command }: ProfileRequest): UsageError {
  return new UsageError('usage', `${command} needs a profile.`, { hint: `${command} --help` });
}

/** Undefined when no profile has this name, and the words may be searched for. */
async function findExact(
  query: string,
  words: readonly string[],
  { mayAsk, isReadOnly }: ProfileRequest,
  context: PickerContext,
): Promise<ProfileDocument | undefined> {
  try {
    return await resolveProfile(query, context);
  } catch (error) {
    const isUnknown = error instanceof NotFoundError && error.code === 'profile-not-found';
    // One word in a script is the name of a profile. If that profile is gone, no other role may take its place.
    const isName = words.length === 1 && !mayAsk && isReadOnly !== true;
    if (!isUnknown || isName || isOfAwsLogin(error)) throw error;
    return undefined;
  }
}

/** The profile exists, but its keys come from `aws login`. */
const isOfAwsLogin = ({ hint }: NotFoundError) => hint.startsWith('aws login');

async function searchProfile(
  request: ProfileRequest & Pick<RoleRequest, 'query' | 'isUnknownName'>,
  context: PickerContext,
): Promise<ProfileDocument | undefined> {
  const { chooseRole } = await import('./choose-role.ts');
  const chosen = await chooseRole({ ...request, needsProfile: true }, context);
  if (chosen === undefined) return undefined;
  const { session, accountId, permissionSet, profile } = chosen.role;
  const found = await resolveProfile(profile ?? '', context);
  if (request.isReadOnly !== true) context.stderr.write(`${chosen.describe(found.region)}\n`);
  // The profile may have been rewritten since the list was read; the role is the one that was shown.
  return { ...found, followsCurrent: false, session, accountId, permissionSet };
}
