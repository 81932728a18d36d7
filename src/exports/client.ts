// `rolecall/client`: the local API for other programs. Its names and types are a promise, as docs/client.md says.
import { homedir } from 'node:os';
import { createSystemClock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { createLocalApiClient } from '../local-api/client.ts';
import { applyEvent, readEvents, type HeardEvent } from '../local-api/events.ts';
import { resolvePaths } from '../local-api/paths.ts';
import { ROUTE_ADDRESSES } from '../local-api/route-addresses.ts';
import type { Answers, CallableRouteName, InputOf } from '../local-api/routes.ts';
import type { StatusDocument } from '../local-api/schemas.ts';
import type {
  Accounts,
  Approvals,
  CatalogSummary,
  ConsoleLink,
  ConsoleRequest,
  Credentials,
  CurrentRole,
  Hello,
  IssuedGrant,
  Lock,
  Operations,
  Problem,
  Profiles,
  Roles,
  SessionStatus,
  ShownCurrentRole,
  SignIn,
  SignInRequest,
  SignOut,
  Status,
} from './models.ts';
import { toExportedError } from './rolecall-error.ts';

export type * from './models.ts';
export { RolecallError } from './rolecall-error.ts';

export interface ClientOptions {
  /** The daemon's socket; by default where the daemon of this user listens. */
  readonly socket?: string;
  /** True: starts the daemon if none is running. By default a call fails with `daemon-not-running` then. */
  readonly startDaemon?: boolean;
  /** For each call, above 0. By default the daemon decides: it may wait for a sign-in or an approval, as its settings say. */
  readonly timeoutMs?: number;
  /** Variables for finding and starting the daemon; by default those of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface CallOptions {
  /** Instead of the client's. The daemon answers within this time, and waits for a person no longer than that. */
  readonly timeoutMs?: number;
  /** The call rejects with the signal's reason when it is aborted. */
  readonly signal?: AbortSignal;
}

/** A permission set in an account; also a row of `roles()`. */
export interface RoleSelector {
  /** The name of the sso-session. */
  readonly session: string;
  /** Twelve digits. */
  readonly accountId: string;
  readonly permissionSet: string;
}

/** Every method rejects with a RolecallError, or with the reason of an aborted signal. */
export interface Client {
  /** The daemon, its sessions with their time left, the current role, and problems. */
  status(options?: CallOptions): Promise<Status>;
  /** The accounts of all sessions or of one; `refresh` asks AWS again first. */
  accounts(filter?: { session?: string; refresh?: boolean }, options?: CallOptions): Promise<Accounts>;
  /** One row for each account and permission set; none, and `complete` false, before they have been listed. */
  roles(filter?: { session?: string }, options?: CallOptions): Promise<Roles>;
  /** Temporary keys, as a credential_process document. */
  credentials(role: RoleSelector, options?: CallOptions): Promise<Credentials>;
  /** Keys of the current role. */
  currentCredentials(options?: CallOptions): Promise<Credentials>;
  /** A provider for the AWS SDK for JavaScript: `new S3Client({ credentials: client.credentialProvider(role) })`. */
  credentialProvider(role: RoleSelector): () => Promise<AwsCredentials>;
  /** The role that programs on `[profile current]` use; null without one. */
  current(options?: CallOptions): Promise<CurrentRole | null>;
  setCurrent(role: RoleSelector | null, options?: CallOptions): Promise<CurrentRole | null>;
  /** Starts a sign-in. In state `pending`, show `userCode` and open `openUri`; `live`: none is needed. */
  startSignIn(session: string, request?: SignInRequest, options?: CallOptions): Promise<SignIn>;
  /**
   * The outcome of the pending sign-in, once it has one. With `setup`, after `approved` also waits until the roles are
   * listed and their profiles written: before that, `roles()` may be empty.
   */
  waitForSignIn(
    session: string,
    options?: { readonly signal?: AbortSignal; readonly setup?: boolean },
  ): Promise<SignIn>;
  cancelSignIn(session: string, options?: CallOptions): Promise<void>;
  signOut(session: string, options?: CallOptions): Promise<SignOut>;
  /** The profiles that `syncProfiles` would write, with the diff. */
  profiles(options?: CallOptions): Promise<Profiles>;
  /** Writes the profiles into `~/.aws/config`. */
  syncProfiles(options?: CallOptions): Promise<Profiles>;
  /** A link to the AWS console as one role. If `secret` is true, whoever has it is signed in. */
  console(role: RoleSelector, request?: ConsoleOptions, options?: CallOptions): Promise<ConsoleLink>;
  /** A URL and a token for AWS_CONTAINER_CREDENTIALS_FULL_URI, for one role or for whichever is current. */
  createGrant(role: RoleSelector | 'current', request?: GrantOptions, options?: CallOptions): Promise<IssuedGrant>;
  revokeGrant(id: string, options?: CallOptions): Promise<void>;
  /** Any operation of `schemas/openapi-socket.json` by its operationId: `call('lock', {})`. */
  call<Name extends keyof Operations>(
    operation: Name,
    input: Operations[Name]['input'],
    options?: CallOptions,
  ): Promise<Operations[Name]['answer']>;
  /**
   * Events of the daemon until the signal is aborted or the loop is left; connects again after a restart without missing
   * any. The first is `hello` with the whole status. Waits for a daemon if there is none.
   */
  events(options?: { readonly signal?: AbortSignal }): AsyncGenerator<ClientEvent, void, undefined>;
  /** The status now and after every change; undefined while no daemon is running. */
  statusChanges(options?: { readonly signal?: AbortSignal }): AsyncGenerator<Status | undefined, void, undefined>;
}

/** Keys as the AWS SDK for JavaScript takes them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
  readonly accountId: string;
}

/** Service and region to open the console at, and whether the link signs in by itself. */
export type ConsoleOptions = Omit<ConsoleRequest, keyof RoleSelector>;

export interface GrantOptions {
  /** 24 hours by default. */
  readonly lifetimeSeconds?: number;
  /** The grant ends with this process. */
  readonly processId?: number;
  /** What it is for, as lists and the audit log show it. */
  readonly purpose?: string;
}

/** What `events()` yields. Ignore types that you do not know: a newer daemon has more. */
export type ClientEvent =
  | { readonly type: 'hello'; readonly data: Hello }
  | { readonly type: 'session'; readonly data: SessionStatus }
  | { readonly type: 'sign-in'; readonly data: { readonly session: string; readonly signIn: SignIn | null } }
  | { readonly type: 'catalog'; readonly data: { readonly session: string; readonly catalog: CatalogSummary | null } }
  | { readonly type: 'current'; readonly data: ShownCurrentRole | null }
  | { readonly type: 'problems'; readonly data: readonly Problem[] }
  | { readonly type: 'lock'; readonly data: Lock | null }
  | { readonly type: 'approvals'; readonly data: Approvals }
  | { readonly type: 'roles'; readonly data: { readonly asOf: string | null } }
  | { readonly type: 'connected' }
  | { readonly type: 'disconnected' };

/** What timers take; longer ones would end at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** How often the daemon is asked about a pending sign-in. */
const SIGN_IN_POLL_MS = 500;

/** As long as the credential process of a profile waits. Without it the daemon answers within 2 s, also if AWS is only slow. */
const CREDENTIALS_WAIT_SECONDS = 55;
const defaultWait = (operation: CallableRouteName): { readonly waitSeconds?: number } =>
  operation === 'credentials' || operation === 'currentCredentials' ? { waitSeconds: CREDENTIALS_WAIT_SECONDS } : {};

/** A client of this user's daemon. It opens no connection before the first call, and needs no closing. */
export function createClient(options: ClientOptions = {}): Client {
  const environment: Readonly<Record<string, string | undefined>> = {
    ...(options.environment ?? process.env),
    ...(options.socket === undefined ? {} : { ROLECALL_SOCKET: options.socket }),
  };
  const surroundings = {
    environment,
    homeDirectory: environment['HOME'] ?? homedir(),
    platform: process.platform,
    userId: process.getuid?.() ?? -1,
  };
  const { socketCandidates, lockFile } = resolvePaths(surroundings);
  const clock = createSystemClock();
  // Without a version: a program with a newer copy of this package must not replace the user's daemon.
  const localApi = createLocalApiClient({
    socketCandidates,
    lockFile,
    mayStart: options.startDaemon === true,
    startDaemon: async () => (await import('./start-by-command.ts')).startByCommand(surroundings),
    clock,
  });

  async function ask<R extends CallableRouteName>(
    operation: R,
    input: InputOf<R>,
    { timeoutMs = options.timeoutMs, signal }: CallOptions = {},
  ): Promise<Answers[R]> {
    try {
      if (!Object.hasOwn(ROUTE_ADDRESSES, operation)) {
        throw new UsageError('invalid-request', `There is no operation "${operation}" in schemas/openapi-socket.json.`);
      }
      if (timeoutMs !== undefined && !(timeoutMs > 0)) {
        throw new UsageError('invalid-request', `timeoutMs must be above 0, and it is ${timeoutMs}.`);
      }
      return await localApi.call(operation, input, {
        failsOnSilence: true,
        ...(timeoutMs === undefined ? defaultWait(operation) : { timeoutMs: Math.min(timeoutMs, MAX_TIMEOUT_MS) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw toExportedError(error);
    }
  }

  const credentials: Client['credentials'] = async ({ session, accountId, permissionSet }, callOptions) =>
    ask('credentials', { query: { session, account: accountId, role: permissionSet } }, callOptions);

  async function* events({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<HeardEvent, void> {
    const end = new AbortController();
    const until = signal === undefined ? end.signal : AbortSignal.any([signal, end.signal]);
    try {
      if (options.startDaemon === true) await ask('status', {}, { signal: until });
      for await (const event of readEvents({ socketCandidates, clock, signal: until })) {
        // Several events may have arrived at once.
        if (until.aborted) return;
        yield event;
      }
    } catch (error) {
      if (!until.aborted) throw toExportedError(error);
    } finally {
      end.abort();
    }
  }

  return {
    call: (operation, input, callOptions) => ask(operation, input as never, callOptions),
    events,
    credentials,
    status: (callOptions) => ask('status', {}, callOptions),
    accounts: (filter = {}, callOptions) => ask('accounts', { query: filter }, callOptions),
    roles: (filter = {}, callOptions) => ask('roles', { query: filter }, callOptions),
    currentCredentials: (callOptions) => ask('currentCredentials', {}, callOptions),
    credentialProvider: (role) => async () => toAwsCredentials(await credentials(role)),
    current: (callOptions) => ask('current', {}, callOptions),
    setCurrent: (role, callOptions) =>
      ask('setCurrent', { body: role === null ? null : selectorOf(role) }, callOptions),
    startSignIn: (session, request = {}, callOptions) =>
      ask('startSignIn', { session, body: { ...request } }, callOptions),
    async waitForSignIn(session, { signal, setup = false } = {}) {
      for (;;) {
        const signIn = await ask('signIn', { session }, signal === undefined ? {} : { signal });
        if (signIn === null) return { state: 'cancelled' };
        const isSettingUp = signIn.setup?.state === 'listing' || signIn.setup?.state === 'syncing';
        if (signIn.state !== 'pending' && !(setup && isSettingUp)) return signIn;
        await clock.sleep(SIGN_IN_POLL_MS, signal);
      }
    },
    cancelSignIn: (session, callOptions) => ask('cancelSignIn', { session }, callOptions),
    signOut: (session, callOptions) => ask('signOut', { session }, callOptions),
    profiles: (callOptions) => ask('profiles', {}, callOptions),
    syncProfiles: (callOptions) => ask('syncProfiles', {}, callOptions),
    console: (role, request = {}, callOptions) =>
      ask('console', { body: { ...request, ...selectorOf(role) } }, callOptions),
    createGrant: (role, request = {}, callOptions) =>
      ask(
        'createGrant',
        { body: role === 'current' ? { ...request, current: true } : { ...request, ...selectorOf(role) } },
        callOptions,
      ),
    revokeGrant: (id, callOptions) => ask('revokeGrant', { id }, callOptions),
    async *statusChanges(eventOptions) {
      let status: StatusDocument | undefined;
      for await (const event of events(eventOptions)) {
        const next = event.type === 'disconnected' ? undefined : applyEvent(status, event);
        const isNews = next !== status || event.type === 'disconnected';
        status = next;
        if (isNews) yield status;
      }
    },
  };
}

/** Only these fields: a row of `roles()` has more, which a request must not have. */
const selectorOf = ({ session, accountId, permissionSet }: RoleSelector): RoleSelector => ({
  session,
  accountId,
  permissionSet,
});

function toAwsCredentials(document: Credentials): AwsCredentials {
  return {
    accessKeyId: document.AccessKeyId,
    secretAccessKey: document.SecretAccessKey,
    sessionToken: document.SessionToken,
    expiration: new Date(document.Expiration),
    accountId: document.AccountId,
  };
}
