// Which of the named profiles are written into the shared config file: AWS's clients read all of it at each start.
import { createGlobMatcher } from '../../core/text/glob.ts';
import type { Role } from '../../core/model.ts';
import type { Alias } from './profile-aliases.ts';

export interface ProfileSelection {
  /** `auto` writes all up to {@link MAX_PROFILES_FOR_ALL}, and those that are used beyond. */
  readonly write: 'used' | 'auto';
  /** Globs over names and aliases of profiles that are written in any case. */
  readonly include: readonly string[];
  readonly isPinned: (role: Role) => boolean;
  readonly isUsed: (role: Role, names: readonly string[]) => boolean;
}

/** As of 2026-11 the AWS CLI takes a tenth longer to start with 1,000 profiles than with 10, and twice as long with 10,000. */
export const MAX_PROFILES_FOR_ALL = 500;

export interface Candidate {
  readonly role: Role;
  readonly profileName: string;
  readonly alias: Alias | undefined;
  /** It is in the file already and nobody would tell us of its use. */
  readonly staysUnseen: boolean;
}

/** The candidates in two parts, each in their order. */
export function selectProfiles<C extends Candidate>(
  candidates: readonly C[],
  selection: ProfileSelection | undefined,
): { readonly written: readonly C[]; readonly unwritten: readonly C[]; readonly writes: 'all' | 'used' } {
  if (selection === undefined || (selection.write === 'auto' && candidates.length <= MAX_PROFILES_FOR_ALL)) {
    return { written: candidates, unwritten: [], writes: 'all' };
  }
  const isIncluded = createGlobMatcher(selection.include);
  const written: C[] = [];
  const unwritten: C[] = [];
  for (const candidate of candidates) {
    const { role, profileName, alias, staysUnseen } = candidate;
    const names = alias === undefined ? [profileName] : [profileName, alias.name];
    const isWritten =
      staysUnseen ||
      alias?.isPlain === true ||
      selection.isPinned(role) ||
      selection.isUsed(role, names) ||
      names.some(isIncluded);
    (isWritten ? written : unwritten).push(candidate);
  }
  return { written, unwritten, writes: 'used' };
}
