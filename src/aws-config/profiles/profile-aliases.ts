// Assigns the aliases that `alias` in the settings asks for: at most one per role, never a name that is taken.
import type { CredentialsNames } from '../document/credentials-names.ts';
import { nameKey, formatNameOnce, parseNameTemplate, type NameableRole } from './profile-names.ts';

export interface AliasClaim {
  readonly role: NameableRole;
  /** The role's own profile name. */
  readonly profileName: string;
  readonly template: string;
  /** The alias that an earlier sync wrote, for a role whose account name is unknown now. */
  readonly writtenAlias?: string;
}

export interface Alias {
  readonly name: string;
  /** The setting is this name itself, without placeholders. */
  readonly isPlain: boolean;
}

/** An alias that no role gets; `line` is in the config file or, for `in-credentials-file`, in that file. */
export interface SkippedAlias {
  readonly profileName: string;
  readonly reason: 'hand-written' | 'in-credentials-file' | 'taken' | 'ambiguous';
  readonly line?: number;
}

/** The aliases by {@link nameKey}, and those that no role gets, with the reason. */
export function nameAliases(
  claims: readonly AliasClaim[],
  names: {
    /** Profile names of all roles, and reserved names. */
    readonly taken: ReadonlySet<string>;
    /** Line by name. */
    readonly handWritten: ReadonlyMap<string, number>;
    readonly inCredentialsFile: CredentialsNames;
    readonly isExcluded: (name: string) => boolean;
  },
): { readonly aliases: ReadonlyMap<string, Alias>; readonly skipped: readonly SkippedAlias[] } {
  const claimants = new Map<string, { readonly claim: AliasClaim; readonly isPlain: boolean }[]>();
  for (const claim of claims) {
    const template = parseNameTemplate(claim.template, 'role.alias');
    const isPlain = template.parts.every((part) => 'literal' in part);
    const name = isPlain ? template.text : (claim.writtenAlias ?? formatNameOnce(template, claim.role));
    const alias = name.replace(/^-+|-+$/gu, '');
    if (alias === '' || alias === claim.profileName || names.isExcluded(alias)) continue;
    claimants.set(alias, [...(claimants.get(alias) ?? []), { claim, isPlain }]);
  }

  const aliases = new Map<string, Alias>();
  const skipped: SkippedAlias[] = [];
  for (const [name, [first, ...others]] of claimants) {
    if (first === undefined) continue;
    const line = names.handWritten.get(name);
    const credentialsLine = names.inCredentialsFile.get(name);
    if (line !== undefined) skipped.push({ profileName: name, reason: 'hand-written', line });
    else if (credentialsLine !== undefined) {
      skipped.push({ profileName: name, reason: 'in-credentials-file', line: credentialsLine });
    } else if (names.taken.has(name)) skipped.push({ profileName: name, reason: 'taken' });
    else if (others.length > 0) skipped.push({ profileName: name, reason: 'ambiguous' });
    else aliases.set(nameKey(first.claim.role), { name, isPlain: first.isPlain });
  }
  return { aliases, skipped };
}
