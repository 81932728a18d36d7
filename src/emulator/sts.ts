// STS GetCallerIdentity: tells whose keys signed a request; the signature itself is not checked.
import { stsError } from './aws-errors.ts';
import { type HttpRequest, type Reply, type Route, xmlReply } from './http.ts';
import { type RandomBytes, randomUuid } from './random.ts';
import type { RoleCredentialsDesk } from './role-credentials.ts';

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
export function createStsRoutes(deps: { roleCredentials: RoleCredentialsDesk; random: RandomBytes }): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/',
      operation: 'GetCallerIdentity',
      handle: (request) => getCallerIdentity(deps, request),
    },
  ];
}

function getCallerIdentity(
  deps: { roleCredentials: RoleCredentialsDesk; random: RandomBytes },
  request: HttpRequest,
): Reply {
  if (new URLSearchParams(request.body).get('Action') !== 'GetCallerIdentity') throw stsError('InvalidAction');
  const accessKeyId = /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)\//.exec(request.headers.authorization ?? '')?.[1];
  if (accessKeyId === undefined) throw stsError('MissingAuthenticationToken');
  const sessionToken = request.headers['x-amz-security-token'];
  const identity = deps.roleCredentials.identify(
    accessKeyId,
    typeof sessionToken === 'string' ? sessionToken : undefined,
  );
  if (identity === 'unknown') throw stsError('InvalidClientTokenId');
  if (identity === 'expired') throw stsError('ExpiredToken');
  // Nothing here needs escaping: the directory lets no such character into a user or permission set name.
  return xmlReply(
    200,
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      `<Arn>${identity.arn}</Arn><UserId>${identity.userId}</UserId><Account>${identity.accountId}</Account>` +
      '</GetCallerIdentityResult>' +
      `<ResponseMetadata><RequestId>${randomUuid(deps.random)}</RequestId></ResponseMetadata>` +
      '</GetCallerIdentityResponse>',
  );
}
