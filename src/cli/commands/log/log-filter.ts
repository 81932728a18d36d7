// Which lines `rolecall log` shows: --since and --role.
import { isUnnamedChain, parseRoleArn } from '../../../core/aws/chain-role.ts';
import { UsageError } from '../../../core/errors.ts';
import { findDigits, findWord, fold, parseWords } from '../../../core/search/search-words.js';
import { nameOfRole } from '../../../core/text/role-title.js';
import type { AuditHop, AuditLine } from '../../../local-api/schemas/audit.ts';
import type { RoleNames } from './role-names.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 24 * 3_600_000,
  w: 7 * 24 * 3_600_000,
};

const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/u;

/** Milliseconds since the epoch. A date without a zone is local. @throws UsageError usage */
export function parseSince(text: string, nowMs: number): number {
  const [, amount, unit = ''] = /^(\d{1,6})\s*([smhdw])$/u.exec(text.trim()) ?? [];
  if (amount !== undefined) return nowMs - Number(amount) * (UNIT_MS[unit] ?? 0);
  const iso = text.trim().replace(' ', 'T');
  // Without a time Date would take the date as UTC.
  const atMs = ISO.test(text.trim()) ? Date.parse(iso.includes('T') ? iso : `${iso}T00:00`) : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new UsageError('usage', `--since takes 30m, 2h, 3d or a date like 2026-11-30T14:00, not "${text}".`, {
    hint: 'rolecall log --help',
  });
}

/** Whether the line is about a role that has this profile name or matches all words. Without words every line matches. */
export function createRoleFilter(query: string | undefined, names: RoleNames): (line: AuditLine) => boolean {
  if (query === undefined) return () => true;
  const words = parseWords(query);
  const wanted = fold(query.trim());
  const isName = names.list().some((name) => fold(name) === wanted);
  /** Chained roles without a name of which a line matched: only the first says how they are reached. */
  const matched = new Set<string>();

  function matches(line: AuditLine, permissionSet: string): boolean {
    const { session = '', accountId = '', via } = line;
    // A chained role by its name, which is that of its profile.
    const role = nameOfRole(permissionSet);
    const all = [
      ...names.of(line),
      ...(role === permissionSet ? [] : [role]),
      ...(via === undefined ? [] : namesOfHop(via, session, names)),
    ];
    if (isName) return all.some((name) => fold(name) === wanted);
    const texts = [...all, role, session].map(fold);
    return words.every(
      (word) => findDigits(accountId, word) >= 0 || texts.some((text) => findWord(text, word.text) >= 0),
    );
  }

  return (line) => {
    const { permissionSet } = line;
    if (permissionSet === undefined) return false;
    if (matched.has(permissionSet)) return true;
    const isMatch = matches(line, permissionSet);
    if (isMatch && isUnnamedChain({ permissionSet })) matched.add(permissionSet);
    return isMatch;
  };
}

/** The role of a hop, and the one that it starts from. */
function namesOfHop(
  { roleArn, sourceAccountId, sourcePermissionSet }: AuditHop,
  session: string,
  names: RoleNames,
): readonly string[] {
  const source = { session, accountId: sourceAccountId, permissionSet: sourcePermissionSet };
  return [parseRoleArn(roleArn)?.roleName ?? roleArn, nameOfRole(sourcePermissionSet), ...names.of(source)];
}
