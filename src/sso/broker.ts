// The domain as a whole: what the daemon asks of it, wired from its parts over the two ports.
import type { Clock } from '../core/clock.ts';
import type { Catalog, Endpoints, Role, RoleCredentials, SsoSession } from '../core/model.ts';
import { errorFromBody, SignInRequiredError, toRolecallError } from '../core/errors.ts';
import type { Problems } from '../core/problems.ts';
import { createAccessTokens, type AccessToken, type TokenState } from './session/access-tokens.ts';
import { createAccountCatalog, type CatalogFiles, type ListingProgress } from './roles/account-catalog.ts';
import { createClientRegistrations } from './session/client-registrations.ts';
import { describeFault } from './faults.ts';
import { sessionKey } from './issuer.ts';
import { isLost, rolesOf, type CatalogChange } from './roles/merge-listing.ts';
import { withTimeout } from '../core/async/with-timeout.ts';
import type { CallerIdentity, IdentityCenter, SecretStore } from './ports.ts';
import { callPortal } from './session/portal-call.ts';
import { createRateBudget } from './resilience/rate-budget.ts';
import { createRefreshEngine } from './roles/refresh-engine.ts';
import { createRoleCredentials } from './roles/role-credentials.ts';
import type { RoleUse } from './roles/role-use.ts';
import { findSessionEnd, type SessionEnd } from './session/session-clock.ts';
import { ENDED, logOut, type LogoutOutcome } from './session/sign-out.ts';
import { createSignIn, type SignInState } from './session/sign-in.ts';
import { createSignedInUsers, type SignedInUsersFile, type UserCheck } from './session/signed-in-users.ts';
import { createCircuitBreakers, type UpstreamHealth } from './resilience/circuit-breakers.ts';

export interface Broker {
  startSignIn(session: SsoSession, options: { readonly force: boolean }): Promise<SignInState>;
  signInState(session: SsoSession): SignInState | undefined;
  cancelSignIn(session: SsoSession): void;
  /**
   * Stops serving at once, forgets the tokens, then tells AWS; resolves though AWS can't be reached.
   * @throws UnavailableError secret-store-…: nothing is served any more, but the store still has the tokens, which `flush`
   * deletes, or AWS could not be told
   */
  signOut(session: SsoSession): Promise<LogoutOutcome>;
  describe(session: SsoSession): Promise<TokenState>;
  /** Who signed in, as far as is known. */
  signedInUser(session: SsoSession): UserCheck;
  /**
   * Finds out who signed in, with keys at hand or those of the first role, unless it is known; waits two seconds at most
   * and never rejects. `accept` is a person's agreement to a user that was told as unconfirmed.
   */
  checkUser(session: SsoSession, accept?: string): Promise<UserCheck>;
  /** Whether `checkUser` could still find out who signed in. */
  needsUserCheck(session: SsoSession): boolean;
  /** False while another user than before signed in, or may have: nobody gets anything of the session. */
  isServing(session: SsoSession): boolean;
  /** For the AWS CLI's own token file only. @throws SignInRequiredError, UnavailableError */
  accessToken(session: SsoSession): Promise<AccessToken>;
  credentials(session: SsoSession, role: Role): Promise<RoleCredentials>;
  /** What `credentials` would give without asking anybody, if it is at hand. */
  peekCredentials(session: SsoSession, role: Role): RoleCredentials | undefined;
  /**
   * Resolves unless a complete list says that the role is not the user's.
   * @throws RefusedError permission-set-not-assigned, NotFoundError account-not-found
   */
  requireAssigned(session: SsoSession, role: Role): Promise<void>;
  cachedCatalog(session: SsoSession): Promise<Catalog | undefined>;
  /** Lists anew; attended, one call goes out even in a pause that the server asked for. */
  refreshCatalog(session: SsoSession, options?: { readonly isAttended: boolean }): Promise<CatalogChange>;
  /** A person agrees to what a suspicious listing lost. */
  acceptLoss(session: SsoSession): Promise<void>;
  listingProgress(session: SsoSession): ListingProgress | undefined;
  /** Asks the portal whether the session still lives; ends it when it does not. @throws UnavailableError when it can't be asked */
  verifyLive(session: SsoSession): Promise<boolean>;
  /** When the Identity Center session ends, as the user has set it or as earlier ones ended; undefined when neither is known. */
  sessionEnd(session: SsoSession): Promise<SessionEnd | undefined>;
  /** The roles of a session whose credentials are kept, the one that was asked for last first. */
  rolesInUse(session: SsoSession): readonly RoleUse[];
  upstreamHealth(session: SsoSession): readonly UpstreamHealth[];
  /** One tick of the refresh engine: renews ahead what is due; gives the time until the next thing is, if anything. */
  refreshAhead(): Promise<number | undefined>;
  /** Retries what the secret store refused earlier; a sign-out whose tokens it hid is brought to its end at AWS too. */
  flush(): Promise<void>;
}

/**
 * AWS allows a user 20 portal calls a second; one is left for the credentials that cannot wait.
 * @public for the bench, which scales it
 */
export const PORTAL_CALLS_PER_SECOND = 19;

/** A person waits for it after a sign-in. */
const USER_CHECK_TIMEOUT_MS = 2000;
/** An account may be closed, and its roles give no keys. */
const MAX_ROLES_TRIED = 3;

export function createBroker(deps: {
  readonly identityCenter: IdentityCenter;
  readonly secretStore: SecretStore;
  /** Absent: who signed in is never checked. */
  readonly callerIdentity?: CallerIdentity;
  /** Who signed in before; nobody is remembered when absent. */
  readonly usersFile?: SignedInUsersFile;
  readonly endpoints: Endpoints;
  readonly catalogFiles: CatalogFiles;
  readonly clock: Clock;
  readonly random: () => number;
  readonly problems: Problems;
  readonly onSignedIn: (session: SsoSession) => void;
  /** A person said no to a sign-in. */
  readonly onSignInDenied?: (session: SsoSession) => void;
  /** Nobody said anything to one in its time. */
  readonly onSignInExpired?: (session: SsoSession) => void;
  readonly portalCallsPerSecond?: number;
  /** Lengths of Identity Center sessions as their users have set them, by session name. */
  readonly sessionHours?: Readonly<Record<string, number>>;
}): Broker {
  const { identityCenter } = deps;
  const rateBudget = createRateBudget({
    clock: deps.clock,
    callsPerSecond: deps.portalCallsPerSecond ?? PORTAL_CALLS_PER_SECOND,
  });
  const circuitBreakers = createCircuitBreakers(deps);
  const registrations = createClientRegistrations(deps);
  const accessTokens = createAccessTokens({ ...deps, registrations, circuitBreakers });
  const portal = { ...deps, accessTokens, rateBudget, circuitBreakers };
  const catalog = createAccountCatalog({
    ...portal,
    files: deps.catalogFiles,
    lastConfirmed: (session) => users.lastConfirmed(session),
  });
  const roleCredentials = createRoleCredentials({ ...portal, refusal: catalog.refusal });
  const refreshEngine = createRefreshEngine({ ...portal, roleCredentials });

  const users = createSignedInUsers({
    ...deps,
    file: deps.usersFile ?? { kept: new Map(), save: () => undefined },
    // Its own failures are problems by then.
    onConfirmed: (session, user) => void catalog.settleUser(session, user),
  });

  async function fetchCredentials(session: SsoSession, role: Role): Promise<RoleCredentials> {
    for (;;) {
      const before = users.signInOf(session);
      const credentials = await roleCredentials.fetch(session, role);
      // With those of an earlier sign-in the earlier user would be taken for the one of now.
      if (users.signInOf(session) !== before) continue;
      await users.require(session, credentials);
      return credentials;
    }
  }

  /** Why nobody knows who signed in, if so: the role that was used last may not be the new user's, the first listed one is. */
  async function checkWithAnyRole(session: SsoSession): Promise<string | undefined> {
    const used = roleCredentials.list().find((use) => sessionKey(use.session) === sessionKey(session))?.role;
    const list = await catalog.known(session).catch(() => undefined);
    const listed = list === undefined ? [] : rolesOf(list);
    let reason = 'no role is assigned';
    for (const role of [...(used === undefined ? [] : [used]), ...listed.slice(0, MAX_ROLES_TRIED)]) {
      try {
        const before = users.signInOf(session);
        const credentials = await roleCredentials.fetchUnused(session, role);
        if (users.signInOf(session) === before) await users.check(session, credentials);
        return undefined;
      } catch (error) {
        reason = toRolecallError(error).message.replace(/\.$/, '');
      }
    }
    return reason;
  }

  async function verifyLive(session: SsoSession): Promise<boolean> {
    try {
      await callPortal(portal, session, 'urgent', (accessToken) => identityCenter.listAccounts(session, accessToken));
      return true;
    } catch (fault) {
      const error = describeFault(fault, session.sessionName);
      if (error instanceof SignInRequiredError) return false;
      throw error;
    }
  }

  const signIn = createSignIn({
    identityCenter,
    accessTokens,
    registrations,
    clock: deps.clock,
    problems: deps.problems,
    verifyLive,
    onApproved(session) {
      // Another user may have signed in, and new permission sets come with a new sign-in only.
      roleCredentials.drop(session.sessionName, { forgetsUse: false });
      users.startOver(session);
      catalog.startOver(session.sessionName);
      deps.onSignedIn(session);
    },
    onDenied: (session) => deps.onSignInDenied?.(session),
    onExpired: (session) => deps.onSignInExpired?.(session),
  });

  return {
    startSignIn(session, options) {
      // Somebody is waiting, perhaps with the network just back.
      circuitBreakers.reconsider(session);
      return signIn.start(session, options);
    },
    signInState: (session) => signIn.state(session),
    cancelSignIn: (session) => signIn.cancel(session),
    async signOut(session) {
      // All three take effect before the first await: nothing that is asked from here on is served.
      signIn.cancel(session);
      const dropping = accessTokens.drop(session);
      users.startOver(session);
      roleCredentials.drop(session.sessionName, { forgetsUse: true });
      const { tokens, failure } = await dropping;
      const outcome = tokens === undefined ? ENDED : await logOut({ ...portal, registrations }, session, tokens);
      if (failure === undefined) return outcome;
      if (outcome.endedAtAws) throw failure;
      throw errorFromBody({ ...failure.toBody(), message: `${failure.message} ${outcome.note}` });
    },
    describe: (session) => accessTokens.describe(session),
    signedInUser: (session) => users.describe(session),
    needsUserCheck: (session) => users.isUnchecked(session),
    isServing: (session) => users.isServing(session),
    async checkUser(session, accept) {
      if (accept !== undefined) users.accept(session, accept);
      const { state } = users.describe(session);
      if (state !== 'unchecked' || deps.callerIdentity === undefined) return users.describe(session);
      const reason = await withTimeout(deps.clock, USER_CHECK_TIMEOUT_MS, checkWithAnyRole(session));
      return { ...users.describe(session), ...(reason === undefined ? {} : { reason }) };
    },
    async accessToken(session) {
      users.requireServing(session);
      return accessTokens.fresh(session, 'patient');
    },
    credentials: fetchCredentials,
    peekCredentials: (session, role) => (users.isServing(session) ? roleCredentials.peek(session, role) : undefined),
    async requireAssigned(session, role) {
      const known = await catalog.known(session);
      const account = known?.accounts.find(({ accountId }) => accountId === role.accountId);
      // A list that was never made, or not to its end, can't tell.
      if (known?.complete !== true || account?.permissionSets.includes(role.permissionSet) === true) return;
      // Neither can a suspicious one: AWS is asked.
      if (isLost(known, role)) return;
      throw await catalog.refusal(session, role, undefined);
    },
    cachedCatalog: (session) => catalog.known(session),
    refreshCatalog(session, { isAttended } = { isAttended: false }) {
      if (isAttended) circuitBreakers.reconsider(session);
      return catalog.refresh(session);
    },
    acceptLoss: (session) => catalog.acceptLoss(session),
    listingProgress: (session) => catalog.progress(session),
    verifyLive,
    async sessionEnd(session) {
      const { signedInAtMs, observedLengthMs } = await accessTokens.describe(session);
      const hours = deps.sessionHours?.[session.sessionName];
      const configuredMs = hours === undefined ? undefined : hours * 3_600_000;
      return findSessionEnd(signedInAtMs, { configuredMs, observedMs: observedLengthMs });
    },
    rolesInUse: (session) => roleCredentials.list().filter((use) => sessionKey(use.session) === sessionKey(session)),
    upstreamHealth: (session) => circuitBreakers.describe(session),
    refreshAhead: () => refreshEngine.tick(),
    async flush() {
      for (const { session, tokens } of await accessTokens.takeUnreadSignOuts()) {
        await logOut({ ...portal, registrations }, session, tokens);
      }
      await Promise.all([accessTokens.flush(), catalog.flush()]);
    },
  };
}
