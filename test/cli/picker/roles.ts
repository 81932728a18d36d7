// Roles to choose from, for the tests of the picker.
import type { RoleDocument } from '../../../src/local-api/schemas.ts';
import { aRole } from '../../helpers/documents.ts';

/** One role; what a test is about is given. */
export function role(
  accountName: string | null,
  permissionSet: string,
  given: Partial<RoleDocument> = {},
): RoleDocument {
  const profile = `${(accountName ?? '111111111111').replace(/[^A-Za-z0-9]+/gu, '-')}.${permissionSet}`;
  return aRole({ session: 'work', label: 'Work', accountName, permissionSet, profile, ...given });
}

export const ROLES: readonly RoleDocument[] = [
  role('Log Archive', 'ReadOnly', { accountId: '044444444444' }),
  role('Payments Production', 'AdministratorAccess', { accountId: '222222222222', protected: true }),
  role('Payments Production', 'ReadOnly', { accountId: '222222222222', pinned: true }),
  role('Payments Staging', 'ReadOnly', { accountId: '333333333333', score: 2 }),
  role(null, 'ReadOnly', { accountId: '555555555555', score: 3 }),
  role('検証環境', 'ReadOnly', { accountId: '666666666666', session: 'client', label: 'Client' }),
];
