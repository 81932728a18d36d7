// Profile names that the shared credentials file uses too: AWS clients prefer its keys to a profile in the config file.
import { readCredentialsNames, type CredentialsNames } from '../../aws-config/document/credentials-names.ts';
import { ConflictError, NotFoundError } from '../../core/errors.ts';
import { editCommand, quoteForShell } from '../../core/text/quote-for-shell.ts';
import type { ProfilesDocument, RoleDocument } from '../../local-api/schemas.ts';
import { awsFilePath, MAX_AWS_FILE_BYTES } from '../../platform/files/aws-file-path.ts';
import { readBoundedFile } from '../../platform/files/bounded-read.ts';
import type { DaemonAccess, Output, Places } from '../context.ts';
import { findProfile } from './find-profile.ts';
import { harmless, shortenPath } from '../terminal/render.ts';

type Context = DaemonAccess & Pick<Output, 'environment'> & Pick<Places, 'homeDirectory'>;

/** How many names fit into one line. */
const MAX_NAMES_SHOWN = 3;

/** Names in the credentials file of this shell, which may differ from the daemon's; none if it cannot be read. */
async function readNames({ environment, homeDirectory }: Context): Promise<{ path: string; names: CredentialsNames }> {
  const path = awsFilePath('credentials', environment, homeDirectory);
  const text = await readBoundedFile(path, MAX_AWS_FILE_BYTES).catch(() => '');
  return { path, names: readCredentialsNames(text) };
}

/** One line about names that rolecall's profiles could not get; undefined if there are none. */
export function describeNamesTaken(
  taken: ProfilesDocument['inCredentialsFile'],
  { homeDirectory }: Pick<Places, 'homeDirectory'>,
): string | undefined {
  if (taken === undefined) return undefined;
  const shown = taken.names
    .slice(0, MAX_NAMES_SHOWN)
    .map(({ name, profileName }) =>
      profileName === null
        ? `${harmless(name)} (not written)`
        : `${harmless(name)} (rolecall's profile is ${harmless(profileName)})`,
    );
  const more = taken.names.length - shown.length;
  return (
    `AWS clients read these names from ${harmless(shortenPath(taken.file, homeDirectory))}: ${shown.join(', ')}` +
    `${more > 0 ? ` and ${more} more (rolecall profiles list --json)` : ''}.\n`
  );
}

/**
 * Resolves if AWS clients that use the profile `name` get rolecall's role of that name, or if there is no such role.
 * `command` is the command line before the name, for the hint.
 * @throws ConflictError profile-shadowed: they get keys of the credentials file instead
 */
export async function refuseShadowed(name: string, context: Context, command = 'rolecall use'): Promise<void> {
  const { path, names } = await readNames(context);
  const line = names.get(name);
  if (line === undefined) return;
  const fix = await findFix(name, { command, edit: editCommand(path, line) }, context);
  if (fix === undefined) return;
  const file = harmless(shortenPath(path, context.homeDirectory));
  throw new ConflictError(
    'profile-shadowed',
    `AWS clients read [${harmless(name)}] from ${file}, line ${line}, not from rolecall. ${fix.explanation}`,
    { hint: fix.hint },
  );
}

/** How to get the role of that name; undefined when there is none. */
async function findFix(
  name: string,
  { command, edit }: { readonly command: string; readonly edit: string },
  context: Context,
): Promise<{ readonly explanation: string; readonly hint: string } | undefined> {
  const plan = await context.client.call('profiles', {}, { signal: context.signal });
  const taken = plan.inCredentialsFile?.names.find((other) => other.name === name);
  if (taken !== undefined && taken.profileName !== null) {
    const { profileName } = taken;
    return (await isOfRole(profileName, context))
      ? {
          explanation: `The role's profile is ${harmless(profileName)}.`,
          hint: `${command} ${quoteForShell(harmless(profileName))}`,
        }
      : {
          explanation: `A sync renames the role's profile to ${harmless(profileName)}.`,
          hint: 'rolecall profiles sync',
        };
  }
  if (taken !== undefined) return { explanation: 'Delete or rename that section.', hint: edit };
  if (plan.profiles.some(({ profileName, aliases }) => profileName === name || aliases?.includes(name) === true)) {
    return {
      explanation: 'The daemon reads another credentials file than this shell.',
      hint: 'rolecall daemon restart',
    };
  }
  return (await isOfRole(name, context)) ? { explanation: 'Delete or rename that section.', hint: edit } : undefined;
}

/** False for `current` while no current role is set. */
async function isOfRole(name: string, context: Context): Promise<boolean> {
  try {
    return (await findProfile(name, context)) !== undefined;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

export async function hasInCredentialsFile(name: string, context: Context): Promise<boolean> {
  return (await readNames(context)).names.has(name);
}

/** One line if the profile's name contains the account id because the credentials file has the plain name; else ''. */
export async function describeRenamed(
  { profile, accountId }: Pick<RoleDocument, 'profile' | 'accountId'>,
  context: Context,
): Promise<string> {
  const plain = profile?.replace(`-${accountId}`, '');
  if (plain === undefined || plain === profile) return '';
  const { path, names } = await readNames(context);
  if (!names.has(plain)) return '';
  const file = harmless(shortenPath(path, context.homeDirectory));
  return `Its profile is ${harmless(profile ?? '')}, because AWS clients read ${harmless(plain)} from ${file}.\n`;
}
