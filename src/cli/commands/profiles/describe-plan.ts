// What `profiles list`, `profiles sync` and `login` say about the profiles: counts, and what was left out.
import type { ProfilesDocument } from '../../../local-api/schemas.ts';
import type { Output, Places } from '../../context.ts';
import { describeNamesTaken } from '../../profiles/credentials-file.ts';
import { count, harmless } from '../../terminal/render.ts';

/** If our markers are missing from the file, every profile is left out. */
const MAX_LEFT_OUT = 3;

/** One line on profiles that get their keys from `aws login`; nothing if there are none. */
export function reportLoginProfiles({ loginProfiles = [] }: ProfilesDocument, context: Pick<Output, 'stderr'>): void {
  const [first] = loginProfiles;
  if (first === undefined) return;
  const shown = loginProfiles
    .slice(0, MAX_LEFT_OUT)
    .map(({ profileName, accountId }) => harmless(accountId === null ? profileName : `${profileName} (${accountId})`));
  const more = loginProfiles.length - shown.length;
  context.stderr.write(
    `${count(loginProfiles.length, 'profile')} of yours ${loginProfiles.length === 1 ? 'gets its' : 'get their'} keys from aws login, not from rolecall: ` +
      `${shown.join(', ')}${more > 0 ? ` and ${more} more (rolecall profiles list --json)` : ''}.\n`,
  );
}

/** "~/.aws/config: 7 profiles, 2 new, 1 gone." */
export function describeSync(
  change: Pick<ProfilesDocument, 'added' | 'removed' | 'changed'> & {
    readonly profiles?: ProfilesDocument['profiles'];
    readonly total?: number;
    readonly write?: string;
    readonly unwritten?: number;
  },
  file: string,
): string {
  const parts = [
    count(change.total ?? countNames(change.profiles ?? []), 'profile'),
    ...(change.added.length === 0 ? [] : [`${change.added.length} new`]),
    ...(change.changed.length === 0 ? [] : [`${change.changed.length} changed`]),
    ...(change.removed.length === 0 ? [] : [`${change.removed.length} gone`]),
  ];
  return `${file}: ${parts.join(', ')}${parts.length === 1 ? ', up to date' : ''}.${describeUnwritten(change)}`;
}

/** An alias is one more profile. */
function countNames(profiles: ProfilesDocument['profiles']): number {
  return profiles.reduce((sum, { aliases = [] }) => sum + 1 + aliases.length, 0);
}

/** A line on roles that the setting `write` keeps out of the file, and that they can be used all the same. */
export function describeUnwritten({
  write = '',
  unwritten = 0,
}: {
  readonly write?: string;
  readonly unwritten?: number;
}): string {
  if (unwritten === 0) return '';
  const why = write === 'auto' ? 'write = "auto", and there are many roles' : `write = "${write}"`;
  return `\n${count(unwritten, 'more role')} ${unwritten === 1 ? 'has a name and gets its' : 'have names and get their'} profile when first used (${why}): rolecall use`;
}

/** Says nothing if profiles were left out: `reportSkipped` says why there are none. */
export function reportNoProfiles({ skipped }: ProfilesDocument, context: Pick<Output, 'stderr'>): void {
  if (skipped.length > 0) return;
  context.stderr.write('No profiles yet. To list your accounts and write their profiles: rolecall login\n');
}

/** Two lines on profiles whose roles were missing from a suspicious listing; nothing if there are none. */
export function reportKept(
  { kept = [] }: { readonly kept?: readonly string[] },
  context: Pick<Output, 'stderr'>,
): void {
  if (kept.length === 0) return;
  context.stderr.write(
    `Kept ${count(kept.length, 'profile')} although ${kept.length === 1 ? 'its role is' : 'their roles are'} missing from the last listing: too many went missing at once to be sure.\n` +
      `If you lost that access for good, run: rolecall profiles sync --prune\n`,
  );
}

export function reportSkipped(document: ProfilesDocument, context: Pick<Output, 'stderr'> & Places): void {
  for (const { profileName, reason } of document.skipped.slice(0, MAX_LEFT_OUT)) {
    context.stderr.write(`Left out ${harmless(profileName)}: ${harmless(reason)}\n`);
  }
  const more = document.skipped.length - MAX_LEFT_OUT;
  if (more > 0) context.stderr.write(`Left out ${more} more: rolecall profiles list --json\n`);
  context.stderr.write(describeNamesTaken(document.inCredentialsFile, context) ?? '');
}
