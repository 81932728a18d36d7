// STS GetCallerIdentity and AssumeRole. The caller is identified by the access key id; signatures are not verified.
import { formatUtcSeconds } from '../../core/clock.ts';
import { stsError } from '../http/aws-errors.ts';
import type { Directory } from '../directory/directory.ts';
import { type HttpRequest, type Reply, type Route, xmlReply } from '../http/http.ts';
import type { RecordedAssumeRole } from '../http/request-log.ts';
import { type RandomBytes, randomUuid } from '../http/random.ts';
import {
  type IamRole,
  RESERVED_ROLE_PREFIX,
  type RoleCredentialsIssuer,
  type RoleIdentity,
} from '../sessions/role-credentials.ts';

export interface StsDeps {
  readonly directory: Pick<Directory, 'findAccount'>;
  readonly roleCredentials: RoleCredentialsIssuer;
  readonly random: RandomBytes;
}

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html */
export function createStsRoutes(deps: StsDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/',
      operation: ({ body }) => (readAction(body) === 'AssumeRole' ? 'AssumeRole' : 'GetCallerIdentity'),
      assumeRoleOf: ({ body }) => (readAction(body) === 'AssumeRole' ? describe(new URLSearchParams(body)) : undefined),
      handle: (request) => answer(deps, request),
    },
  ];
}

const readAction = (body: string) => new URLSearchParams(body).get('Action');

function describe(form: URLSearchParams): RecordedAssumeRole {
  const policyArns = [...form].filter(([name]) => /^PolicyArns\.member\.\d+\.arn$/.test(name)).map(([, arn]) => arn);
  return {
    roleArn: form.get('RoleArn'),
    roleSessionName: form.get('RoleSessionName'),
    policy: form.get('Policy'),
    policyArns,
  };
}

function answer(deps: StsDeps, request: HttpRequest): Reply {
  switch (readAction(request.body)) {
    case 'GetCallerIdentity':
      return getCallerIdentity(deps, requireCaller(deps, request));
    case 'AssumeRole':
      return assumeRole(deps, requireCaller(deps, request), new URLSearchParams(request.body));
    default:
      throw stsError('InvalidAction');
  }
}

function requireCaller(deps: StsDeps, { headers }: HttpRequest): RoleIdentity {
  const accessKeyId = /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)\//.exec(headers.authorization ?? '')?.[1];
  if (accessKeyId === undefined) throw stsError('MissingAuthenticationToken');
  const sessionToken = headers['x-amz-security-token'];
  const identity = deps.roleCredentials.identify(
    accessKeyId,
    typeof sessionToken === 'string' ? sessionToken : undefined,
  );
  if (identity === 'unknown') throw stsError('InvalidClientTokenId');
  if (identity === 'expired') throw stsError('ExpiredToken');
  return identity;
}

// Nothing in the answers needs escaping: names come from the directory or match AWS's patterns.

function getCallerIdentity(deps: StsDeps, { arn, userId, accountId }: RoleIdentity): Reply {
  return reply(deps, 'GetCallerIdentity', `<Arn>${arn}</Arn><UserId>${userId}</UserId><Account>${accountId}</Account>`);
}

const ROLE_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\w+=,.@/-]*\/)?([\w+=,.@-]{1,64})$/;
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const MIN_DURATION_SECONDS = 900;
const MAX_DURATION_SECONDS = 43_200;
/** All keys here belong to a role, and AWS limits role chaining to one hour. */
const MAX_CHAINED_SECONDS = 3600;

/**
 * Everybody may assume any role of an account in the directory, as trust policies are not modelled.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
function assumeRole(deps: StsDeps, caller: RoleIdentity, form: URLSearchParams): Reply {
  const roleArn = form.get('RoleArn') ?? '';
  const sessionName = form.get('RoleSessionName') ?? '';
  const role = readRoleArn(roleArn);
  if (!SESSION_NAME.test(sessionName)) {
    throw invalidMember('roleSessionName', sessionName, 'Member must satisfy regular expression pattern: [\\w+=,.@-]*');
  }
  const lifetimeSeconds = readDuration(form.get('DurationSeconds'));
  checkPolicies(describe(form));
  if (role.roleName.startsWith(RESERVED_ROLE_PREFIX) || deps.directory.findAccount(role.accountId) === undefined) {
    throw stsError(
      'AccessDenied',
      `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
    );
  }
  const { arn, userId, ...keys } = deps.roleCredentials.assumeRole(role, sessionName, lifetimeSeconds);
  return reply(
    deps,
    'AssumeRole',
    `<AssumedRoleUser><AssumedRoleId>${userId}</AssumedRoleId><Arn>${arn}</Arn></AssumedRoleUser>` +
      `<Credentials><AccessKeyId>${keys.accessKeyId}</AccessKeyId>` +
      `<SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey><SessionToken>${keys.sessionToken}</SessionToken>` +
      `<Expiration>${formatUtcSeconds(keys.expiresAtMs)}</Expiration></Credentials>`,
  );
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

function reply(deps: StsDeps, operation: string, result: string): Reply {
  return xmlReply(
    200,
    `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${operation}Result>${result}</${operation}Result>` +
      `<ResponseMetadata><RequestId>${randomUuid(deps.random)}</RequestId></ResponseMetadata></${operation}Response>`,
  );
}
