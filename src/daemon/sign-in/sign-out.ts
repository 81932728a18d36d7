// Ends a session: stops serving it, removes what other programs could still use, and signs out at AWS.
import { deleteCachedRoleCredentials } from '../../aws-config/files/cli-cache.ts';
import { startUrlSpellings } from '../../aws-config/sessions/sso-sessions.ts';
import type { SsoSession } from '../../core/model.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { SignOutDocument } from '../../local-api/schemas.ts';
import type { Broker } from '../../sso/broker.ts';
import { rolesOf } from '../../sso/roles/merge-listing.ts';
import type { LogoutOutcome } from '../../sso/session/sign-out.ts';
import type { Changes } from '../process/changes.ts';
import type { Log } from '../process/log.ts';
import type { TokenFiles } from '../profiles/token-files.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { SessionEvents } from './session-events.ts';

/** @throws UnavailableError secret-store-…: nothing is served any more, but the store still has the tokens */
export type SignOut = (
  session: SsoSession,
  options: { readonly by: SurfaceName; readonly forgetsKeychain: boolean },
) => Promise<SignOutDocument>;

const KEYCHAIN_FORGOTTEN =
  'The keychain was skipped: a sign-in that it may still contain was not ended and stays active at AWS until it expires.';

export function createSignOut(deps: {
  readonly sharedConfig: Pick<SharedConfig, 'read'>;
  readonly broker: Pick<Broker, 'signOut' | 'cachedCatalog'>;
  readonly homeDirectory: string;
  readonly tokenFiles: Pick<TokenFiles, 'remove'>;
  readonly events: Pick<SessionEvents, 'signedOut'>;
  readonly changes: Pick<Changes, 'announce'>;
  readonly log: Log;
  /** A person is at the machine, and can unlock the keychain. */
  readonly personActs: () => void;
  /** Gives up tokens in a keychain that can't be reached any more; false when there are none. */
  readonly forgetKeychain: () => boolean;
}): SignOut {
  const { broker, log, tokenFiles } = deps;

  /** The AWS CLI caches credentials that it got with our token file; `aws sso logout` deletes them too. */
  async function deleteFromCliCache(session: SsoSession): Promise<void> {
    const catalog = await broker.cachedCatalog(session);
    if (catalog === undefined) return;
    const { nativeProfiles } = await deps.sharedConfig.read().catch(() => ({ nativeProfiles: [] }));
    const startUrls = startUrlSpellings(session, nativeProfiles);
    await deleteCachedRoleCredentials(deps.homeDirectory, session, startUrls, rolesOf(catalog));
  }

  return async (session, { by, forgetsKeychain }) => {
    const isForgotten = forgetsKeychain && deps.forgetKeychain();
    deps.personActs();
    // Stops serving the session now; the request to AWS continues.
    const signingOut = broker.signOut(session);
    const reacting = deps.events.signedOut(session, by);
    let outcome: LogoutOutcome;
    try {
      // The token file goes at once: AWS can be slow to answer.
      [outcome] = await Promise.all([signingOut, tokenFiles.remove(session), reacting]);
    } finally {
      // Again, because the daemon's timed work can have written the file in between.
      await tokenFiles.remove(session);
      await deleteFromCliCache(session);
      deps.changes.announce();
    }
    log('info', `signed out of ${session.sessionName}`);
    const notes = [...(outcome.endedAtAws ? [] : [outcome.note]), ...(isForgotten ? [KEYCHAIN_FORGOTTEN] : [])];
    for (const note of notes) log('warn', note);
    return notes.length === 0 ? { endedAtAws: true } : { endedAtAws: false, note: notes.join(' ') };
  };
}
