// How a role is written in a menu: the order and spelling of every surface.
import { toHarmlessLine } from '../core/text/harmless-text.ts';
import type { RoleDocument } from '../local-api/schemas.ts';

type RoleNames = Pick<RoleDocument, 'label' | 'accountId' | 'accountName' | 'permissionSet' | 'protected'>;
type RoleKey = Pick<RoleDocument, 'session' | 'accountId' | 'permissionSet'>;

const LONGEST_NAME = 60;

/** "⚠ account name  account id  permission set  session", the first for a protected role, the last one of several only. */
export function describeRole(role: RoleNames, hasSeveralSessions: boolean): string {
  const name = role.accountName === null ? '' : toHarmlessLine(role.accountName, LONGEST_NAME);
  const words = [
    name,
    role.accountId,
    toHarmlessLine(role.permissionSet, LONGEST_NAME),
    hasSeveralSessions ? toHarmlessLine(role.label, LONGEST_NAME) : '',
  ];
  return `${role.protected ? '⚠ ' : ''}${words.filter((word) => word !== '').join('  ')}`;
}

export function isSameRole(one: RoleKey, other: RoleKey): boolean {
  return (
    one.session === other.session && one.accountId === other.accountId && one.permissionSet === other.permissionSet
  );
}
