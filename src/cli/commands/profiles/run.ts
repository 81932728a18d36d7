// `rolecall profiles list` and `rolecall profiles sync`.
import { errorFromBody } from '../../../core/errors.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import type { ProfilesDocument } from '../../../local-api/schemas.ts';
import type { CliContext } from '../../context.ts';
import { describeNamesTaken } from '../../profiles/credentials-file.ts';
import { formatDiff } from '../../terminal/diff-lines.ts';
import { count, createPainter, formatTable, harmless, reportFailure, shortenPath } from '../../terminal/render.ts';

/** Without our markers every profile of ours is somebody else's. */
const MOST_LEFT_OUT = 3;

export interface ProfilesOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly prune?: boolean;
}

export async function runProfilesList(options: ProfilesOptions, context: CliContext): Promise<number> {
  const document = await context.client.call('profiles', {}, { signal: context.signal });
  if (options.json === true) {
    context.stdout.write(formatJson(document));
    return 0;
  }
  if (document.profiles.length === 0 && (document.unwritten ?? 0) === 0) {
    reportNoProfiles(document, context);
    reportSkipped(document, context);
    return 0;
  }
  const paint = createPainter(context.stdout, context.environment);
  const rows = document.profiles.map((profile) => [
    [profile.profileName, ...(profile.aliases ?? [])].map(harmless).join(', '),
    profile.accountId,
    harmless(profile.accountName ?? '-'),
    harmless(profile.permissionSet),
    harmless(profile.region),
  ]);
  const [first = '', ...others] = formatTable([
    ['PROFILE', 'ACCOUNT ID', 'ACCOUNT', 'PERMISSION SET', 'REGION'],
    ...rows,
  ]).split(/(?<=\n)/);
  context.stdout.write(paint('dim', first) + others.join(''));
  const pending = document.added.length + document.removed.length + document.changed.length;
  if (pending > 0) context.stderr.write(`${count(pending, 'change')} not yet written: rolecall profiles sync\n`);
  if ((document.unwritten ?? 0) > 0) context.stderr.write(`${describeUnwritten(document).trim()}\n`);
  reportKept(document, context);
  reportSkipped(document, context);
  const { conflict } = document;
  if (conflict !== undefined) reportFailure(conflict.message, conflict.hint, context);
  return 0;
}

export async function runProfilesSync(options: ProfilesOptions, context: CliContext): Promise<number> {
  const isDryRun = options.dryRun === true;
  const prune = options.prune === true;
  const { client, signal } = context;
  const document = isDryRun
    ? await client.call('profiles', { query: { prune } }, { signal })
    : await client.call('syncProfiles', { body: { prune } }, { signal });
  if (options.json === true) {
    context.stdout.write(formatJson(document));
    if (document.conflict !== undefined) throw errorFromBody(document.conflict);
    return 0;
  }
  const file = shortenPath(document.configFile, context.homeDirectory);
  if (isDryRun) {
    context.stdout.write(
      document.diff === ''
        ? `${file} is up to date.\n`
        : formatDiff(document.diff, createPainter(context.stdout, context.environment)),
    );
  } else {
    context.stdout.write(`${describeSync(document, file)}\n`);
  }
  if (document.profiles.length === 0 && (document.unwritten ?? 0) === 0) reportNoProfiles(document, context);
  reportKept(document, context);
  reportSkipped(document, context);
  if (document.conflict !== undefined) throw errorFromBody(document.conflict);
  return 0;
}

/** Where all were left out, the lines on these say why there is none. */
function reportNoProfiles({ skipped }: ProfilesDocument, context: CliContext): void {
  if (skipped.length > 0) return;
  context.stderr.write('No profile yet; they are made from the list of accounts: rolecall login\n');
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

/** Each further name is a profile as well. */
function countNames(profiles: ProfilesDocument['profiles']): number {
  return profiles.reduce((sum, { aliases = [] }) => sum + 1 + aliases.length, 0);
}

/** What `write` of the settings keeps out of the file, and that it is there all the same. */
function describeUnwritten({
  write = '',
  unwritten = 0,
}: {
  readonly write?: string;
  readonly unwritten?: number;
}): string {
  if (unwritten === 0) return '';
  const why = write === 'auto' ? 'there are so many, and write = "auto"' : `write = "${write}"`;
  return `\n${count(unwritten, 'more role')} ${unwritten === 1 ? 'has a name and gets its' : 'have names and get their'} profile when first used (${why}): rolecall use`;
}

/** Two lines on profiles whose roles a suspicious listing lost; nothing when there are none. */
export function reportKept({ kept = [] }: { readonly kept?: readonly string[] }, context: CliContext): void {
  if (kept.length === 0) return;
  context.stderr.write(
    `Kept ${count(kept.length, 'profile')} although the last listing lost ${kept.length === 1 ? 'its role' : 'their roles'}, too many at once to be sure.\n` +
      `If you lost that access for good, run: rolecall profiles sync --prune\n`,
  );
}

function reportSkipped(document: ProfilesDocument, context: CliContext): void {
  for (const { profileName, reason } of document.skipped.slice(0, MOST_LEFT_OUT)) {
    context.stderr.write(`Left out ${harmless(profileName)}: ${harmless(reason)}\n`);
  }
  const more = document.skipped.length - MOST_LEFT_OUT;
  if (more > 0) context.stderr.write(`Left out ${more} more: rolecall profiles list --json\n`);
  context.stderr.write(describeNamesTaken(document.inCredentialsFile, context) ?? '');
}
