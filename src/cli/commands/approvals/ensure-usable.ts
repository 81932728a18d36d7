// Finds out whether a role can be used before anything is started with it, and asks a person if it takes one.
import type { ProfileDocument } from '../../../local-api/schemas.ts';
import { canAsk } from '../../picker/choose-profile.ts';
import { fetchCredentials } from '../../profiles/granted-role.ts';
import { withSignIn } from '../login/offer-sign-in.ts';
import type { LoginContext } from '../login/options.ts';
import { ensureApproved } from './ensure-approved.ts';

/** Resolves once a grant of the profile's role would give keys. @throws what the user reads about a role that gives none */
export async function ensureUsable(
  profile: ProfileDocument,
  context: LoginContext & Parameters<typeof canAsk>[0],
): Promise<void> {
  const asking = { mayAsk: canAsk(context), session: profile.session };
  const wasAsked = await withSignIn(() => ensureApproved(profile, context), asking, context);
  // An approval that counts once is left for the grant.
  if (!wasAsked) await withSignIn(() => fetchCredentials(profile, context), asking, context);
}
