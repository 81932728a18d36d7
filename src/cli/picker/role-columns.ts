// Formats a role for a line in the terminal, always in this order: account name, account id, permission set (of a chain: its role and source), label, profile.
import { titleOfRole } from '../../core/text/role-title.js';
import type { RoleDocument } from '../../local-api/schemas.ts';
import type { CliContext } from '../context.ts';
import { displayWidth } from '../terminal/display-width.ts';
import { harmless, hasUnicode, type Style } from '../terminal/render.ts';

export interface RoleCell {
  readonly text: string;
  /** The account id, of which only some parts are searched. */
  readonly isId?: boolean;
  readonly style: Style | undefined;
}

export interface RoleColumns {
  /** The cells of one role; without the label when all roles belong to one session. */
  cells(role: RoleDocument): readonly RoleCell[];
  /** The width that each column needs for all roles. */
  readonly widths: readonly number[];
}

/** Colours that are readable on dark and light backgrounds; red is reserved for protected roles. */
const SESSION_STYLES: readonly Style[] = ['cyan', 'magenta', 'green', 'blue', 'yellow'];

/** A session always gets the same style. */
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
    { text: harmless(titleOfRole(role)), style: role.protected ? 'red' : undefined },
    ...(hasLabels ? [{ text: harmless(role.label), style: styleOfSession(role.session) }] : []),
    { text: harmless(role.profile ?? ''), style: 'dim' as const },
  ];
  return { cells, widths: measure(roles, hasLabels) };
}

/** Fast enough for 20,000 roles before the first screen: fields that are always ASCII are measured by their length. */
function measure(roles: readonly RoleDocument[], hasLabels: boolean): readonly number[] {
  let [name, label, set, profile] = [0, 0, 0, 0];
  let last: RoleDocument | undefined;
  for (const role of roles) {
    // Roles of one account are adjacent.
    if (role.accountName !== last?.accountName) {
      name = Math.max(name, displayWidth(harmless(role.accountName ?? '')));
    }
    if (role.label !== last?.label) label = Math.max(label, displayWidth(harmless(role.label)));
    const isPlain = role.chain === undefined;
    set = Math.max(set, isPlain ? role.permissionSet.length : displayWidth(harmless(titleOfRole(role))));
    profile = Math.max(profile, role.profile?.length ?? 0);
    last = role;
  }
  return [name, ACCOUNT_ID_WIDTH, set, ...(hasLabels ? [label] : []), profile];
}

const ACCOUNT_ID_WIDTH = 12;

/** One role in one line for use in a sentence: account name, account id, permission set, and optionally session and region. */
export function describeRole(
  role: Pick<RoleDocument, 'accountName' | 'accountId' | 'permissionSet' | 'chain' | 'label' | 'protected'> & {
    readonly region?: string | null;
  },
  mark: string,
  withSession: boolean,
): string {
  return [
    ...(role.accountName === null ? [] : [harmless(role.accountName)]),
    role.accountId,
    harmless(titleOfRole(role)),
    ...(withSession ? [harmless(role.label)] : []),
    ...(role.region === undefined || role.region === null ? [] : [harmless(role.region)]),
    ...(role.protected ? [mark] : []),
  ].join('  ');
}
