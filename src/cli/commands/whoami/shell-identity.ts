// What an AWS client that is started in this environment takes its identity from, as the AWS CLI and boto3 look for it.
import type { Environment } from '../../environment/child-environment.ts';

export type IdentitySource =
  /** A profile, and which variable or habit says so. */
  | { readonly kind: 'profile'; readonly profileName: string; readonly because: ProfileReason }
  /** Keys in variables; whose they are nobody can tell from them. */
  | { readonly kind: 'keys'; readonly beside: string | undefined }
  | { readonly kind: 'web-identity'; readonly roleArn: string }
  /** A container door that is not ours. */
  | { readonly kind: 'container' };

export type ProfileReason = 'exec' | 'exec-keys' | 'AWS_PROFILE' | 'AWS_DEFAULT_PROFILE' | 'default';

/** The first that counts; a profile called `default` when nothing says anything. */
export function findIdentitySource(environment: Environment): IdentitySource {
  const has = (name: string) => (environment[name] ?? '') !== '';
  const text = (name: string) => environment[name] ?? '';
  const hasDoor = has('AWS_CONTAINER_CREDENTIALS_FULL_URI') || has('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI');
  const execProfile = text('ROLECALL_PROFILE');
  const profile = has('AWS_PROFILE') ? 'AWS_PROFILE' : 'AWS_DEFAULT_PROFILE';
  if (has('AWS_ACCESS_KEY_ID') && has('AWS_SECRET_ACCESS_KEY')) {
    // `exec --env-keys` gives keys and no door; other keys beside a door are somebody else's.
    const isOurs = execProfile !== '' && !hasDoor && has('AWS_CREDENTIAL_EXPIRATION');
    if (isOurs) return { kind: 'profile', profileName: execProfile, because: 'exec-keys' };
    return { kind: 'keys', beside: has(profile) ? profile : undefined };
  }
  if (has('AWS_WEB_IDENTITY_TOKEN_FILE') && has('AWS_ROLE_ARN')) {
    return { kind: 'web-identity', roleArn: text('AWS_ROLE_ARN') };
  }
  if (has(profile)) return { kind: 'profile', profileName: text(profile), because: profile };
  if (hasDoor && execProfile !== '') return { kind: 'profile', profileName: execProfile, because: 'exec' };
  if (hasDoor) return { kind: 'container' };
  return { kind: 'profile', profileName: 'default', because: 'default' };
}
