// The problem of a session whose protected roles every program can get without an approval: by a token file of native profiles.
import type { Catalog, SsoSession } from '../../core/model.ts';
import type { Problem } from '../../core/problems.ts';
import type { Protection } from '../settings/protection.ts';

/** `profiles`: those that need the session's token in a plain file; empty: there is no such file. */
export function findBypass(
  { sessionName }: SsoSession,
  profiles: readonly string[],
  catalog: Catalog | undefined,
  { ruleFor }: Pick<Protection, 'ruleFor'>,
): Problem | undefined {
  if (profiles.length === 0) return undefined;
  const hasProtected = catalog?.accounts.some(({ accountId, permissionSets }) =>
    permissionSets.some((permissionSet) => ruleFor({ sessionName, accountId, permissionSet }) !== undefined),
  );
  if (hasProtected !== true) return undefined;
  return {
    code: 'approval-bypassed',
    message:
      `Programs can get the protected roles of ${sessionName} without an approval: they can read the access token ` +
      `that rolecall keeps in a file of the AWS CLI for ${nameProfiles(profiles)}.`,
    // Profiles that rolecall wrote can't be adopted: the setting has to change.
    hint: profiles.some(isByHand) ? 'rolecall profiles adopt' : 'rolecall config edit',
    session: sessionName,
  };
}

/** Of others, the list has a description in brackets instead of names. */
const isByHand = (profile: string) => !profile.startsWith('(');

function nameProfiles([first = '', ...others]: readonly string[]): string {
  if (!isByHand(first)) return first.slice(1, -1);
  const rest = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${first}${rest}`;
}
