// Formats a role for a menu, in the same order and spelling as everywhere else.
import { toHarmlessLine } from '../core/text/harmless-text.ts';
import type { RoleDocument } from '../local-api/schemas.ts';

type RoleNames = Pick<RoleDocument, 'label' | 'accountId' | 'accountName' | 'permissionSet' | 'protected'>;
type RoleKey = Pick<RoleDocument, 'session' | 'accountId' | 'permissionSet'>;

const MAX_NAME_LENGTH = 60;

/** "⚠ account name  account id  permission set  session": ⚠ only for a protected role, the session only with several. */
export function describeRole(role: RoleNames, hasSeveralSessions: boolean): string {
  const name = role.accountName === null ? '' : toHarmlessLine(role.accountName, MAX_NAME_LENGTH);
  const words = [
    name,
    role.accountId,
    toHarmlessLine(role.permissionSet, MAX_NAME_LENGTH),
    hasSeveralSessions ? toHarmlessLine(role.label, MAX_NAME_LENGTH) : '',
  ];
  return `${role.protected ? '⚠ ' : ''}${words.filter((word) => word !== '').join('  ')}`;
}

export function isSameRole(one: RoleKey, other: RoleKey): boolean {
  return (
    one.session === other.session && one.accountId === other.accountId && one.permissionSet === other.permissionSet
  );
}
