// Signing in and out: /v1/sessions/{session}/sign-in and /sign-out.
import { deleteCachedRoleCredentials } from '../../aws-config/files/cli-cache.ts';
import { startUrlSpellings } from '../../aws-config/sessions/sso-sessions.ts';
import { formatUtcSeconds } from '../../core/clock.ts';
import type { Endpoints, SsoSession } from '../../core/model.ts';
import { findPageToOpen } from '../../core/aws/verification-uri.ts';
import type { SignInDocument } from '../../local-api/schemas.ts';
import { rolesOf } from '../../sso/roles/merge-listing.ts';
import type { Broker } from '../../sso/broker.ts';
import type { LogoutOutcome } from '../../sso/session/sign-out.ts';
import type { SignInState } from '../../sso/session/sign-in.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Changes } from '../process/changes.ts';
import { requireNoRelay } from '../settings/endpoints.ts';
import type { Log } from '../process/log.ts';
import type { LoginPolicy } from './login-policy.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedConfig } from '../shared-config/shared-config.ts';
import type { PostSignInSync } from './post-sign-in-sync.ts';
import type { SurfaceName } from '../../local-api/routes.ts';
import type { Handlers } from '../http/surface.ts';
import type { TokenFiles } from '../profiles/token-files.ts';

/** With the state of a sign-in as a document for whoever else shows it. */
export type SignInHandlers = Pick<Handlers, 'startSignIn' | 'cancelSignIn' | 'signOut' | 'checkUser'> & {
  readonly signIn: (input: { readonly session: string }) => Promise<SignInDocument | null>;
};

const KEYCHAIN_FORGOTTEN =
  'The keychain was given up: a sign-in that it may still hold was not ended, and lives on at AWS until it expires.';

export function createSignInHandlers(deps: {
  readonly sharedConfig: SharedConfig;
  readonly broker: Pick<
    Broker,
    'startSignIn' | 'signInState' | 'cancelSignIn' | 'signOut' | 'cachedCatalog' | 'checkUser'
  >;
  readonly homeDirectory: string;
  readonly postSignInSync: PostSignInSync;
  readonly tokenFiles: TokenFiles;
  /** Ends every grant of a session. */
  readonly revokeGrants: (sessionName: string, surface: SurfaceName) => Promise<void>;
  readonly loginPolicy: Pick<LoginPolicy, 'signedOut'>;
  readonly endpoints: Endpoints;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly changes: Pick<Changes, 'announce'>;
  readonly settings: Pick<Settings, 'browsers'>;
  readonly log: Log;
  /** Called when a person signs in or out, who may be asked to unlock the keychain. */
  readonly personActs: () => void;
  /** Gives up what a keychain that is gone for good may hold; false when there is nothing to give up. */
  readonly forgetKeychain: () => boolean;
}): SignInHandlers {
  const { broker, sharedConfig, postSignInSync } = deps;

  function describe(session: SsoSession, state: SignInState): SignInDocument {
    const progress = postSignInSync.state(session);
    const shared = progress === undefined || state.state === 'pending' ? {} : { setup: progress };
    if (state.state === 'live') return { state: 'live', ...shared };
    const { expiresAtMs, ...prompt } = state;
    const openUri = findPageToOpen(state, session.startUrl, deps.endpoints.ssoOidc);
    const browser = deps.settings.browsers.get(session.sessionName);
    return {
      ...prompt,
      expiresAt: formatUtcSeconds(expiresAtMs),
      ...(openUri === undefined ? {} : { openUri }),
      ...(browser === undefined ? {} : { browser: browser.template, browserLine: browser.line }),
      ...shared,
    };
  }

  /** The AWS CLI keeps keys that it got by the token file; `aws sso logout` deletes them too. */
  async function forgetInCliCache(session: SsoSession): Promise<void> {
    const catalog = await broker.cachedCatalog(session);
    if (catalog === undefined) return;
    const { nativeProfiles } = await sharedConfig.read().catch(() => ({ nativeProfiles: [] }));
    const startUrls = startUrlSpellings(session, nativeProfiles);
    await deleteCachedRoleCredentials(deps.homeDirectory, session, startUrls, rolesOf(catalog));
  }

  return {
    async startSignIn({ session: selector, body }) {
      const session = await sharedConfig.findSession(selector);
      if (body?.acceptEndpoint !== true) requireNoRelay(deps.endpoints, session);
      deps.personActs();
      const state = await broker.startSignIn(session, { force: body?.force === true });
      deps.log('info', `sign-in to ${session.sessionName}: ${state.state}`);
      deps.changes.announce();
      // A session that is live already is brought up to date as after a sign-in.
      if (state.state === 'live') void postSignInSync.run(session);
      return describe(session, state);
    },
    async signIn({ session: selector }) {
      const session = await sharedConfig.findSession(selector);
      const state = broker.signInState(session);
      return state === undefined ? null : describe(session, state);
    },
    async cancelSignIn({ session: selector }) {
      broker.cancelSignIn(await sharedConfig.findSession(selector));
      deps.changes.announce();
      return undefined;
    },
    async checkUser({ session: selector, body }) {
      const session = await sharedConfig.findSession(selector);
      const check = await broker.checkUser(session, body.accept);
      // It was held back until somebody knew.
      if (check.state === 'confirmed') await deps.tokenFiles.keep(session, { justSignedIn: true });
      // What was kept for the user before goes.
      if (check.state === 'confirmed' && body.accept !== undefined) void postSignInSync.run(session);
      deps.changes.announce();
      return { ...check };
    },
    async signOut({ session: selector, body }, { surface }) {
      const session = await sharedConfig.findSession(selector);
      const isForgotten = body?.forgetKeychain === true && deps.forgetKeychain();
      deps.personActs();
      const signingOut = broker.signOut(session);
      deps.loginPolicy.signedOut(session.sessionName);
      deps.audit.record({ event: 'signed-out', sessionName: session.sessionName, surface });
      deps.changes.announce();
      // The token in clear goes first, AWS may be slow to answer; and once more, should a tick have come in between.
      let outcome: LogoutOutcome;
      try {
        [outcome] = await Promise.all([
          signingOut,
          deps.tokenFiles.remove(session),
          deps.revokeGrants(session.sessionName, surface),
        ]);
      } finally {
        await deps.tokenFiles.remove(session);
        await forgetInCliCache(session);
        deps.changes.announce();
      }
      deps.log('info', `signed out of ${session.sessionName}`);
      const notes = [...(outcome.endedAtAws ? [] : [outcome.note]), ...(isForgotten ? [KEYCHAIN_FORGOTTEN] : [])];
      for (const note of notes) deps.log('warn', note);
      return notes.length === 0 ? { endedAtAws: true } : { endedAtAws: false, note: notes.join(' ') };
    },
  };
}
