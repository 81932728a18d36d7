// STS AssumeRole: whom a role trusts, what the request may say, and the keys that it gives.
import { formatUtcSeconds } from '../../core/clock.ts';
import type { Directory } from '../directory/directory.ts';
import { stsError } from '../http/aws-errors.ts';
import type { RecordedAssumeRole } from '../http/request-log.ts';
import {
  type IamRole,
  RESERVED_ROLE_PREFIX,
  type RoleCredentialsIssuer,
  type RoleIdentity,
} from '../sessions/role-credentials.ts';

export interface AssumeRoleDeps {
  readonly directory: Pick<Directory, 'findAccount' | 'findRole'>;
  readonly roleCredentials: RoleCredentialsIssuer;
}

/** What the request asks for, as it is recorded. */
export function describeAssumeRole(form: URLSearchParams): RecordedAssumeRole {
  const list = (name: string) => [...form].flatMap(([key, value]) => (LIST_MEMBERS[name]?.test(key) ? [value] : []));
  const optional = (name: string, key: string) => (form.has(key) ? { [name]: form.get(key) ?? '' } : {});
  const tagKeys = list('tagKeys');
  const tagValues = list('tagValues');
  const transitiveTagKeys = list('transitiveTagKeys');
  return {
    roleArn: form.get('RoleArn'),
    roleSessionName: form.get('RoleSessionName'),
    policy: form.get('Policy'),
    policyArns: list('policyArns'),
    ...optional('durationSeconds', 'DurationSeconds'),
    ...optional('externalId', 'ExternalId'),
    ...optional('sourceIdentity', 'SourceIdentity'),
    ...(tagKeys.length === 0
      ? {}
      : { tags: Object.fromEntries(tagKeys.map((key, index) => [key, tagValues[index] ?? ''])) }),
    ...(transitiveTagKeys.length === 0 ? {} : { transitiveTagKeys }),
  };
}

const LIST_MEMBERS: Readonly<Record<string, RegExp>> = {
  policyArns: /^PolicyArns\.member\.\d+\.arn$/,
  tagKeys: /^Tags\.member\.\d+\.Key$/,
  tagValues: /^Tags\.member\.\d+\.Value$/,
  transitiveTagKeys: /^TransitiveTagKeys\.member\.\d+$/,
};

const ROLE_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\w+=,.@/-]*\/)?([\w+=,.@-]{1,64})$/;
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const MIN_DURATION_SECONDS = 900;
const MAX_DURATION_SECONDS = 43_200;
/** All keys here belong to a role, and AWS limits role chaining to one hour. */
const MAX_CHAINED_SECONDS = 3600;

/**
 * The result as XML. Everybody may assume any role of an account in the directory, unless the directory says whom the
 * role trusts.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export function assumeRole(deps: AssumeRoleDeps, caller: RoleIdentity, form: URLSearchParams): string {
  const roleArn = form.get('RoleArn') ?? '';
  const sessionName = form.get('RoleSessionName') ?? '';
  const role = readRoleArn(roleArn);
  if (!SESSION_NAME.test(sessionName)) {
    throw invalidMember('roleSessionName', sessionName, 'Member must satisfy regular expression pattern: [\\w+=,.@-]*');
  }
  const lifetimeSeconds = readDuration(form.get('DurationSeconds'));
  checkPolicies(describeAssumeRole(form));
  if (!isAllowed(deps, caller, role, form.get('ExternalId'))) {
    throw stsError(
      'AccessDenied',
      `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
    );
  }
  const { arn, userId, ...keys } = deps.roleCredentials.assumeRole(role, sessionName, lifetimeSeconds);
  return (
    `<AssumedRoleUser><AssumedRoleId>${userId}</AssumedRoleId><Arn>${arn}</Arn></AssumedRoleUser>` +
    `<Credentials><AccessKeyId>${keys.accessKeyId}</AccessKeyId>` +
    `<SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey><SessionToken>${keys.sessionToken}</SessionToken>` +
    `<Expiration>${formatUtcSeconds(keys.expiresAtMs)}</Expiration></Credentials>`
  );
}

function isAllowed(
  { directory }: AssumeRoleDeps,
  caller: RoleIdentity,
  { accountId, roleName }: IamRole,
  externalId: string | null,
): boolean {
  if (roleName.startsWith(RESERVED_ROLE_PREFIX) || directory.findAccount(accountId) === undefined) return false;
  const trust = directory.findRole(accountId, roleName);
  if (trust === undefined) return true;
  if (trust.externalId !== undefined && trust.externalId !== externalId) return false;
  return trust.trustedBy?.some((trusted) => isCalled(caller, trusted)) ?? true;
}

/** `ACCOUNT`, or `ACCOUNT/NAME` with the name of a role or permission set. */
function isCalled({ accountId, arn }: RoleIdentity, trusted: string): boolean {
  const [, roleName = ''] = /:assumed-role\/([^/]+)\//.exec(arn) ?? [];
  const [, permissionSet = roleName] = /^AWSReservedSSO_(.+)_[0-9a-f]{16}$/.exec(roleName) ?? [];
  return [accountId, `${accountId}/${roleName}`, `${accountId}/${permissionSet}`].includes(trusted);
}

/** `ACCOUNT/ROLE`, for faults and counters. */
export function nameRole(roleArn: string | null): string | undefined {
  const [, , accountId, roleName] = ROLE_ARN.exec(roleArn ?? '') ?? [];
  return accountId === undefined || roleName === undefined ? undefined : `${accountId}/${roleName}`;
}

function readRoleArn(roleArn: string): IamRole {
  const [, partition, accountId, roleName] = ROLE_ARN.exec(roleArn) ?? [];
  if (partition === undefined || accountId === undefined || roleName === undefined) {
    throw stsError('ValidationError', `${roleArn} is invalid`);
  }
  return { partition, accountId, roleName };
}

const MAX_POLICY_LENGTH = 2048;
const MAX_POLICY_ARNS = 10;
const POLICY_TEXT = /^[\t\n\r\u0020-\u00ff]+$/;

/** What the policies allow is not modelled. */
function checkPolicies({ policy, policyArns }: RecordedAssumeRole): void {
  if (policyArns.length > MAX_POLICY_ARNS) {
    throw invalidMember('policyArns', `${policyArns.length}`, 'Member must have length less than or equal to 10');
  }
  if (policy === null) return;
  if (policy.length > MAX_POLICY_LENGTH) {
    throw invalidMember('policy', '...', `Member must have length less than or equal to ${MAX_POLICY_LENGTH}`);
  }
  if (!POLICY_TEXT.test(policy) || !hasStatement(policy)) throw stsError('MalformedPolicyDocument');
}

function hasStatement(policy: string): boolean {
  try {
    return typeof (JSON.parse(policy) as { Statement?: unknown } | null)?.Statement === 'object';
  } catch {
    return false;
  }
}

function readDuration(text: string | null): number {
  if (text === null) return MAX_CHAINED_SECONDS;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds >= MIN_DURATION_SECONDS)) {
    throw invalidMember(
      'durationSeconds',
      text,
      `Member must have value greater than or equal to ${MIN_DURATION_SECONDS}`,
    );
  }
  if (seconds > MAX_DURATION_SECONDS) {
    throw invalidMember(
      'durationSeconds',
      text,
      `Member must have value less than or equal to ${MAX_DURATION_SECONDS}`,
    );
  }
  if (seconds > MAX_CHAINED_SECONDS) {
    throw stsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
  }
  return seconds;
}

function invalidMember(name: string, value: string, constraint: string) {
  return stsError(
    'ValidationError',
    `1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint: ${constraint}`,
  );
}
