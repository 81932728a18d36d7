// Compares the profiles of our block with the planned ones: which are added, removed or changed.
import type { ConfigDocument } from '../document/document.ts';
import { formatEntry } from './extra-keys.ts';
import { formatAliasLine, type OwnProfile } from './own-profiles.ts';
import type { PlannedProfile, ProfilePlan } from './plan-types.ts';
import { createSelectorResolver } from './planned-roles.ts';
import { byProfileName, renderExtraLine, type RenderedProfiles } from './profile-text.ts';

/** The changes from `own` to `profiles`; followers of the current role are in no list. */
export function findProfileChanges(
  own: readonly OwnProfile[],
  profiles: readonly PlannedProfile[],
  rendered: RenderedProfiles,
  document: ConfigDocument,
): Pick<ProfilePlan, 'added' | 'removed' | 'changed'> {
  const resolve = createSelectorResolver(document);
  const before = new Map(own.map((profile) => [profile.profileName, profile]));
  const planned = new Set(profiles.map(({ profileName }) => profileName));
  return {
    added: profiles.filter(({ profileName }) => !before.has(profileName)),
    changed: profiles.filter(({ profileName }) => {
      const earlier = before.get(profileName);
      return earlier !== undefined && writtenLines(earlier) !== (rendered.get(profileName) ?? []).join('\n');
    }),
    removed: [...before.values()]
      .filter(({ profileName, followsCurrent }) => !planned.has(profileName) && !followsCurrent)
      .map(({ profileName, role }) =>
        role === undefined
          ? { profileName }
          : {
              profileName,
              sessionName: resolve(role.sessionSelector) ?? role.sessionSelector,
              accountId: role.accountId,
              permissionSet: role.permissionSet,
            },
      )
      .toSorted(byProfileName),
  };
}

/** The profile in the file, formatted as `renderProfile` does. */
function writtenLines({ section, aliasOf, extraKeys }: OwnProfile): string {
  return [
    `[${section.header}]`,
    ...(aliasOf === undefined ? [] : [formatAliasLine(aliasOf)]),
    ...renderExtraLine(extraKeys),
    ...section.entries.flatMap(formatEntry),
  ].join('\n');
}
