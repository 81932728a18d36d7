// GET and PUT /v1/current.
import { NotFoundError, UsageError } from '../../core/errors.ts';
import type { Broker } from '../../sso/broker.ts';
import type { CurrentRole } from '../current-role.ts';
import type { SharedConfig } from '../shared-config.ts';
import type { Responders } from '../surface.ts';

export function createCurrentResponders(deps: {
  readonly currentRole: CurrentRole;
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<Broker, 'knownCatalog'>;
}): Pick<Responders, 'current' | 'setCurrent'> {
  return {
    current: () => deps.currentRole.get(),
    async setCurrent({ body }) {
      if (body === undefined) throw new UsageError('invalid-request', 'The body must be a role, or null for none.');
      if (body === null) {
        await deps.currentRole.set(null);
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
      await deps.currentRole.set(role);
      return role;
    },
  };
}
