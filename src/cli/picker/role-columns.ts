// How a role stands in a line of a terminal: account name, account id, permission set, label, profile; the same order everywhere.
import type { RoleDocument } from '../../local-api/schemas.ts';
import type { CliContext } from '../context.ts';
import { displayWidth } from '../terminal/display-width.ts';
import { harmless, hasUnicode, type Style } from '../terminal/render.ts';

export interface RoleCell {
  readonly text: string;
  /** Whether it is the account id, of which only some parts are searched. */
  readonly isId?: boolean;
  readonly style: Style | undefined;
}

export interface RoleColumns {
  /** The cells of one role, in their order; the label is left out where one session has all roles. */
  cells(role: RoleDocument): readonly RoleCell[];
  /** How wide each column has to be to hold every role. */
  readonly widths: readonly number[];
}

/** Not red, which is for protected roles alone, nor what hardly anybody can read on a dark or a light ground. */
const SESSION_STYLES: readonly Style[] = ['cyan', 'magenta', 'green', 'blue', 'yellow'];

/** The same style for the same session each time. */
export function styleOfSession(session: string): Style {
  let sum = 0;
  for (const character of session) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return SESSION_STYLES[sum % SESSION_STYLES.length] ?? 'cyan';
}

/** The mark of a protected role. */
export function protectedMark(environment: CliContext['environment']): string {
  return hasUnicode(environment) ? '⚠' : '!';
}

export function createRoleColumns(roles: readonly RoleDocument[]): RoleColumns {
  const hasLabels = roles.some(({ session }) => session !== roles[0]?.session);
  const cells = (role: RoleDocument): readonly RoleCell[] => [
    { text: harmless(role.accountName ?? ''), style: undefined },
    { text: role.accountId, isId: true, style: 'dim' },
    { text: harmless(role.permissionSet), style: role.protected ? 'red' : undefined },
    ...(hasLabels ? [{ text: harmless(role.label), style: styleOfSession(role.session) }] : []),
    { text: harmless(role.profile ?? ''), style: 'dim' as const },
  ];
  return { cells, widths: measure(roles, hasLabels) };
}

/** Twenty thousand roles are measured before the first screen: what AWS or we allow only ASCII in takes as many columns as it has characters. */
function measure(roles: readonly RoleDocument[], hasLabels: boolean): readonly number[] {
  let [name, label, set, profile] = [0, 0, 0, 0];
  let last: RoleDocument | undefined;
  for (const role of roles) {
    // The roles of an account stand one after the other.
    if (role.accountName !== last?.accountName) {
      name = Math.max(name, displayWidth(harmless(role.accountName ?? '')));
    }
    if (role.label !== last?.label) label = Math.max(label, displayWidth(harmless(role.label)));
    set = Math.max(set, role.permissionSet.length);
    profile = Math.max(profile, role.profile?.length ?? 0);
    last = role;
  }
  return [name, ACCOUNT_ID_WIDTH, set, ...(hasLabels ? [label] : []), profile];
}

const ACCOUNT_ID_WIDTH = 12;

/** One role in one line, for a sentence on its own: account name, account id, permission set, and the session if asked. */
export function describeRole(
  role: Pick<RoleDocument, 'accountName' | 'accountId' | 'permissionSet' | 'label' | 'protected'>,
  mark: string,
  withSession: boolean,
): string {
  return [
    ...(role.accountName === null ? [] : [harmless(role.accountName)]),
    role.accountId,
    harmless(role.permissionSet),
    ...(withSession ? [harmless(role.label)] : []),
    ...(role.protected ? [mark] : []),
  ].join('  ');
}
