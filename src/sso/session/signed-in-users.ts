// Who signed in to each session: asks STS with the first credentials after a sign-in. If another user signed in before, those wait for the answer.
import { oncePerObject } from '../../core/async/once.ts';
import type { Clock } from '../../core/clock.ts';
import { SignInRequiredError } from '../../core/errors.ts';
import type { RoleCredentials, SsoSession } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { loginCommand } from '../faults.ts';
import { sessionKey } from '../issuer.ts';
import { createSingleFlight } from '../../core/async/single-flight.ts';
import { withTimeout } from '../../core/async/with-timeout.ts';
import type { CallerIdentity } from '../ports.ts';

/**
 * `unconfirmed`: `user` signed in instead of `previousUser`, and nothing is served until a person confirms it;
 * `unchecked`: unknown, and everything is served; `reason` says why a check failed, if there was one.
 */
export interface UserCheck {
  readonly state: 'confirmed' | 'unconfirmed' | 'unchecked';
  readonly user?: string;
  readonly previousUser?: string;
  readonly reason?: string;
}

/** What is stored for one session. */
export interface KeptUser {
  readonly state: UserCheck['state'];
  /** The last confirmed user. */
  readonly user?: string;
  /** With `unconfirmed`: who signed in instead. */
  readonly found?: string;
}

export interface SignedInUsersFile {
  /** By session key. */
  readonly kept: ReadonlyMap<string, KeptUser>;
  /** Never rejects. */
  save(users: ReadonlyMap<string, KeptUser>): void;
}

export interface SignedInUsers {
  /** After a sign-in or a sign-out: the user is unknown again. */
  startOver(session: SsoSession): void;
  /** Identifies the current sign-in: an equal value later means that there was no other one in between. */
  signInOf(session: SsoSession): unknown;
  /** Whether STS can be asked who signed in and has not answered yet. */
  isUnchecked(session: SsoSession): boolean;
  /** Whether the session may be served without asking STS first. */
  isServing(session: SsoSession): boolean;
  /** @throws SignInRequiredError sign-in-unconfirmed: `isServing` is false */
  requireServing(session: SsoSession): void;
  /**
   * Credentials from `fetch`, once the session may be served. Fetches again after a sign-in in the meantime: with older
   * credentials STS would name the user who was signed in before.
   * @throws SignInRequiredError sign-in-unconfirmed
   */
  serve(session: SsoSession, fetch: () => Promise<RoleCredentials>): Promise<RoleCredentials>;
  /** Resolves when the session may be served. @throws SignInRequiredError sign-in-unconfirmed */
  require(session: SsoSession, credentials: RoleCredentials): Promise<void>;
  /** Asks STS whose `credentials` these are, unless the user is known; never rejects. */
  check(session: SsoSession, credentials: RoleCredentials): Promise<void>;
  /** A person confirms `user`; does nothing if somebody else signed in. */
  accept(session: SsoSession, user: string): void;
  describe(session: SsoSession): UserCheck;
  /** The signed-in user; while that one is unknown or unconfirmed, the previous one. */
  lastConfirmed(session: SsoSession): { readonly user?: string; readonly previousUser?: string };
}

interface Entry extends KeptUser {
  /** The same object until the next sign-in or sign-out. */
  readonly signIn: object;
  /** Why the check failed; if it is set, everything is served. */
  readonly failure?: string;
}

/** SDKs give up soon after this. */
const CHECK_TIMEOUT_MS = 2000;
const TOO_SLOW = 'STS did not answer in time';

export function createSignedInUsers(deps: {
  /** Without it there is no check, and no user is ever unconfirmed. */
  readonly callerIdentity?: CallerIdentity;
  readonly file: SignedInUsersFile;
  readonly clock: Clock;
  readonly problems: Problems;
  /** The user is known and needs no further confirmation. */
  readonly onConfirmed: (session: SsoSession, user: string) => void;
}): SignedInUsers {
  const { callerIdentity, problems } = deps;
  const entries = new Map<string, Entry>([...deps.file.kept].map(([key, kept]) => [key, { ...kept, signIn: {} }]));
  const checking = createSingleFlight<true, object>();

  /** A key is hashed once for the many requests by the same object. */
  const keyOf = oncePerObject(sessionKey);
  const entryOf = (session: SsoSession): Entry => {
    const key = keyOf(session);
    const known = entries.get(key);
    if (known !== undefined) return known;
    const fresh: Entry = { state: 'unchecked', signIn: {} };
    entries.set(key, fresh);
    return fresh;
  };

  function set(session: SsoSession, entry: Entry): void {
    entries.set(sessionKey(session), entry);
    deps.file.save(entries);
    const key = `user ${session.sessionName}`;
    if (entry.state === 'confirmed' && entry.user !== undefined) deps.onConfirmed(session, entry.user);
    if (entry.state !== 'unconfirmed') problems.clear(key);
    else problems.raise(key, { ...unconfirmed(session, entry).toBody(), session: session.sessionName });
  }

  /** Also uses an answer that comes after the timeout, unless there was another sign-in by then. */
  async function ask(session: SsoSession, entry: Entry, credentials: RoleCredentials): Promise<true> {
    const { signIn } = entry;
    const replace = (next: Omit<Entry, 'signIn'>) => {
      if (entryOf(session).signIn === signIn) set(session, { ...next, signIn });
    };
    try {
      const user = await callerIdentity?.fetchUser(session, credentials);
      if (user === undefined) return true;
      if (entry.user === undefined || entry.user === user) replace({ state: 'confirmed', user });
      else replace({ state: 'unconfirmed', user: entry.user, found: user });
    } catch (error) {
      replace({ ...entry, failure: error instanceof Error ? error.message : String(error) });
    }
    return true;
  }

  async function check(session: SsoSession, credentials: RoleCredentials): Promise<void> {
    const entry = entryOf(session);
    if (entry.state !== 'unchecked' || callerIdentity === undefined) return;
    const asking = checking.run(entry.signIn, () => ask(session, entry, credentials));
    if ((await withTimeout(deps.clock, CHECK_TIMEOUT_MS, asking)) !== undefined) return;
    if (entryOf(session) === entry) set(session, { ...entry, failure: TOO_SLOW });
  }

  function isServing(session: SsoSession): boolean {
    const { state, user, failure } = entryOf(session);
    if (callerIdentity === undefined) return true;
    return state === 'confirmed' || (state === 'unchecked' && (user === undefined || failure !== undefined));
  }

  function requireServing(session: SsoSession): void {
    if (!isServing(session)) throw unconfirmed(session, entryOf(session));
  }

  async function requireUser(session: SsoSession, credentials: RoleCredentials): Promise<void> {
    if (!isServing(session)) await check(session, credentials);
    requireServing(session);
  }

  return {
    check,
    require: requireUser,
    isUnchecked: (session) => callerIdentity !== undefined && entryOf(session).state === 'unchecked',
    isServing,
    requireServing,
    startOver(session) {
      const { user } = entryOf(session);
      set(session, { state: 'unchecked', signIn: {}, ...(user === undefined ? {} : { user }) });
    },
    signInOf: (session) => entryOf(session).signIn,
    async serve(session, fetch) {
      for (;;) {
        const { signIn } = entryOf(session);
        const credentials = await fetch();
        if (entryOf(session).signIn !== signIn) continue;
        await requireUser(session, credentials);
        return credentials;
      }
    },
    accept(session, user) {
      const { state, found, signIn } = entryOf(session);
      if (state === 'unconfirmed' && found === user) set(session, { state: 'confirmed', user, signIn });
    },
    lastConfirmed(session) {
      const { state, user } = entryOf(session);
      if (user === undefined) return {};
      return state === 'confirmed' ? { user } : { previousUser: user };
    },
    describe(session) {
      const { state, user, found, failure } = entryOf(session);
      if (state === 'confirmed' && user !== undefined) return { state, user };
      if (state === 'unconfirmed' && user !== undefined && found !== undefined) {
        return { state, user: found, previousUser: user };
      }
      return { state: 'unchecked', ...(failure === undefined ? {} : { reason: failure }) };
    },
  };
}

function unconfirmed({ sessionName }: SsoSession, { user, found }: KeptUser): SignInRequiredError {
  const who =
    found === undefined
      ? `The user who signed in to ${sessionName} is not known yet`
      : `${found} signed in to ${sessionName}, which ${user} used before`;
  return new SignInRequiredError(
    'sign-in-unconfirmed',
    `${who}; rolecall serves none of its credentials until you confirm the new user.`,
    {
      hint: loginCommand(sessionName),
    },
  );
}
