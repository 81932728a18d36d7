// STS GetCallerIdentity: finds the user of role credentials.
import type { CallerIdentity } from '../sso/ports.ts';
import { callSts, type StsDeps } from './sts-client.ts';

const USER_ROLE_ARN = /^arn:[^:]+:sts::\d{12}:assumed-role\/[^/]+\/([\w+=,.@-]{2,64})$/;

export function createCallerIdentity(deps: StsDeps): CallerIdentity {
  return {
    fetchUser: (session, credentials) =>
      callSts(deps, { session, region: session.region, credentials }, async ({ sts, client, abortSignal }) => {
        const { Arn: arn = '' } = await client.send(new sts.GetCallerIdentityCommand({}), { abortSignal });
        const [, user] = USER_ROLE_ARN.exec(arn) ?? [];
        if (user === undefined) throw new Error('the answer of STS names no user');
        return user;
      }),
  };
}
