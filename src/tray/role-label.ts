// Formats a role for a menu, in the same order and spelling as everywhere else.
import type { RoleDocument } from '../local-api/schemas.ts';
import { titleOfRole } from '../core/text/role-title.js';
import { createLineShortener } from './line-shortener.ts';

type RoleNames = Pick<RoleDocument, 'label' | 'accountId' | 'accountName' | 'permissionSet' | 'chain' | 'protected'>;
type RoleKey = Pick<RoleDocument, 'session' | 'accountId' | 'permissionSet'>;

const MAX_NAME_LENGTH = 60;

/**
 * "⚠ account name  account id  permission set  session", with role and source of a chained role: ⚠ only for a protected role, the session only with several.
 * Long names are shortened in the middle, so that different names of `others` (the other entries of the menu) stay different.
 */
export function describeRole(role: RoleNames, hasSeveralSessions: boolean, others: readonly RoleNames[] = []): string {
  const shorten = (nameOf: (role: RoleNames) => string) =>
    createLineShortener([...others, role].map(nameOf), MAX_NAME_LENGTH)(nameOf(role));
  const words = [
    shorten(({ accountName }) => accountName ?? ''),
    role.accountId,
    shorten(titleOfRole),
    hasSeveralSessions ? shorten(({ label }) => label) : '',
  ];
  return `${role.protected ? '⚠ ' : ''}${words.filter((word) => word !== '').join('  ')}`;
}

export function isSameRole(one: RoleKey, other: RoleKey): boolean {
  return (
    one.session === other.session && one.accountId === other.accountId && one.permissionSet === other.permissionSet
  );
}
