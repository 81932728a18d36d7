// Errors for search words that mean no single role: what was found, and the command that names one.
import { INSIDE } from '../../core/search/role-match.js';
import type { RoleIndex } from '../../core/search/role-index.js';
import { NotFoundError, UsageError } from '../../core/errors.ts';
import { nearestFew } from '../../core/text/nearest.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import type { RoleDocument, RolesDocument } from '../../local-api/schemas.ts';
import type { Output } from '../context.ts';
import { count, formatTable, harmless } from '../terminal/render.ts';
import { exactCommand } from './confirm-role.ts';
import { NothingListedError } from './nothing-listed.ts';
import type { RoleRequest } from './role-request.ts';
import { createRoleColumns, protectedMark } from './role-columns.ts';

const MAX_CANDIDATES = 10;
const MAX_SUGGESTIONS = 3;

export function hasNoProfile(description: string): NotFoundError {
  return new NotFoundError('profile-not-found', `${description} has no profile.`, {
    hint: 'rolecall profiles list',
  });
}

export function nothingListed({ asOf, roles }: RolesDocument, { needsProfile }: RoleRequest): NotFoundError {
  if (asOf === null) return new NothingListedError();
  if (needsProfile && roles.length > 0) {
    return new NotFoundError('profile-not-found', 'None of your roles has a profile yet.', {
      hint: 'rolecall profiles sync',
    });
  }
  return new NotFoundError('account-not-found', 'No role is assigned to you in any account.');
}

export function nothingMatches(
  { command, commandEnd = '', query }: RoleRequest,
  roles: readonly RoleDocument[],
  index: RoleIndex,
): NotFoundError {
  const nameOf = ({ profile, chain, accountName, permissionSet }: RoleDocument) =>
    profile ?? chain?.name ?? `${accountName ?? ''} ${permissionSet}`;
  const names = new Set(
    roles.flatMap(({ accountName, permissionSet, chain, profile, label }) => [
      accountName ?? '',
      chain?.roleName ?? permissionSet,
      profile ?? '',
      label,
    ]),
  );
  const words = new Set(
    [...names].map((name) => name.toLowerCase()).flatMap((name) => [name, ...name.split(/[^\p{L}\p{N}]+/u)]),
  );
  const byEdits = nearestFew(query.toLowerCase(), [...words], MAX_SUGGESTIONS).flatMap((word) => {
    const { positions, count } = index.search(word);
    return Array.from(positions).slice(0, count(INSIDE));
  });
  const near = [...byEdits, ...Array.from(index.search(query).positions)]
    .slice(0, MAX_SUGGESTIONS)
    .map((position) => roles[position] as RoleDocument);
  const nearest = [...new Set(near.map(nameOf))].map(harmless);
  // An exact name is used without asking, so a protected role is never suggested.
  const suggested = near.find((role) => !role.protected);
  const suggestion = nearest.length === 0 ? '' : ` Nearest: ${nearest.join(', ')}.`;
  return new NotFoundError('profile-not-found', `No role matches "${harmless(query)}".${suggestion}`, {
    hint:
      suggested === undefined ? 'rolecall ls' : `${command} ${quoteForShell(harmless(nameOf(suggested)))}${commandEnd}`,
  });
}

/** Prints the matching roles; the error itself follows them. */
export function severalMatch(
  matching: readonly number[],
  roles: readonly RoleDocument[],
  request: RoleRequest,
  context: Output,
): UsageError {
  const candidates = matching.slice(0, MAX_CANDIDATES).map((position) => roles[position] as RoleDocument);
  printCandidates(candidates, roles, context);
  const more = matching.length - candidates.length;
  const tail = more > 0 ? ` (${candidates.length} shown)` : '';
  return new UsageError(
    'usage',
    `${count(matching.length, 'role')} match "${harmless(request.query)}"${tail}. Name one.`,
    {
      // Prefers to suggest a role that is not protected.
      hint: exactCommand(candidates.find((role) => !role.protected) ?? candidates[0], request),
    },
  );
}

function printCandidates(candidates: readonly RoleDocument[], roles: readonly RoleDocument[], context: Output): void {
  const { stderr, environment } = context;
  if (stderr.note !== undefined) {
    stderr.note({ type: 'note', message: 'Roles that match are in "roles".', roles: candidates });
    return;
  }
  const { cells } = createRoleColumns(roles);
  const mark = protectedMark(environment);
  stderr.write(
    formatTable(candidates.map((role) => [role.protected ? mark : '', ...cells(role).map(({ text }) => text)])),
  );
}
