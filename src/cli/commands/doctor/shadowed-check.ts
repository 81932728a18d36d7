// Finds profiles that the credentials file has too: AWS clients use its keys instead of the profile.
import { splitDocument } from '../../../aws-config/document/document.ts';
import { isCredentialKey } from '../../../aws-config/document/default-credentials.ts';
import { editCommand } from '../../../core/text/quote-for-shell.ts';
import type { Finding } from './codes.ts';
import { credentialsProfiles, type ProfileSection, type World } from './world.ts';

const BLOCK_START = '# >>> rolecall >>>';
const BLOCK_END = '# <<< rolecall <<<';

export function findShadowed(profiles: readonly ProfileSection[], world: World): Finding[] {
  const { config, credentials } = world;
  const [start = 0, end = 0] = [BLOCK_START, BLOCK_END].map(
    (mark) => splitDocument(config.document).findIndex(({ text }) => text.trim() === mark) + 1,
  );
  const isOurs = ({ line }: ProfileSection) => start > 0 && start < line && line < end;
  const sections = new Map(credentialsProfiles(credentials).map((profile) => [profile.name, profile]));
  const shadowed = profiles.flatMap((profile) => {
    const shadow = sections.get(profile.name);
    return shadow === undefined ? [] : [{ profile, shadow }];
  });
  const byHand = shadowed.filter(
    ({ profile, shadow }) =>
      !isOurs(profile) &&
      (profile.value('credential_process') ?? profile.value('sso_session') ?? profile.value('sso_start_url')) !==
        undefined &&
      shadow.keys.some(isCredentialKey),
  );
  return [
    ...describeShadowedOurs(
      shadowed.flatMap(({ profile, shadow }) => (isOurs(profile) ? [shadow] : [])),
      world,
    ),
    ...byHand.map(({ shadow }) =>
      shadowedAt(
        shadow,
        `AWS clients use the keys in [${shadow.name}] instead of the profile of the same name. Delete that section.`,
        editCommand(credentials.path, shadow.line),
        world,
      ),
    ),
  ];
}

/** The name alone is enough, as a sync then renames rolecall's profile. Skipped if the daemon reports them itself. */
function describeShadowedOurs(shadows: readonly ProfileSection[], world: World): Finding[] {
  const { credentials, daemon } = world;
  const isRunning = daemon.state === 'running';
  if (isRunning && daemon.status.problems.some(({ code }) => code === 'profile-shadowed')) return [];
  const isFollower = ({ name }: ProfileSection) => name === 'current' || name === 'default';
  const [first, ...others] = shadows.filter((shadow) => !isFollower(shadow));
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const notFromRolecall = (names: string) => `AWS clients use ${names} from this file instead of rolecall's profile.`;
  return [
    ...shadows
      .filter(isFollower)
      .map((shadow) =>
        shadowedAt(
          shadow,
          `${notFromRolecall(`[${shadow.name}]`)} Delete or rename that section.`,
          editCommand(credentials.path, shadow.line),
          world,
        ),
      ),
    ...(first === undefined
      ? []
      : [
          shadowedAt(
            first,
            `${notFromRolecall(`[${first.name}]${more}`)} ${isRunning ? 'The daemon reads another file.' : "A sync renames rolecall's profiles."}`,
            isRunning ? 'rolecall daemon restart' : 'rolecall profiles sync',
            world,
          ),
        ]),
  ];
}

function shadowedAt({ line }: ProfileSection, message: string, command: string, { credentials }: World): Finding {
  return {
    code: 'profile-shadowed',
    message: `${credentials.shown}, line ${line}: ${message}`,
    commands: [command],
  };
}
