// Which roles a far host gets: those of --role, else this shell's, else the current one.
import { NotFoundError, UsageError } from '../../../core/errors.ts';
import type { ProfileDocument } from '../../../local-api/schemas.ts';
import { canAsk, chooseProfile } from '../../picker/choose-profile.ts';
import type { PickerContext } from '../../picker/choose-role.ts';
import { resolveProfile } from '../../profiles/granted-role.ts';
import { findIdentitySource } from '../whoami/shell-identity.ts';

export type Profiles = readonly [ProfileDocument, ...ProfileDocument[]];

/**
 * Undefined when the user cancelled. The current role is the one that is current now: a far host is not to follow a switch here.
 * @throws UsageError usage: there is no role to take, or one is named twice
 */
export async function chooseRoles(
  names: readonly string[],
  command: string,
  context: PickerContext,
): Promise<Profiles | undefined> {
  const request = { purpose: 'on the host', command: `rolecall ${command} --role`, mayAsk: canAsk(context) };
  const choose = async (words: readonly string[]) => {
    const chosen = await chooseProfile(words, request, context);
    return chosen && { ...chosen, followsCurrent: false };
  };
  if (names.length === 0) {
    const own = await ownProfile(command, context);
    const chosen = own === undefined ? await choose([]) : { ...own, followsCurrent: false };
    return chosen && [chosen];
  }
  const profiles: ProfileDocument[] = [];
  for (const name of names) {
    if (name.trim() === '') throw new UsageError('usage', '--role is empty.', { hint: 'rolecall profiles list' });
    const chosen = await choose([name]);
    if (chosen === undefined) return undefined;
    if (profiles.some(({ profileName }) => profileName === chosen.profileName)) {
      throw new UsageError('usage', `The role ${chosen.profileName} is given twice.`, {
        hint: `rolecall ${command} --help`,
      });
    }
    profiles.push(chosen);
  }
  const [first, ...others] = profiles;
  return first && [first, ...others];
}

/** The profile that this shell uses; undefined if it uses none, and the person can choose one. */
async function ownProfile(command: string, context: PickerContext): Promise<ProfileDocument | undefined> {
  const source = findIdentitySource(context.environment);
  if (source.kind !== 'profile') {
    if (canAsk(context)) return undefined;
    throw new UsageError(
      'usage',
      `rolecall ${command} needs --role: this shell uses credentials that rolecall does not know.`,
      { hint: 'rolecall profiles list' },
    );
  }
  try {
    return await resolveProfile(source.because === 'default' ? 'current' : source.profileName, context);
  } catch (error) {
    const isUnset = error instanceof NotFoundError && error.code === 'no-current-role';
    if (isUnset && canAsk(context)) return undefined;
    if (!isUnset) throw error;
    throw new NotFoundError('no-current-role', `rolecall ${command} needs --role: no current role is set.`, {
      hint: 'rolecall profiles list',
    });
  }
}
