// The role that a request names, with its sso-session.
import { isChained } from '../../core/aws/chain-role.ts';
import type { Role, SsoSession } from '../../core/model.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { Chains } from './chains.ts';

export interface RequestedRole {
  readonly session: SsoSession;
  readonly role: Role;
}

/**
 * The session may be named by a session selector. For a chained role, changed definitions are read first.
 * @throws NotFoundError session-not-found; UnavailableError file-not-writable
 */
export async function findRequestedRole(
  request: { readonly session: string; readonly accountId: string; readonly permissionSet: string },
  deps: { readonly sharedConfig: Pick<SharedConfig, 'findSession'>; readonly chains: Pick<Chains, 'refresh'> },
): Promise<RequestedRole> {
  const { accountId, permissionSet } = request;
  const session = await deps.sharedConfig.findSession(request.session);
  const role = { sessionName: session.sessionName, accountId, permissionSet };
  if (isChained(role)) await deps.chains.refresh();
  return { session, role };
}
