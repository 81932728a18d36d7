// Tray views for tests, with everything in order.
import type { RoleDocument } from '../../src/local-api/schemas.ts';
import { EMPTY_VIEW, type TrayView } from '../../src/tray/tray-view.ts';
import { aRole, aStatus } from '../helpers/documents.ts';

/** Two used roles, one pinned and protected role, and one other role. */
const ROLES: readonly RoleDocument[] = [
  aRole({ accountName: 'audit', accountId: '222222222222', permissionSet: 'ReadOnly', score: 0.5 }),
  aRole({ accountName: 'billing', accountId: '333333333333', permissionSet: 'Admin', pinned: true, protected: true }),
  aRole({ accountName: null, accountId: '444444444444', profile: '444444444444.Admin' }),
  aRole({ score: 2 }),
];

export function aView(over: Partial<TrayView> & { readonly allRoles?: readonly RoleDocument[] } = {}): TrayView {
  const { allRoles = ROLES, ...rest } = over;
  return {
    ...EMPTY_VIEW,
    status: aStatus(),
    roles: { asOf: '2026-11-24T07:30:00Z', complete: true, roles: [...allRoles] },
    ...rest,
  };
}
