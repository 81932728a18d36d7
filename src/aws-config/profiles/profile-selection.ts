// Chooses which profiles are written to the shared config file; AWS clients parse the whole file at every start.
import { createGlobMatcher } from '../../core/text/glob.ts';
import type { Role } from '../../core/model.ts';
import type { Alias } from './profile-aliases.ts';

export interface ProfileSelection {
  /** `auto` writes all profiles up to {@link MAX_PROFILES_FOR_ALL}, and only used ones above that. */
  readonly write: 'used' | 'auto';
  /** Globs over names and aliases of profiles that are always written. */
  readonly include: readonly string[];
  readonly isPinned: (role: Role) => boolean;
  readonly isUsed: (role: Role, names: readonly string[]) => boolean;
}

/** As of 2026-11 the AWS CLI starts 10% slower with 1,000 profiles than with 10, and takes twice as long with 10,000. */
export const MAX_PROFILES_FOR_ALL = 500;

export interface Candidate {
  readonly profile: Role & { readonly profileName: string };
  readonly alias: Alias | undefined;
  /** Already in the file, and its use can't be observed. */
  readonly staysUnseen: boolean;
}

/** Splits the candidates, keeping their order. */
export function selectProfiles<C extends Candidate>(
  candidates: readonly C[],
  selection: ProfileSelection | undefined,
): {
  readonly written: readonly C[];
  readonly unwritten: readonly C[];
  readonly writes: 'all' | 'used';
} {
  if (selection === undefined || (selection.write === 'auto' && candidates.length <= MAX_PROFILES_FOR_ALL)) {
    return { written: candidates, unwritten: [], writes: 'all' };
  }
  const isIncluded = createGlobMatcher(selection.include);
  const written: C[] = [];
  const unwritten: C[] = [];
  for (const candidate of candidates) {
    const { profile, alias, staysUnseen } = candidate;
    const names = alias === undefined ? [profile.profileName] : [profile.profileName, alias.name];
    const isWritten =
      staysUnseen ||
      alias?.isPlain === true ||
      selection.isPinned(profile) ||
      selection.isUsed(profile, names) ||
      names.some(isIncluded);
    (isWritten ? written : unwritten).push(candidate);
  }
  return { written, unwritten, writes: 'used' };
}
