// GET /v1/roles: the roles to choose from.
import type { RoleList } from './role-list.ts';
import type { Handlers } from '../http/surface.ts';
import { writtenAnswer } from '../http/written-answer.ts';

export function createRolesHandlers(deps: { readonly roleList: RoleList }): Pick<Handlers, 'roles'> {
  return {
    async roles({ query }) {
      const { all, first } = await deps.roleList.read(query.session);
      return writtenAnswer(query.first === true ? first : all);
    },
  };
}
