// Finds keys and profiles that the user added to our block, which a sync would delete or move to another profile.
import { ConflictError } from '../../core/errors.ts';
import { editCommand } from '../../core/text/quote-for-shell.ts';
import type { ConfigDocument, ConfigEntry } from '../document/document.ts';
import { findExtraKeyFault, formatAsSetting, noExtraKeys, type ExtraKeys } from './extra-keys.ts';
import { BLOCK_END, isInsideBlock, type ManagedBlock } from '../document/managed-block.ts';
import type { OwnProfile } from './own-profiles.ts';

export interface ForeignKey {
  readonly profile: OwnProfile;
  readonly entry: ConfigEntry;
  /** Below our block: `aws configure set` writes keys of the last profile there. */
  readonly isBelow: boolean;
}

/** The extra keys that the settings give a role; without a role, those that they give every role. */
export type ExtraFor = (role: { readonly accountId: string; readonly permissionSet: string } | undefined) => ExtraKeys;

const COMMAND_KEYS: ReadonlySet<string> = new Set(['region', 'credential_process']);
const NATIVE_KEYS: ReadonlySet<string> = new Set(['region', 'sso_session', 'sso_account_id', 'sso_role_name']);

/** Keys in the block's profiles that neither rolecall nor the settings added, in file order. */
export function findForeignKeys(
  block: ManagedBlock | undefined,
  own: readonly OwnProfile[],
  extraFor: ExtraFor,
): ForeignKey[] {
  return own.flatMap((profile): readonly ForeignKey[] => {
    const { section, extraKeys } = profile;
    const written = profile.isNative ? NATIVE_KEYS : COMMAND_KEYS;
    const isBelow = ({ line }: ConfigEntry) => !isInsideBlock(block, line);
    const isWritten = (entry: ConfigEntry) => written.has(entry.key) || extraKeys.includes(entry.key);
    const isForeign = (entry: ConfigEntry) => !isOurs(profile) || isBelow(entry) || !isWritten(entry);
    if (!section.entries.some(isForeign)) return [];
    const added = section.entries.filter(isForeign);
    const set = isOurs(profile) ? extraFor(profile.role) : noExtraKeys();
    return added
      .filter((entry) => isBelow(entry) || !set.has(entry.key))
      .map((entry) => ({ profile, entry, isBelow: isBelow(entry) }));
  });
}

function isOurs({ role, followsCurrent }: OwnProfile): boolean {
  return role !== undefined || followsCurrent;
}

/** The error for the first of them, with where to move it; undefined when there are none. */
export function describeForeignKeys(
  document: ConfigDocument,
  foreign: readonly ForeignKey[],
): ConflictError | undefined {
  const [first] = foreign;
  if (first === undefined) return undefined;
  const { entry, profile, isBelow } = first;
  const line = isOurs(profile) ? entry.line : profile.section.line;
  const place = `${document.path}, line ${line}`;
  const others = new Set(foreign.map((each) => each.profile)).size - 1;
  const more =
    others === 0 ? '' : ` ${others} more ${others === 1 ? 'profile has' : 'profiles have'} the same problem.`;
  const hint = editCommand(document.path, line);
  const header = `[${profile.section.header}]`;
  if (!isOurs(profile)) {
    const message = `${place}: ${header} is inside rolecall's block and would be lost. Move it below "${BLOCK_END}".${more}`;
    return new ConflictError('config-section-not-ours', message, { hint });
  }
  const remedy =
    findExtraKeyFault(entry.key) === undefined
      ? `${isBelow ? 'Delete the line and set it' : 'Set it'} in config.toml instead: [[role]] ${formatAsSetting(entry)}.`
      : "Delete the line, or write your own profile outside rolecall's block.";
  const loss = isBelow ? 'a sync could move it to another profile' : 'a sync would delete it';
  const message = `${place}: "${entry.key}" was added to ${header}, and ${loss}, so profiles are not written. ${remedy}${more}`;
  return new ConflictError('config-key-not-ours', message, { hint });
}
