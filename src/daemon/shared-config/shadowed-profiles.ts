// Finds rolecall profiles whose name is also in the credentials file: AWS clients prefer the keys there.
import type { CredentialsNames } from '../../aws-config/document/credentials-names.ts';
import type { Problem } from '../../core/problems.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import type { ConfigProfiles } from './config-profiles.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfigReading } from './shared-config.ts';
import type { SharedCredentials } from './shared-credentials.ts';

/** Names listed in one message. */
const MAX_SHOWN = 3;

/** The problems that `status` shows. Costs one `stat` while the credentials file is unchanged. */
export async function findShadowedProfiles(
  { sessions, profiles }: Pick<SharedConfigReading, 'sessions' | 'profiles'>,
  deps: { readonly sharedCredentials: SharedCredentials; readonly settings: Pick<Settings, 'profiles'> },
): Promise<Problem[]> {
  const { path } = deps.sharedCredentials;
  const names = await deps.sharedCredentials.names();
  if (names.size === 0 || sessions.length === 0) return [];
  const ofConfig = await profiles();
  const followers = deps.settings.profiles.defaultFollowsCurrent ? ['current', 'default'] : ['current'];
  const cutOff = followers.filter((name) => names.has(name) && mayBeOurs(name, ofConfig));
  const shadowed = [...names.keys()].filter((name) => ofConfig.isOurs(name) && !cutOff.includes(name));
  return [
    ...cutOff.map((name) => describeCutOff(name, path, names)),
    ...(shadowed.length === 0 ? [] : [describeShadowed(shadowed, path, names)]),
  ];
}

/** False for a hand-written profile, which does not follow the current role anyway. */
function mayBeOurs(name: string, { hasName, isOurs }: ConfigProfiles): boolean {
  return isOurs(name) || !hasName(name);
}

function describeCutOff(name: string, path: string, names: CredentialsNames): Problem {
  const line = names.get(name) ?? 1;
  return {
    code: 'profile-shadowed',
    message: `AWS clients read [${name}] from ${path}, line ${line}, so it does not follow the current role. Delete or rename that section.`,
    hint: editCommand(path, line),
  };
}

/** Reported as one problem; the next sync renames these profiles. */
function describeShadowed(shadowed: readonly string[], path: string, names: CredentialsNames): Problem {
  const shown = shadowed.slice(0, MAX_SHOWN).map((name) => `[${name}] (line ${names.get(name) ?? 1})`);
  const more = shadowed.length > shown.length ? ` and ${shadowed.length - shown.length} more` : '';
  return {
    code: 'profile-shadowed',
    message: `AWS clients read ${shown.join(', ')}${more} from ${path}, not from rolecall. A sync renames rolecall's profiles.`,
    hint: 'rolecall profiles sync',
  };
}
