// Finds access keys of IAM users, which never expire: where they are, which profiles use them, and how to remove them.
import { editCommand, quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { CheckGroup, Finding } from './codes.ts';
import { configProfiles, credentialsProfiles, type AwsFile, type ProfileSection, type World } from './world.ts';

export function checkKeys({ config, credentials }: World): CheckGroup {
  const users = [...configProfiles(config), ...credentialsProfiles(credentials)];
  const findings = [
    ...credentialsProfiles(credentials).flatMap((profile) => findKey(profile, credentials, users)),
    ...configProfiles(config).flatMap((profile) => findKey(profile, config, users)),
  ];
  return { name: 'keys', title: 'Long-lived keys', summary: 'none in your AWS files', findings };
}

/** "****************WXYZ": enough to find it in the IAM console. */
export function maskKeyId(keyId: string): string {
  return `${'*'.repeat(Math.max(0, keyId.length - 4))}${keyId.slice(-4)}`;
}

/** Keys with a session token expire on their own. */
export function isLongLived(keyId: string | undefined, hasToken: boolean): keyId is string {
  return keyId !== undefined && keyId !== '' && !keyId.startsWith('ASIA') && !hasToken;
}

/** How to get rid of a long-lived key, as the beginning of a sentence. */
export const REMOVE_KEY_ADVICE =
  'Find out whose it is, how old it is (CreateDate) and when it was last used. Deactivate it. If nothing breaks for a while, delete it with a profile that has IAM rights in that account (ADMIN)';

/** The commands for that. `id` is a shell word that expands to the key's id, `by` the options that make `aws` use the key. */
export function removeKeyCommands(id: string, by = ''): string[] {
  return [
    `aws sts get-caller-identity${by}`,
    `aws iam list-access-keys${by}`,
    `aws iam get-access-key-last-used --access-key-id ${id}${by}`,
    `aws iam update-access-key --status Inactive --access-key-id ${id}${by}`,
    `aws iam delete-access-key --user-name USER --access-key-id ${id} --profile ADMIN`,
  ];
}

function findKey(profile: ProfileSection, file: AwsFile, users: readonly ProfileSection[]): Finding[] {
  const keyId = profile.value('aws_access_key_id');
  if (!isLongLived(keyId, profile.value('aws_session_token') !== undefined)) return [];
  const dependents = users.filter((user) => user.value('source_profile') === profile.name).map(({ name }) => name);
  const uses =
    dependents.length === 0
      ? ''
      : ` The ${dependents.length === 1 ? 'profile' : 'profiles'} ${dependents.join(', ')} ${dependents.length === 1 ? 'depends' : 'depend'} on it (source_profile).`;
  const reach =
    profile.name === 'default'
      ? 'Every program without a profile runs as that IAM user.'
      : `Programs that use the profile "${profile.name}" run as that IAM user and bypass Identity Center.`;
  const name = quoteForShell(profile.name);
  return [
    {
      code: 'long-lived-key',
      message:
        `${file.shown}, line ${profile.line}: [${profile.header}] contains the long-lived access key ${maskKeyId(keyId)}. ${reach}${uses} ` +
        `${REMOVE_KEY_ADVICE}, and remove it from the file.`,
      commands: [
        ...removeKeyCommands(`"$(aws configure get aws_access_key_id --profile ${name})"`, ` --profile ${name}`),
        editCommand(file.path, profile.line),
      ],
    },
  ];
}
