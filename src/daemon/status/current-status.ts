// The current role in the status document, and the problem when that role no longer exists.
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import { isChained } from '../../core/aws/chain-role.ts';
import { toRolecallError } from '../../core/errors.ts';
import type { Catalog, Role, SsoSession } from '../../core/model.ts';
import type { Problem } from '../../core/problems.ts';
import type { StatusDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import { isLost } from '../../sso/roles/merge-listing.ts';
import type { Chains } from '../roles/chains.ts';
import { describeCurrentRole, type CurrentRole } from '../roles/current-role.ts';
import { findFirstSource } from '../roles/first-source.ts';
import type { RoleList } from '../roles/role-list.ts';
import { UNREADABLE_CONFIG, type ConfigReading } from './config-reading.ts';

/** The current role as the status document shows it, and whether it can still be used. Never rejects. */
export async function readCurrent(
  reading: ConfigReading,
  {
    broker,
    chains,
    currentRole,
    roleList,
  }: {
    readonly broker: Pick<Broker, 'cachedCatalog'>;
    readonly chains: Pick<Chains, 'find' | 'refresh' | 'refusal'>;
    readonly currentRole: CurrentRole;
    readonly roleList: Pick<RoleList, 'chains' | 'describeChain' | 'isProtected' | 'profileOf'>;
  },
): Promise<{ current: StatusDocument['current']; currentProblems: readonly Problem[] }> {
  try {
    const current = await currentRole.get();
    if (current === null) return { current, currentProblems: [] };
    const session = reading.sessions.find(({ sessionName }) => sessionName === current.sessionName);
    const catalog = session === undefined ? undefined : await broker.cachedCatalog(session);
    if (isChained(current)) await chains.refresh();
    // With an unreadable config file it is unknown whether the session exists.
    const problem = reading === UNREADABLE_CONFIG ? undefined : findCurrentProblem(current, session, catalog, chains);
    const account = catalog?.accounts.find(({ accountId }) => accountId === current.accountId);
    return {
      current: {
        ...(await describeCurrentRole(current, roleList)),
        accountName: account?.accountName ?? null,
        protected: roleList.isProtected(current),
        ...(await describeChain(current, roleList)),
      },
      currentProblems: problem === undefined ? [] : [problem],
    };
  } catch (error) {
    return { current: null, currentProblems: [toRolecallError(error).toBody()] };
  }
}

/** How a chained role is reached, and the name of its account, which another session may have; nothing for other roles. */
async function describeChain(current: Role, roleList: Pick<RoleList, 'chains' | 'describeChain'>) {
  const chain = await roleList.describeChain(current);
  if (chain === undefined) return {};
  const row = (await roleList.chains()).find(({ role }) => roleKey(role) === roleKey(current));
  return { chain, ...(row === undefined ? {} : { accountName: row.accountName ?? null }) };
}

/** The problem when the current role no longer exists: users of `[profile current]` get no credentials then. */
function findCurrentProblem(
  current: Role,
  session: SsoSession | undefined,
  catalog: Catalog | undefined,
  chains: Pick<Chains, 'find' | 'refusal'>,
): Problem | undefined {
  const { sessionName } = current;
  const gone = { code: 'current-role-gone', hint: 'rolecall ls' } as const;
  if (session === undefined) {
    return {
      ...gone,
      message: `The current role belongs to the sso-session "${sessionName}", which is no longer in the config file.`,
    };
  }
  const role = findFirstSource(current, chains);
  if (isChained(role)) {
    const { hint, message } = chains.refusal(role);
    return { ...gone, hint, session: sessionName, message: `The current role cannot be used. ${message}` };
  }
  const { accountId, permissionSet } = role;
  const account = catalog?.accounts.find((candidate) => candidate.accountId === accountId);
  // A role that a suspicious listing lost may still exist.
  if (isLost(catalog, { accountId, permissionSet })) return undefined;
  // A missing or incomplete list proves nothing.
  if (catalog?.complete !== true || account?.permissionSets.includes(permissionSet) === true) return undefined;
  return {
    ...gone,
    session: sessionName,
    message:
      role === current
        ? `The current role, ${permissionSet} in account ${accountId}, is no longer assigned to you.`
        : `The current role starts from ${permissionSet} in account ${accountId}, which is no longer assigned to you.`,
  };
}
