// The public interface of the domain, composed from its parts over the ports.
import type { Clock } from '../core/clock.ts';
import { isChained } from '../core/aws/chain-role.ts';
import type { Catalog, EndpointsOf, Role, RoleCredentials, SsoSession } from '../core/model.ts';
import type { Problems } from '../core/problems.ts';
import { findNextRenewal, type NextRenewal } from './next-renewal.ts';
import type {
  CallerIdentity,
  ChainSource,
  IdentityCenter,
  OpenRedirectListener,
  RoleAssumer,
  SecretStore,
} from './ports.ts';
import { NEVER_LOCKED, type ServingLock } from './serving-lock.ts';
import { createCircuitBreakers, type UpstreamHealth } from './resilience/circuit-breakers.ts';
import { createAccountCatalog, type CatalogFiles, type ListingFailure } from './roles/account-catalog.ts';
import { createAssignments } from './roles/assignments.ts';
import { createChains } from './roles/chains.ts';
import type { ListingProgress } from './roles/list-accounts.ts';
import { rolesOf, type CatalogChange } from './roles/merge-listing.ts';
import { createRefreshEngine } from './roles/refresh-engine.ts';
import { createRoleCredentials } from './roles/role-credentials.ts';
import type { RoleUse } from './roles/role-use.ts';
import { createAccessTokens, type AccessToken, type TokenState } from './session/access-tokens.ts';
import { createAuthorizationCodeFlow } from './session/authorization-code.ts';
import { createClientRegistrations } from './session/client-registrations.ts';
import { createDeviceCodeFlow } from './session/device-code.ts';
import { createRateBudget, verifyLive } from './session/portal-call.ts';
import { describeSessionEnd, type SessionEnd } from './session/session-clock.ts';
import { createSignIn, type SignInOptions, type SignInState } from './session/sign-in.ts';
import { createSignOut, type LogoutOutcome } from './session/sign-out.ts';
import { createSignedInUsers, type SignedInUsersFile, type UserCheck } from './session/signed-in-users.ts';
import { createUserCheck } from './session/user-check.ts';

export interface Broker {
  startSignIn(session: SsoSession, options: SignInOptions): Promise<SignInState>;
  signInState(session: SsoSession): SignInState | undefined;
  cancelSignIn(session: SsoSession): void;
  /**
   * Stops serving at once, deletes the tokens, then tells AWS; resolves even if AWS cannot be reached.
   * @throws UnavailableError secret-store-…: nothing is served any more, but the store could not be read or changed;
   * `flush` tries again
   */
  signOut(session: SsoSession): Promise<LogoutOutcome>;
  describe(session: SsoSession): Promise<TokenState>;
  /** Who signed in, if known. */
  signedInUser(session: SsoSession): UserCheck;
  /** As `signedInUser`; until the user of a new sign-in is known, the one before. */
  lastUser(session: SsoSession): string | undefined;
  /**
   * Finds out who signed in, unless that is known, with credentials of a role in use or of a listed one. Waits two
   * seconds at most and never rejects. `accept` is an unconfirmed user whom the person confirms.
   */
  checkUser(session: SsoSession, accept?: string): Promise<UserCheck>;
  /** Whether `checkUser` can still find out who signed in. */
  needsUserCheck(session: SsoSession): boolean;
  /** False while a different user has signed in, or may have: nothing of the session is served. */
  isServing(session: SsoSession): boolean;
  /** Only for the AWS CLI's own token file. @throws SignInRequiredError, UnavailableError */
  accessToken(session: SsoSession): Promise<AccessToken>;
  credentials(session: SsoSession, role: Role): Promise<RoleCredentials>;
  /** What `credentials` would return without a request, if anything. */
  peekCredentials(session: SsoSession, role: Role): RoleCredentials | undefined;
  /**
   * Resolves unless a complete list says that the role is not assigned to the user. Of a chained role, this is asked
   * of the role that it starts from.
   * @throws RefusedError permission-set-not-assigned; NotFoundError account-not-found, chain-unavailable
   */
  requireAssigned(session: SsoSession, role: Role): Promise<void>;
  cachedCatalog(session: SsoSession): Promise<Catalog | undefined>;
  /**
   * Lists the accounts again. If a person waits (`isAttended`), all of the list was asked for after this call, and one
   * request is made even in a pause that the server asked for; otherwise a listing in flight does.
   */
  refreshCatalog(session: SsoSession, options?: { readonly isAttended: boolean }): Promise<CatalogChange>;
  /** A person confirms that the roles missing from a suspicious listing are gone. */
  acceptLoss(session: SsoSession): Promise<void>;
  listingProgress(session: SsoSession): ListingProgress | undefined;
  /** Whether the last listing failed: `due` once the portal has answered again, else `failed`. */
  listingFailure(session: SsoSession): ListingFailure | undefined;
  /** Asks the portal whether the session is alive, and ends it here if not. @throws UnavailableError: it could not be asked */
  verifyLive(session: SsoSession): Promise<boolean>;
  /**
   * When the Identity Center session ends: from the user's setting, else from earlier sessions; undefined without both.
   * `state` is what `describe` returned.
   */
  sessionEnd(session: SsoSession, state: TokenState): SessionEnd | undefined;
  /** The roles of a session with cached credentials, the most recently requested first. */
  rolesInUse(session: SsoSession): readonly RoleUse[];
  upstreamHealth(session: SsoSession): readonly UpstreamHealth[];
  /** When the session's token and keys are renewed next, and what delays that. */
  nextRenewal(session: SsoSession): NextRenewal;
  /** One tick of the refresh engine: renews what is due and returns the time until the next renewal, if any. */
  refreshAhead(): Promise<number | undefined>;
  /**
   * Drops the credentials of locked roles from memory; once everything is locked, tokens too, if the secret store has
   * them. Call it when the lock closes, and from time to time while it is closed: status and sign-ins use tokens.
   */
  seal(): void;
  /** Retries what the secret store refused earlier, and ends at AWS the sessions of sign-outs whose tokens could not be read. */
  flush(): Promise<void>;
}

/**
 * AWS allows a user 20 portal calls a second; one is left for urgent credential requests.
 * @public for the bench, which scales it
 */
export const PORTAL_CALLS_PER_SECOND = 19;

export function createBroker(deps: {
  readonly identityCenter: IdentityCenter;
  readonly secretStore: SecretStore;
  /** Without it, nobody checks who signed in. */
  readonly callerIdentity?: CallerIdentity;
  /** Where chained roles are defined; without it, there are none. */
  readonly chainSource?: ChainSource;
  /** Without it, no chained role can be used. */
  readonly roleAssumer?: RoleAssumer;
  /** Remembers who signed in over restarts. */
  readonly usersFile?: SignedInUsersFile;
  readonly endpointsOf: EndpointsOf;
  readonly catalogFiles: CatalogFiles;
  readonly clock: Clock;
  /** This machine's clock, if `clock` is AWS's. */
  readonly machineClock?: Clock;
  readonly random: () => number;
  /** Unpredictable. */
  readonly randomBytes: (size: number) => Buffer;
  readonly openRedirectListener: OpenRedirectListener;
  readonly problems: Problems;
  readonly onSignedIn: (session: SsoSession) => void;
  /** A person denied the sign-in. */
  readonly onSignInDenied?: (session: SsoSession) => void;
  /** The sign-in expired before anybody approved it. */
  readonly onSignInExpired?: (session: SsoSession) => void;
  readonly portalCallsPerSecond?: number;
  /** Without it, nothing is ever locked. */
  readonly lock?: ServingLock;
  /** Session lengths from the settings, by session name. */
  readonly sessionHours?: Readonly<Record<string, number>>;
}): Broker {
  const { clock, identityCenter } = deps;
  const lock = deps.lock ?? NEVER_LOCKED;
  const rateBudget = createRateBudget({ clock, callsPerSecond: deps.portalCallsPerSecond ?? PORTAL_CALLS_PER_SECOND });
  const circuitBreakers = createCircuitBreakers({
    ...deps,
    onRecovered(session, service, wasPaused) {
      if (service === 'portal') catalog.recovered(session);
      // What failed in an outage is tried again at once, and is no problem any more.
      if (!wasPaused) return;
      if (service === 'oidc') accessTokens.endPause(session);
      else roleCredentials.endPauses(session, service);
    },
  });
  const registrations = createClientRegistrations(deps);
  const accessTokens = createAccessTokens({ ...deps, registrations, circuitBreakers });
  const portal = { ...deps, accessTokens, rateBudget, circuitBreakers };
  const catalog = createAccountCatalog({
    ...portal,
    files: deps.catalogFiles,
    lastConfirmed: (session) => users.lastConfirmed(session),
  });
  const assignments = createAssignments(catalog.cached);
  const chains = createChains(deps.chainSource);
  const roleCredentials = createRoleCredentials({ ...portal, lock, chains, refusal: assignments.refusal });
  const refreshEngine = createRefreshEngine({
    ...portal,
    lock,
    chains,
    roleCredentials,
    isServing: (session) => users.isServing(session),
  });
  const users = createSignedInUsers({
    ...deps,
    file: deps.usersFile ?? { kept: new Map(), save: () => undefined },
    // Its own failures become problems.
    onConfirmed: (session, user) => void catalog.settleUser(session, user),
  });
  const checkUser = createUserCheck({
    users,
    canCheck: deps.callerIdentity !== undefined,
    // STS names the user only for the role of a permission set.
    findUsedRole: (session) => roleCredentials.list(session).find(({ role }) => !isChained(role))?.role,
    async findListedRoles(session) {
      const list = await catalog.cached(session).catch(() => undefined);
      return list === undefined ? [] : rolesOf(list);
    },
    fetchCredentials: roleCredentials.fetchUncounted,
    clock,
  });
  /** The permission set's role from which a chain starts. @throws NotFoundError chain-unavailable */
  function firstSource(role: Role): Role {
    chains.require(role);
    return chains.sourcesOf(role).at(-1) ?? role;
  }
  const flowDeps = { identityCenter, registrations, clock };
  const signIn = createSignIn({
    flows: {
      device: createDeviceCodeFlow(flowDeps),
      pkce: createAuthorizationCodeFlow({
        ...flowDeps,
        openRedirectListener: deps.openRedirectListener,
        randomBytes: deps.randomBytes,
        machineClock: deps.machineClock ?? clock,
      }),
    },
    accessTokens,
    problems: deps.problems,
    verifyLive: (session) => verifyLive(portal, session),
    onApproved(session) {
      // It may be another user, and new permission sets become visible only with a new sign-in.
      roleCredentials.drop(session.sessionName, { forgetsUse: false });
      users.startOver(session);
      catalog.startOver(session.sessionName);
      deps.onSignedIn(session);
    },
    onDenied: (session) => deps.onSignInDenied?.(session),
    onExpired: (session) => deps.onSignInExpired?.(session),
  });
  const { signOut, finish: finishSignOuts } = createSignOut({
    identityCenter,
    accessTokens,
    registrations,
    clock,
    onStarted(session) {
      signIn.cancel(session);
      catalog.startOver(session.sessionName);
      catalog.forgetFailure(session);
      users.startOver(session);
      roleCredentials.drop(session.sessionName, { forgetsUse: true });
    },
  });

  return {
    startSignIn(session, options) {
      // A person waits, perhaps because the network is back.
      circuitBreakers.reconsider(session);
      return signIn.start(session, options);
    },
    signInState: signIn.state,
    cancelSignIn: signIn.cancel,
    signOut,
    describe: accessTokens.describe,
    signedInUser: users.describe,
    lastUser(session) {
      const { user, previousUser } = users.lastConfirmed(session);
      return user ?? previousUser;
    },
    needsUserCheck: users.isUnchecked,
    isServing: users.isServing,
    checkUser,
    async accessToken(session) {
      lock.requireUnlocked();
      users.requireServing(session);
      return accessTokens.fresh(session, 'background');
    },
    credentials(session, role) {
      return users.serve(session, async () => {
        // STS does not name the user for a chained role, and nobody else's role may be assumed in the user's name.
        if (isChained(role) && !users.isServing(session)) {
          await users.serve(session, () => roleCredentials.fetchUncounted(session, firstSource(role)));
        }
        return roleCredentials.fetch(session, role);
      });
    },
    peekCredentials: (session, role) => (users.isServing(session) ? roleCredentials.peek(session, role) : undefined),
    requireAssigned: async (session, role) => assignments.require(session, firstSource(role)),
    cachedCatalog: catalog.cached,
    refreshCatalog: (session, options = { isAttended: false }) => catalog.refresh(session, options),
    acceptLoss: catalog.acceptLoss,
    listingProgress: catalog.progress,
    listingFailure: catalog.failure,
    verifyLive: (session) => verifyLive(portal, session),
    sessionEnd: (session, state) => describeSessionEnd(state, deps.sessionHours?.[session.sessionName]),
    rolesInUse: roleCredentials.list,
    upstreamHealth: circuitBreakers.describe,
    nextRenewal: (session) => findNextRenewal(session, { accessTokens, circuitBreakers, chains, roleCredentials }),
    refreshAhead: refreshEngine.tick,
    seal() {
      roleCredentials.dropLocked();
      if (lock.refusal() !== undefined) accessTokens.seal();
    },
    async flush() {
      await finishSignOuts();
      await Promise.all([accessTokens.flush(), catalog.flush()]);
    },
  };
}
