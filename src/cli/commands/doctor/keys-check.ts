// Access keys of IAM users, which never end: where they are, who uses them, and how to be rid of them.
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

/** Keys that go with a session token end by themselves. */
export function isLongLived(keyId: string | undefined, hasToken: boolean): keyId is string {
  return keyId !== undefined && keyId !== '' && !keyId.startsWith('ASIA') && !hasToken;
}

/** What is to be done about a long-lived key, as the beginning of a sentence. */
export const BE_RID_OF_KEY =
  'Find out whose it is, how old it is (CreateDate) and when it was last used, switch it off, and once nothing has missed it for a while delete it, by a profile with IAM rights in that account (ADMIN)';

/** The commands for that; `id` is a word of the shell that gives the key's id, `by` the options with which `aws` uses the key. */
export function beRidOfKey(id: string, by = ''): string[] {
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
      : ` The ${dependents.length === 1 ? 'profile' : 'profiles'} ${dependents.join(', ')} ${dependents.length === 1 ? 'builds' : 'build'} on it (source_profile).`;
  const reach =
    profile.name === 'default'
      ? 'Every program that is given no profile is that IAM user.'
      : `Whoever uses the profile "${profile.name}" is that IAM user, past Identity Center.`;
  const name = quoteForShell(profile.name);
  return [
    {
      code: 'long-lived-key',
      message:
        `${file.shown}, line ${profile.line}: [${profile.header}] holds the long-lived access key ${maskKeyId(keyId)}. ${reach}${uses} ` +
        `${BE_RID_OF_KEY}, and take it out of the file.`,
      commands: [
        ...beRidOfKey(`"$(aws configure get aws_access_key_id --profile ${name})"`, ` --profile ${name}`),
        editCommand(file.path, profile.line),
      ],
    },
  ];
}
