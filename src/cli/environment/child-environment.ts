// The environment of a program that runs as one role: everything that another identity could come from is taken out of it.
import { UsageError } from '../../core/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What some SDK or tool, as of 2026-11, would take an identity from, before or instead of what we give it. */
const IDENTITY_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  // botocore prefers it to AWS_SESSION_TOKEN.
  'AWS_SECURITY_TOKEN',
  'AWS_CREDENTIAL_EXPIRATION',
  // The Go SDK, the Java SDK v1 and Ruby know these names too.
  'AWS_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'SECRET_ACCESS_KEY',
  'AMAZON_ACCESS_KEY_ID',
  'AMAZON_SECRET_ACCESS_KEY',
  'AMAZON_SESSION_TOKEN',
  // They would sign for, or route to, the account of the keys that were there before.
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
  // Key files of the first EC2 tools, which botocore still asks first, and of the Java SDK v1.
  'AWS_CREDENTIAL_FILE',
  'AWS_CREDENTIAL_PROFILES_FILE',
  // Names that prompts show, of a role that is no longer the one.
  'AWS_VAULT',
  'AWSUME_PROFILE',
  'AWS_SSO_PROFILE',
  'ROLECALL_PROFILE',
  // Children of ours get no secret of ours.
  'ROLECALL_PASSPHRASE',
] as const;

/** `AWS_BEARER_TOKEN_BEDROCK` and its like beat every key at their service. */
export const IDENTITY_PREFIX = 'AWS_BEARER_TOKEN_';

/** What a shell has to unset for `AWS_PROFILE` to be what counts, besides everything that starts with the prefix. */
export const BEFORE_PROFILE: readonly string[] = IDENTITY_VARIABLES.filter(
  (name) => name !== 'AWS_PROFILE' && !name.startsWith('ROLECALL_'),
);

/** What a shell has to unset for keys in its environment to be the ones that count. */
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
const DOOR_HOST = '127.0.0.1';

/** Where the AWS files were outside of `exec`, for a daemon that is started from inside. */
const OUTSIDE = {
  AWS_CONFIG_FILE: 'ROLECALL_OUTSIDE_AWS_CONFIG_FILE',
  AWS_SHARED_CREDENTIALS_FILE: 'ROLECALL_OUTSIDE_AWS_SHARED_CREDENTIALS_FILE',
} as const;

/** `inherited` with the identity that `given` spells and no other; `files` are the AWS files to read instead. */
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
  for (const [name, outside] of Object.entries(OUTSIDE)) {
    // Inside another exec the variable already says where it was outside of all of them.
    if (given.files?.[name] !== undefined) environment[outside] ??= environment[name] ?? '';
  }
  return {
    ...environment,
    ...exceptionForDoor(environment),
    ...given.files,
    ...given.identity,
    ...regionVariables(given.region),
    // On an EC2 machine some SDKs go on to the machine's own role when the door has no keys for them.
    AWS_EC2_METADATA_DISABLED: 'true',
    ROLECALL_PROFILE: given.profileName,
  };
}

/** Both names: boto3 reads only the second, most others only the first. */
export function regionVariables(region: string | undefined): Record<string, string> {
  return region === undefined ? {} : { AWS_REGION: region, AWS_DEFAULT_REGION: region };
}

/** `environment` as it was outside of every `exec`, as far as files are concerned. */
export function outsideOfExec(environment: Environment): Environment {
  const outside: Record<string, string | undefined> = { ...environment };
  for (const [name, saved] of Object.entries(OUTSIDE)) {
    if (outside[saved] === undefined) continue;
    if (outside[saved] === '') delete outside[name];
    else outside[name] = outside[saved];
    delete outside[saved];
  }
  delete outside['ROLECALL_PROFILE'];
  return outside;
}

/** @throws UsageError usage: options for every Java program name an identity, which its SDK would take */
export function refuseJavaIdentity(environment: Environment): void {
  for (const name of JAVA_VARIABLES) {
    const property = JAVA_IDENTITY.exec(environment[name] ?? '')?.[1];
    if (property === undefined) continue;
    throw new UsageError('usage', `${name} sets ${property}, which Java programs would prefer to the role.`, {
      hint: `unset ${name}`,
    });
  }
}

/** No proxy is to see the grant's token: some HTTP libraries send even loopback requests there. */
function exceptionForDoor(environment: Readonly<Record<string, string>>): Record<string, string> {
  if (PROXY_VARIABLES.every((name) => (environment[name] ?? '') === '')) return {};
  const exceptions: Record<string, string> = {};
  for (const name of ['NO_PROXY', 'no_proxy']) {
    // Many libraries read the lower case one first: each gets what either says.
    const listed = environment[name] ?? environment['NO_PROXY'] ?? environment['no_proxy'] ?? '';
    const hosts = listed.split(',').map((host) => host.trim());
    if (!hosts.includes(DOOR_HOST) && listed !== '*') {
      exceptions[name] = [...hosts.filter((host) => host !== ''), DOOR_HOST].join(',');
    }
  }
  return exceptions;
}
