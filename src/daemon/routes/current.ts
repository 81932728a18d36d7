// GET and PUT /v1/current.
import { NotFoundError } from '../../core/errors.ts';
import type { Broker } from '../../sso/broker.ts';
import type { CurrentRoleDocument } from '../../local-api/schemas.ts';
import type { AuditLog } from '../audit-log.ts';
import type { Changes } from '../changes.ts';
import type { CurrentRole } from '../current-role.ts';
import type { RoleList } from '../role-list.ts';
import type { SharedConfig } from '../shared-config.ts';
import type { Responders } from '../surface.ts';
import type { UsedRoles } from '../used-roles.ts';
import type { Uses } from '../uses.ts';

export function createCurrentResponders(deps: {
  readonly currentRole: CurrentRole;
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<Broker, 'knownCatalog'>;
  readonly roleList: Pick<RoleList, 'profileOf'>;
  readonly uses: Pick<Uses, 'record'>;
  readonly usedRoles: Pick<UsedRoles, 'note'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly changes: Pick<Changes, 'announce'>;
}): Pick<Responders, 'current' | 'setCurrent'> {
  async function set(role: CurrentRoleDocument | null): Promise<void> {
    await deps.currentRole.set(role);
    deps.changes.announce();
  }

  /** What was switched to is offered first from now on. Nobody waits for that. */
  async function recordUse({ session: sessionName, accountId, permissionSet, profile }: CurrentRoleDocument) {
    const name = (await deps.roleList.profileOf({ sessionName, accountId, permissionSet })) ?? profile;
    if (name === null) return;
    await deps.uses.record(name);
    deps.changes.announce();
  }

  return {
    current: () => deps.currentRole.get(),
    async setCurrent({ body }, { surface }) {
      if (body === null) {
        await set(null);
        deps.audit.record({ event: 'current-role-cleared', surface });
        return null;
      }
      const session = await deps.sharedConfig.findSession(body.session);
      const catalog = await deps.broker.knownCatalog(session);
      const account = catalog?.accounts.find(({ accountId }) => accountId === body.accountId);
      // A typing mistake must not make a role current that yields nothing; a list never made can't tell.
      if (catalog !== undefined && account?.permissionSets.includes(body.permissionSet) !== true) {
        throw new NotFoundError(
          'account-not-found',
          `You have no ${body.permissionSet} in account ${body.accountId} of ${session.sessionName}.`,
        );
      }
      const role = { ...body, session: session.sessionName };
      await set(role);
      const { accountId, permissionSet } = role;
      const used = { sessionName: session.sessionName, accountId, permissionSet };
      deps.usedRoles.note(used);
      deps.audit.record({ event: 'current-role-switched', role: used, surface });
      void recordUse(role).catch(() => undefined);
      return role;
    },
  };
}
