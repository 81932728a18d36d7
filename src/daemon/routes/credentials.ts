// GET /v1/credentials and /v1/credentials/current: the credential path, so nothing here but what it needs.
import { formatUtcSeconds } from '../../core/clock.ts';
import type { CredentialsDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { Caller } from '../caller.ts';
import type { CurrentRole } from '../current-role.ts';
import type { HandOuts } from '../hand-outs.ts';
import type { LoginPolicy } from '../login-policy.ts';
import type { SharedConfig } from '../shared-config.ts';
import type { Responders } from '../surface.ts';
import type { UsedRoles } from '../used-roles.ts';

export function createCredentialsResponders(deps: {
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<Broker, 'credentials'>;
  readonly currentRole: CurrentRole;
  readonly loginPolicy: Pick<LoginPolicy, 'serve'>;
  readonly usedRoles: Pick<UsedRoles, 'note'>;
  readonly handOuts: HandOuts;
}): Pick<Responders, 'credentials' | 'currentCredentials'> {
  async function answer(
    selector: string,
    accountId: string,
    permissionSet: string,
    caller: Caller,
  ): Promise<CredentialsDocument> {
    const session = await deps.sharedConfig.findSession(selector);
    const role = { sessionName: session.sessionName, accountId, permissionSet };
    const credentials = await deps.loginPolicy.serve(
      session,
      role,
      () => deps.broker.credentials(session, role),
      caller,
    );
    deps.usedRoles.note(role);
    deps.handOuts.note(role, caller.surface);
    return {
      Version: 1,
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey.reveal(),
      SessionToken: credentials.sessionToken.reveal(),
      Expiration: formatUtcSeconds(credentials.expiresAtMs),
      AccountId: accountId,
    };
  }
  return {
    credentials: ({ query }, caller) => answer(query.session, query.account, query.role, caller),
    async currentCredentials(_, caller) {
      const { session, accountId, permissionSet } = await deps.currentRole.require();
      return answer(session, accountId, permissionSet, caller);
    },
  };
}
