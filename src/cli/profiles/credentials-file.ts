// Names that the shared credentials file has: AWS clients prefer what stands there to a profile of the config file.
import { readCredentialsNames, type CredentialsNames } from '../../aws-config/document/credentials-names.ts';
import { ConflictError, NotFoundError } from '../../core/errors.ts';
import { editCommand, quoteForShell } from '../../core/text/quote-for-shell.ts';
import type { ProfilesDocument, RoleDocument } from '../../local-api/schemas.ts';
import { awsFilePath, MAX_AWS_FILE_BYTES } from '../../platform/files/aws-file-path.ts';
import { readBoundedFile } from '../../platform/files/bounded-read.ts';
import type { CliContext } from '../context.ts';
import { findProfile } from './find-profile.ts';
import { harmless, shortenPath } from '../terminal/render.ts';

/** As many as one line holds. */
const MOST_SHOWN = 3;

/** The file of this shell, which may be another one than the daemon's; unreadable or absent, it has no names. */
async function readNames({
  environment,
  homeDirectory,
}: CliContext): Promise<{ path: string; names: CredentialsNames }> {
  const path = awsFilePath('credentials', environment, homeDirectory);
  const text = await readBoundedFile(path, MAX_AWS_FILE_BYTES).catch(() => '');
  return { path, names: readCredentialsNames(text) };
}

/** One line on the names that profiles of ours did not get; undefined when they got all. */
export function describeNamesTaken(
  taken: ProfilesDocument['inCredentialsFile'],
  { homeDirectory }: CliContext,
): string | undefined {
  if (taken === undefined) return undefined;
  const shown = taken.names
    .slice(0, MOST_SHOWN)
    .map(({ name, profileName }) =>
      profileName === null
        ? `${harmless(name)} (not written)`
        : `${harmless(name)} (rolecall's profile is ${harmless(profileName)})`,
    );
  const more = taken.names.length - shown.length;
  return (
    `AWS clients take these names from ${harmless(shortenPath(taken.file, homeDirectory))}: ${shown.join(', ')}` +
    `${more > 0 ? ` and ${more} more (rolecall profiles list --json)` : ''}.\n`
  );
}

/**
 * Resolves when a client that runs on `name` gets the role that rolecall knows by it, or when rolecall knows none.
 * @throws ConflictError profile-shadowed, with the command that leads to the role; `command` is the one that was given the name
 */
export async function refuseShadowed(name: string, context: CliContext, command = 'rolecall use'): Promise<void> {
  const { path, names } = await readNames(context);
  const line = names.get(name);
  if (line === undefined) return;
  const way = await findWayToRole(name, { command, edit: editCommand(path, line) }, context);
  if (way === undefined) return;
  const file = harmless(shortenPath(path, context.homeDirectory));
  throw new ConflictError(
    'profile-shadowed',
    `AWS clients take [${harmless(name)}] from ${file}, line ${line}, not from rolecall. ${way.because}`,
    { hint: way.hint },
  );
}

/** Undefined when no role goes by that name. */
async function findWayToRole(
  name: string,
  { command, edit }: { readonly command: string; readonly edit: string },
  context: CliContext,
): Promise<{ readonly because: string; readonly hint: string } | undefined> {
  const plan = await context.client.call('profiles', {}, { signal: context.signal });
  const taken = plan.inCredentialsFile?.names.find((other) => other.name === name);
  if (taken !== undefined && taken.profileName !== null) {
    const { profileName } = taken;
    return (await isOfRole(profileName, context))
      ? {
          because: `The role's profile is ${harmless(profileName)}.`,
          hint: `${command} ${quoteForShell(harmless(profileName))}`,
        }
      : { because: `A sync renames the role's profile to ${harmless(profileName)}.`, hint: 'rolecall profiles sync' };
  }
  if (taken !== undefined) return { because: 'Delete or rename that section.', hint: edit };
  if (plan.profiles.some(({ profileName, aliases }) => profileName === name || aliases?.includes(name) === true)) {
    return { because: 'The daemon reads another credentials file than this shell.', hint: 'rolecall daemon restart' };
  }
  return (await isOfRole(name, context)) ? { because: 'Delete or rename that section.', hint: edit } : undefined;
}

/** `current` stands for no role while there is no current one. */
async function isOfRole(name: string, context: CliContext): Promise<boolean> {
  try {
    return (await findProfile(name, context)) !== undefined;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

export async function hasInCredentialsFile(name: string, context: CliContext): Promise<boolean> {
  return (await readNames(context)).names.has(name);
}

/** One line when the role's profile has the account id in its name because the plain name was taken; else nothing. */
export async function describeRenamed(
  { profile, accountId }: Pick<RoleDocument, 'profile' | 'accountId'>,
  context: CliContext,
): Promise<string> {
  const plain = profile?.replace(`-${accountId}`, '');
  if (plain === undefined || plain === profile) return '';
  const { path, names } = await readNames(context);
  if (!names.has(plain)) return '';
  const file = harmless(shortenPath(path, context.homeDirectory));
  return `Its profile is ${harmless(profile ?? '')}, because AWS clients take ${harmless(plain)} from ${file}.\n`;
}
