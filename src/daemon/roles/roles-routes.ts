// GET /v1/roles: the roles to choose from.
import type { RoleList } from './role-list.ts';
import type { Handlers } from '../http/surface.ts';

export function createRolesHandlers(deps: { readonly roleList: RoleList }): Pick<Handlers, 'roles'> {
  return {
    async roles({ query }) {
      const { all, first } = await deps.roleList.read(query.session);
      return query.first === true ? first : all;
    },
  };
}
