// STS: GetCallerIdentity, and the way to AssumeRole. The caller is identified by the access key id; signatures are not verified.
import { stsError } from '../http/aws-errors.ts';
import { type HttpRequest, type Reply, type Route, xmlReply } from '../http/http.ts';
import { type RandomBytes, randomUuid } from '../http/random.ts';
import type { RoleIdentity } from '../sessions/role-credentials.ts';
import { assumeRole, type AssumeRoleDeps, describeAssumeRole, nameRole } from './assume-role.ts';

export interface StsDeps extends AssumeRoleDeps {
  readonly random: RandomBytes;
}

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html */
export function createStsRoutes(deps: StsDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/',
      operation: ({ body }) => (readAction(body) === 'AssumeRole' ? 'AssumeRole' : 'GetCallerIdentity'),
      detailOf: ({ body }) => {
        const asked = readAssumeRole(body);
        return asked && nameRole(asked.roleArn);
      },
      assumeRoleOf: ({ body }) => readAssumeRole(body),
      handle: (request) => answer(deps, request),
    },
  ];
}

const readAction = (body: string) => new URLSearchParams(body).get('Action');

const readAssumeRole = (body: string) =>
  readAction(body) === 'AssumeRole' ? describeAssumeRole(new URLSearchParams(body)) : undefined;

function answer(deps: StsDeps, request: HttpRequest): Reply {
  switch (readAction(request.body)) {
    case 'GetCallerIdentity':
      return getCallerIdentity(deps, requireCaller(deps, request));
    case 'AssumeRole':
      return reply(
        deps,
        'AssumeRole',
        assumeRole(deps, requireCaller(deps, request), new URLSearchParams(request.body)),
      );
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

function reply(deps: StsDeps, operation: string, result: string): Reply {
  return xmlReply(
    200,
    `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${operation}Result>${result}</${operation}Result>` +
      `<ResponseMetadata><RequestId>${randomUuid(deps.random)}</RequestId></ResponseMetadata></${operation}Response>`,
  );
}
