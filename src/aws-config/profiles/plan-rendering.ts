// Renders the block of a plan: the new text of the file, and what is different in it.
import { UsageError } from '../../core/errors.ts';
import type { Steps } from '../../core/async/steps.ts';
import { unifiedDiff } from '../../core/text/unified-diff.ts';
import { quoteCommandWord } from '../document/command-word.ts';
import { findManagedBlock, type ManagedBlock } from '../document/managed-block.ts';
import { noExtraKeys } from './extra-keys.ts';
import { describeForeignKeys, findForeignKeys } from './foreign-keys.ts';
import { readOwnProfiles, type OwnProfile } from './own-profiles.ts';
import { findProfileChanges } from './plan-changes.ts';
import type { PlannedProfile, ProfilePlan, ProfilePlanRequest } from './plan-types.ts';
import { lostRoles } from './planned-roles.ts';
import { roleKey } from './profile-names.ts';
import { byProfileName, renderFollower, renderProfile, renderText, requireReadableResult } from './profile-text.ts';

/** What the plan of a sync that changed nothing has, as far as a later one needs it. */
export type SettledPlan = Pick<
  ProfilePlan,
  | 'profiles'
  | 'unwritten'
  | 'writes'
  | 'followers'
  | 'inCredentialsFile'
  | 'keptCount'
  | 'excludedCount'
  | 'issuedNames'
>;

/** That part of a plan alone, without its texts. */
export function pickSettled(plan: SettledPlan): SettledPlan {
  const { profiles, unwritten, writes, followers, keptCount, excludedCount, inCredentialsFile } = plan;
  const { template, chains } = plan.issuedNames;
  return {
    profiles,
    unwritten,
    writes,
    followers,
    keptCount,
    excludedCount,
    ...(inCredentialsFile === undefined ? {} : { inCredentialsFile }),
    issuedNames: { template, profiles: [], ...(chains === undefined ? {} : { chains }) },
  };
}

/**
 * The plan for the same file, lists and names as `settled`, once these profiles of its unwritten ones are to be written.
 * It is equal to a plan of everything, whose text has the names of all profiles by now.
 */
export function* promoteInSteps(
  request: ProfilePlanRequest,
  settled: SettledPlan,
  promoted: ReadonlySet<PlannedProfile>,
): Steps<ProfilePlan> {
  const { document } = request;
  const block = findManagedBlock(document);
  const own = readOwnProfiles(document, block);
  yield;
  const profiles = [...settled.profiles, ...promoted].toSorted(byProfileName);
  const entries = [...profiles, ...listAliasProfiles(profiles)];
  const templateText = settled.issuedNames.template;
  const rendered = yield* renderInSteps(request, { block, own, templateText }, entries, settled.followers);
  return {
    ...settled,
    ...rendered,
    profiles,
    unwritten: settled.unwritten.filter((profile) => !promoted.has(profile)),
    skipped: [],
  };
}

/** The block with these entries in any order, and what is different in it. */
export function* renderInSteps(
  request: ProfilePlanRequest,
  { block, own, templateText }: { block: ManagedBlock | undefined; own: readonly OwnProfile[]; templateText: string },
  unsorted: readonly PlannedProfile[],
  followers: ProfilePlan['followers'],
): Steps<Pick<ProfilePlan, 'conflict' | 'added' | 'removed' | 'changed' | 'keptLost' | 'text' | 'diff'>> {
  const { document, settings } = request;
  const command = quoteCommandWord(checkPath(request.credentialProcessPath));
  const entries = unsorted.toSorted(byProfileName);
  yield;
  const extraFor = settings.extraFor ?? noExtraKeys;
  const rendered = new Map([
    ...entries.map((profile) => [profile.profileName, renderProfile(profile, command, extraFor(profile))] as const),
    ...followers.map(
      ({ profileName, region }) =>
        [profileName, renderFollower(profileName, region, command, extraFor(request.currentRole))] as const,
    ),
  ]);
  yield;
  const text = renderText(document, block, templateText, rendered);
  yield;
  const foreign = findForeignKeys(block, own, extraFor);
  const conflict = describeForeignKeys(document, foreign);
  yield;
  // A key below the block is reported as foreign, not as a duplicate of a key that the settings add above it.
  const isReadable = document.problems.length === 0;
  if (!(isReadable && foreign.some(({ isBelow }) => isBelow))) requireReadableResult(document, block, rendered);
  yield;
  const changes =
    text === document.text
      ? { added: [], removed: [], changed: [] }
      : findProfileChanges(own, entries, rendered, document);
  yield;
  const diff = unifiedDiff(document.text, text, document.path);
  yield;
  return {
    ...(conflict === undefined ? {} : { conflict }),
    ...changes,
    keptLost: findKeptLost(request, entries),
    text,
    diff,
  };
}

/** Each alias as a profile of its own. */
export function listAliasProfiles(profiles: readonly PlannedProfile[]): PlannedProfile[] {
  return profiles.flatMap(({ aliases = [], ...profile }) =>
    aliases.map((alias) => ({ ...profile, profileName: alias, aliasOf: profile.profileName })),
  );
}

function findKeptLost({ catalogs }: ProfilePlanRequest, entries: readonly PlannedProfile[]): readonly string[] {
  const lost = lostRoles(catalogs);
  if (lost.size === 0) return [];
  return entries
    .filter((profile) => lost.has(roleKey(profile.chain?.source ?? profile)))
    .map(({ profileName }) => profileName);
}

function checkPath(path: string): string {
  if (path.startsWith('/') && !/\p{Cc}/u.test(path)) return path;
  throw new UsageError(
    'settings-invalid',
    `The path of rolecall-credential-process cannot be written to a profile: "${path.replace(/\p{Cc}/gu, '?')}".`,
  );
}
