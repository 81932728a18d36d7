// GET /v1/profile: the role behind one profile, for commands that are given a profile's name.
import type { ConfigFile } from '../../aws-config/config-file.ts';
import { findRoleProfile, profileNames } from '../../aws-config/role-profile.ts';
import { NotFoundError } from '../../core/errors.ts';
import type { CurrentRole } from '../current-role.ts';
import { nearest } from '../../core/nearest.ts';
import type { SharedConfig } from '../shared-config.ts';
import type { Responders } from '../surface.ts';

export function createProfileResponder(deps: {
  readonly configFile: ConfigFile;
  readonly sharedConfig: SharedConfig;
  readonly currentRole: CurrentRole;
}): Pick<Responders, 'profile'> {
  return {
    async profile({ query }) {
      const { document } = await deps.configFile.read();
      const found = findRoleProfile(document, query.name);
      if (found === undefined) {
        const meant = nearest(query.name, profileNames(document));
        throw new NotFoundError(
          'profile-not-found',
          `There is no profile "${query.name}" of an sso-session.${meant === undefined || meant === query.name ? '' : ` Did you mean "${meant}"?`}`,
        );
      }
      const { profileName, role, region } = found;
      if (role !== 'current') {
        const session = await deps.sharedConfig.findSession(role.sessionSelector);
        return {
          profileName,
          followsCurrent: false,
          session: session.sessionName,
          accountId: role.accountId,
          permissionSet: role.permissionSet,
          region: region ?? null,
        };
      }
      const current = await deps.currentRole.get();
      if (current === null) throw new NotFoundError('no-current-role', 'No role is the current one.');
      const { session, accountId, permissionSet } = current;
      return { profileName, followsCurrent: true, session, accountId, permissionSet, region: region ?? null };
    },
  };
}
