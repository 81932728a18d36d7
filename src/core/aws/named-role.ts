// The role that a person names: by its ARN, or by its name in the account that they are in.
import { parseRoleArn } from './chain-role.ts';

/** With or without its path, as IAM allows them; not the path of a file. */
const ROLE_NAME = /^(?:(?!\.+\/)[A-Za-z0-9_+=,.@-]{1,128}\/){0,8}[A-Za-z0-9_+=,.@-]{1,64}$/;

/** `word` as the ARN of a role: itself, or the role of that name in the account; undefined if it is neither. */
export function resolveRoleArn(
  word: string,
  place: { readonly partition: string; readonly accountId: string },
): string | undefined {
  const roleArn = ROLE_NAME.test(word) ? `arn:${place.partition}:iam::${place.accountId}:role/${word}` : word;
  return parseRoleArn(roleArn) === undefined ? undefined : roleArn;
}

/** Whether `word` names a role in some account. */
export function isRoleWord(word: string): boolean {
  return resolveRoleArn(word, { partition: 'aws', accountId: '000000000000' }) !== undefined;
}
