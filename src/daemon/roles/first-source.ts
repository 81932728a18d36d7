// Finds the permission set's role that a chained role starts from.
import { isChained, MAX_ROLES_IN_A_ROW } from '../../core/aws/chain-role.ts';
import type { Role } from '../../core/model.ts';
import type { ChainSource } from '../../sso/ports.ts';

/** `role` itself if it is not chained. A chained role: the first one on the way that is not defined. */
export function findFirstSource(role: Role, { find }: Pick<ChainSource, 'find'>): Role {
  let source = role;
  for (let step = 0; step < MAX_ROLES_IN_A_ROW && isChained(source); step += 1) {
    const definition = find(source);
    if (definition === undefined) return source;
    ({ source } = definition);
  }
  return source;
}
