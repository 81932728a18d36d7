// Where AWS clients started in this environment get their identity, in the order of the AWS CLI and boto3.
import type { Environment } from '../../environment/child-environment.ts';

export type IdentitySource =
  /** A profile, and why it applies. */
  | { readonly kind: 'profile'; readonly profileName: string; readonly because: ProfileReason }
  /** Keys in variables; they do not say whose they are. */
  | { readonly kind: 'keys'; readonly beside: string | undefined }
  | { readonly kind: 'web-identity'; readonly roleArn: string }
  /** A container credentials endpoint that is not rolecall's. */
  | { readonly kind: 'container' };

export type ProfileReason = 'exec' | 'exec-keys' | 'AWS_PROFILE' | 'AWS_DEFAULT_PROFILE' | 'default';

/** The source that takes precedence; the profile `default` if nothing is set. */
export function findIdentitySource(environment: Environment): IdentitySource {
  const has = (name: string) => (environment[name] ?? '') !== '';
  const text = (name: string) => environment[name] ?? '';
  const hasEndpoint = has('AWS_CONTAINER_CREDENTIALS_FULL_URI') || has('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI');
  const execProfile = text('ROLECALL_PROFILE');
  const profile = has('AWS_PROFILE') ? 'AWS_PROFILE' : 'AWS_DEFAULT_PROFILE';
  if (has('AWS_ACCESS_KEY_ID') && has('AWS_SECRET_ACCESS_KEY')) {
    // `exec --env-keys` sets keys and no endpoint; keys next to an endpoint come from elsewhere.
    const isOurs = execProfile !== '' && !hasEndpoint && has('AWS_CREDENTIAL_EXPIRATION');
    if (isOurs) return { kind: 'profile', profileName: execProfile, because: 'exec-keys' };
    return { kind: 'keys', beside: has(profile) ? profile : undefined };
  }
  if (has('AWS_WEB_IDENTITY_TOKEN_FILE') && has('AWS_ROLE_ARN')) {
    return { kind: 'web-identity', roleArn: text('AWS_ROLE_ARN') };
  }
  if (has(profile)) return { kind: 'profile', profileName: text(profile), because: profile };
  if (hasEndpoint && execProfile !== '') return { kind: 'profile', profileName: execProfile, because: 'exec' };
  if (hasEndpoint) return { kind: 'container' };
  return { kind: 'profile', profileName: 'default', because: 'default' };
}
