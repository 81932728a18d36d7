// What `rolecall use` says of the role it switched to: account, id, permission set, region, and whether the sign-in has ended.
import { NotFoundError } from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import type { RoleDocument } from '../../../local-api/schemas.ts';
import { describeOne } from '../../picker/choose-role.ts';
import { findProfile } from '../../profiles/find-profile.ts';
import { harmless } from '../../terminal/render.ts';
import { approveSwitch } from './approve-switch.ts';
import { ensureSignedIn } from '../login/offer-sign-in.ts';
import type { UseContext } from './options.ts';

type Role = Pick<RoleDocument, 'session' | 'accountId' | 'permissionSet' | 'profile'>;

/** The role in one line, as in lists, with the region of its profile. `describe` does so without asking the daemon. */
export async function describeWithRegion(
  role: Role,
  context: UseContext,
  describe: (region: string | null) => string | Promise<string> = (region) => describeOne({ ...role, region }, context),
): Promise<string> {
  const profile = role.profile === null ? undefined : await findProfile(role.profile, context);
  return describe(profile?.region ?? null);
}

/** The end of that line if nobody is signed in, after an offer to sign in if `mayAsk`; else ''. */
export async function describeSignedOut(session: string, mayAsk: boolean, context: UseContext): Promise<string> {
  return formatEnd(await ensureSignedIn(session, { mayAsk }, context), session);
}

/**
 * Asks for the approval of a profile that was named exactly, and returns the line for one that was signed out; '' if it is
 * live, as the shell hook prints it then.
 */
export async function describeExactProfile(name: string, mayAsk: boolean, context: UseContext): Promise<string> {
  const profile = await findProfile(name, context).catch((error: unknown) => {
    // `current` while no role is current.
    if (error instanceof NotFoundError) return undefined;
    throw error;
  });
  if (profile === undefined) return '';
  await approveSwitch(profile, context);
  const state = await ensureSignedIn(profile.session, { mayAsk }, context);
  if (state === 'live') return '';
  return `${await describeWithRegion({ ...profile, profile: name }, context)}${formatEnd(state, profile.session)}\n`;
}

function formatEnd(state: Awaited<ReturnType<typeof ensureSignedIn>>, session: string): string {
  return state === 'signed-out' ? `  (signed out; run: rolecall login ${quoteForShell(harmless(session))})` : '';
}
