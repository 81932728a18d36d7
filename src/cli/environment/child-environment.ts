// Builds the environment of a program that runs as one role: every other source of AWS credentials is removed.
import { UsageError } from '../../core/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables from which some SDK or tool takes credentials before those of the role (as of 2026-11). */
const IDENTITY_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  // botocore prefers it to AWS_SESSION_TOKEN.
  'AWS_SECURITY_TOKEN',
  'AWS_CREDENTIAL_EXPIRATION',
  // Names that the Go SDK, the Java SDK v1 and Ruby also read.
  'AWS_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'SECRET_ACCESS_KEY',
  'AMAZON_ACCESS_KEY_ID',
  'AMAZON_SECRET_ACCESS_KEY',
  'AMAZON_SESSION_TOKEN',
  // They name the account of the earlier keys, for signing and routing.
  'AWS_ACCOUNT_ID',
  'AWS_CREDENTIAL_SCOPE',
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  // Key files of the first EC2 tools, which botocore still reads first, and of the Java SDK v1.
  'AWS_CREDENTIAL_FILE',
  'AWS_CREDENTIAL_PROFILES_FILE',
  // Names of the earlier role that prompts show.
  'AWS_VAULT',
  'AWSUME_PROFILE',
  'AWS_SSO_PROFILE',
  'ROLECALL_PROFILE',
  'ROLECALL_GRANT',
  // Children do not inherit rolecall's passphrase.
  'ROLECALL_PASSPHRASE',
] as const;

/** Variables like `AWS_BEARER_TOKEN_BEDROCK` take precedence over all keys at their service. */
export const IDENTITY_PREFIX = 'AWS_BEARER_TOKEN_';

/** Whether SDKs take credentials from this variable, or rolecall names the role in it. */
export function isIdentityVariable(name: string): boolean {
  return (IDENTITY_VARIABLES as readonly string[]).includes(name) || name.startsWith(IDENTITY_PREFIX);
}

/** What a shell has to unset so that `AWS_PROFILE` takes effect, besides all variables with the prefix. */
export const BEFORE_PROFILE: readonly string[] = IDENTITY_VARIABLES.filter(
  (name) => name !== 'AWS_PROFILE' && !name.startsWith('ROLECALL_'),
);

/** What a shell has to unset so that keys in its environment take effect. */
export const BESIDE_KEYS = [
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_SECURITY_TOKEN',
  'AWS_ACCOUNT_ID',
  'AWS_CREDENTIAL_SCOPE',
] as const;

const JAVA_VARIABLES = ['JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS', 'MAVEN_OPTS', 'GRADLE_OPTS'] as const;
const JAVA_IDENTITY = /-D(aws\.\w*(?:key|token|profile|role|credential|config)\w*)/iu;

const PROXY_VARIABLES = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'] as const;
const CONTAINER_HOST = '127.0.0.1';

/** Variables that keep the paths of the AWS files outside `exec`, for a daemon that is started inside. */
const SAVED_PATHS = {
  AWS_CONFIG_FILE: 'ROLECALL_OUTSIDE_AWS_CONFIG_FILE',
  AWS_SHARED_CREDENTIALS_FILE: 'ROLECALL_OUTSIDE_AWS_SHARED_CREDENTIALS_FILE',
} as const;

/** `inherited` with the credentials in `given` and no others; `files` replace the AWS files. */
export function childEnvironment(
  inherited: Environment,
  given: {
    readonly identity: Readonly<Record<string, string>>;
    readonly profileName: string;
    readonly region: string | undefined;
    readonly files?: Readonly<Record<string, string>>;
  },
): Record<string, string> {
  const removed: ReadonlySet<string> = new Set(IDENTITY_VARIABLES);
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && !removed.has(name) && !name.startsWith(IDENTITY_PREFIX)) environment[name] = value;
  }
  for (const [name, outside] of Object.entries(SAVED_PATHS)) {
    // Inside another exec the variable already has the outermost path.
    if (given.files?.[name] !== undefined) environment[outside] ??= environment[name] ?? '';
  }
  return {
    ...environment,
    ...containerProxyExceptions(environment),
    ...given.files,
    ...given.identity,
    ...regionVariables(given.region),
    // On EC2 some SDKs would use the machine's role when the container endpoint refuses credentials.
    AWS_EC2_METADATA_DISABLED: 'true',
    ROLECALL_PROFILE: given.profileName,
  };
}

/** Sets both names: boto3 reads only the second, most others only the first. */
export function regionVariables(region: string | undefined): Record<string, string> {
  return region === undefined ? {} : { AWS_REGION: region, AWS_DEFAULT_REGION: region };
}

/** `environment` with the AWS file paths that it had outside every `exec`. */
export function outsideOfExec(environment: Environment): Environment {
  const outside: Record<string, string | undefined> = { ...environment };
  for (const [name, saved] of Object.entries(SAVED_PATHS)) {
    if (outside[saved] === undefined) continue;
    if (outside[saved] === '') delete outside[name];
    else outside[name] = outside[saved];
    delete outside[saved];
  }
  delete outside['ROLECALL_PROFILE'];
  delete outside['ROLECALL_GRANT'];
  return outside;
}

/** @throws UsageError usage: JVM options set credentials, which the Java SDK prefers */
export function refuseJavaIdentity(environment: Environment): void {
  for (const name of JAVA_VARIABLES) {
    const property = JAVA_IDENTITY.exec(environment[name] ?? '')?.[1];
    if (property === undefined) continue;
    throw new UsageError('usage', `${name} sets ${property}, which Java programs would use instead of the role.`, {
      hint: `unset ${name}`,
    });
  }
}

/** Keeps the grant's token away from proxies: some HTTP libraries send even loopback requests there. */
function containerProxyExceptions(environment: Readonly<Record<string, string>>): Record<string, string> {
  if (PROXY_VARIABLES.every((name) => (environment[name] ?? '') === '')) return {};
  const exceptions: Record<string, string> = {};
  for (const name of ['NO_PROXY', 'no_proxy']) {
    // Many libraries read the lower-case name first, so each name gets the value of either.
    const listed = environment[name] ?? environment['NO_PROXY'] ?? environment['no_proxy'] ?? '';
    const hosts = listed.split(',').map((host) => host.trim());
    if (!hosts.includes(CONTAINER_HOST) && listed !== '*') {
      exceptions[name] = [...hosts.filter((host) => host !== ''), CONTAINER_HOST].join(',');
    }
  }
  return exceptions;
}
