// Whether a role is assigned to the user, as far as the account list tells, and the error for one that is not.
import { NotFoundError, RefusedError, type RolecallError } from '../../core/errors.ts';
import type { Catalog, Role, SsoSession } from '../../core/model.ts';
import { isLost } from './merge-listing.ts';

export interface Assignments {
  /**
   * Resolves unless a complete list says that the role is not assigned to the user.
   * @throws RefusedError permission-set-not-assigned, NotFoundError account-not-found
   */
  require(session: SsoSession, role: Role): Promise<void>;
  /** The error for a role that is not assigned; names the permission sets that are, if the list has them. */
  refusal(session: SsoSession, role: Role, cause: unknown): Promise<RolecallError>;
}

export function createAssignments(cachedCatalog: (session: SsoSession) => Promise<Catalog | undefined>): Assignments {
  async function refusal(session: SsoSession, role: Role, cause: unknown): Promise<RolecallError> {
    const catalog = await cachedCatalog(session).catch(() => undefined);
    const account = catalog?.accounts.find(({ accountId }) => accountId === role.accountId);
    if (account === undefined && catalog?.complete === true) {
      return new NotFoundError(
        'account-not-found',
        `Account ${role.accountId} is not among your accounts in ${session.sessionName}.`,
        { cause },
      );
    }
    const others = account?.permissionSets.filter((name) => name !== role.permissionSet) ?? [];
    const has = others.length === 0 ? '' : ` Assigned to you there: ${others.join(', ')}.`;
    const name = account?.accountName === undefined ? '' : ` (${account.accountName})`;
    return new RefusedError(
      'permission-set-not-assigned',
      `Permission set ${role.permissionSet} is not assigned to you in account ${role.accountId}${name}.${has}`,
      { cause },
    );
  }

  return {
    refusal,
    async require(session, role) {
      const catalog = await cachedCatalog(session);
      const account = catalog?.accounts.find(({ accountId }) => accountId === role.accountId);
      // A missing or incomplete list cannot tell.
      if (catalog?.complete !== true || account?.permissionSets.includes(role.permissionSet) === true) return;
      // Neither can a suspicious one, so AWS is asked.
      if (isLost(catalog, role)) return;
      throw await refusal(session, role, undefined);
    },
  };
}
