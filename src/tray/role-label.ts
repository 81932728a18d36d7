// Formats a role for a menu, in the same order and spelling as everywhere else.
import { toHarmlessLine } from '../core/text/harmless-text.ts';
import { createNameShortener } from '../core/text/short-names.js';
import type { RoleDocument } from '../local-api/schemas.ts';

type RoleNames = Pick<RoleDocument, 'label' | 'accountId' | 'accountName' | 'permissionSet' | 'protected'>;
type RoleKey = Pick<RoleDocument, 'session' | 'accountId' | 'permissionSet'>;

const MAX_NAME_LENGTH = 60;
const MAX_RAW_LENGTH = 500;

/**
 * "⚠ account name  account id  permission set  session": ⚠ only for a protected role, the session only with several.
 * Long names are shortened in the middle, so that different names of `others` (the other entries of the menu) stay different.
 */
export function describeRole(role: RoleNames, hasSeveralSessions: boolean, others: readonly RoleNames[] = []): string {
  const shorten = (nameOf: (role: RoleNames) => string) => {
    const toLine = (each: RoleNames) => toHarmlessLine(nameOf(each), MAX_RAW_LENGTH);
    return createNameShortener([...others, role].map(toLine), MAX_NAME_LENGTH, lengthOf)(toLine(role)).text;
  };
  const words = [
    shorten(({ accountName }) => accountName ?? ''),
    role.accountId,
    shorten(({ permissionSet }) => permissionSet),
    hasSeveralSessions ? shorten(({ label }) => label) : '',
  ];
  return `${role.protected ? '⚠ ' : ''}${words.filter((word) => word !== '').join('  ')}`;
}

const lengthOf = (text: string) => Array.from(text).length;

export function isSameRole(one: RoleKey, other: RoleKey): boolean {
  return (
    one.session === other.session && one.accountId === other.accountId && one.permissionSet === other.permissionSet
  );
}
