// GET /v1/credentials and /v1/credentials/current: the credential path, so nothing here but what it needs.
import { formatUtcSeconds } from '../../core/clock.ts';
import type { Role, SsoSession } from '../../core/model.ts';
import type { CredentialsDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import type { Caller } from '../http/caller.ts';
import type { CurrentRole } from '../roles/current-role.ts';
import type { IssuanceLog } from '../audit/issuance-log.ts';
import type { AskedRole, LastRefusals } from '../audit/last-refusals.ts';
import type { LoginPolicy } from '../sign-in/login-policy.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { Handlers } from '../http/surface.ts';
import type { RoleUsage } from '../roles/role-usage.ts';

export function createCredentialsHandlers(deps: {
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<Broker, 'credentials'>;
  readonly currentRole: CurrentRole;
  readonly loginPolicy: Pick<LoginPolicy, 'serve'>;
  readonly roleUsage: Pick<RoleUsage, 'note'>;
  readonly issuanceLog: IssuanceLog;
  readonly lastRefusals: Pick<LastRefusals, 'note' | 'forget'>;
}): Pick<Handlers, 'credentials' | 'currentCredentials'> {
  /** `asked` names the session as the caller does, which may be by its selector. */
  async function answer(asked: AskedRole & { readonly role: Role }, caller: Caller): Promise<CredentialsDocument> {
    let role = asked.role;
    try {
      const session = await deps.sharedConfig.findSession(role.sessionName);
      role = { ...role, sessionName: session.sessionName };
      const document = await issue(session, role, caller);
      deps.lastRefusals.forget(asked);
      deps.lastRefusals.forget({ ...asked, role });
      return document;
    } catch (error) {
      deps.lastRefusals.note({ ...asked, role }, error);
      throw error;
    }
  }

  async function issue(session: SsoSession, role: Role, caller: Caller): Promise<CredentialsDocument> {
    const credentials = await deps.loginPolicy.serve(
      session,
      role,
      () => deps.broker.credentials(session, role),
      caller,
    );
    deps.roleUsage.note(role);
    deps.issuanceLog.note(role, caller.surface);
    return {
      Version: 1,
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey.reveal(),
      SessionToken: credentials.sessionToken.reveal(),
      Expiration: formatUtcSeconds(credentials.expiresAtMs),
      AccountId: role.accountId,
    };
  }
  return {
    credentials({ query: { session: sessionName, account: accountId, role: permissionSet } }, caller) {
      return answer({ followsCurrent: false, role: { sessionName, accountId, permissionSet } }, caller);
    },
    async currentCredentials(_, caller) {
      const {
        session: sessionName,
        accountId,
        permissionSet,
      } = await deps.currentRole.require().catch((error: unknown) => {
        deps.lastRefusals.note({ followsCurrent: true, role: undefined }, error);
        throw error;
      });
      return answer({ followsCurrent: true, role: { sessionName, accountId, permissionSet } }, caller);
    },
  };
}
