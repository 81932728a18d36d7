// `rolecall/emulator`: IAM Identity Center in memory, for other people's tests. Its names and types are a promise, as docs/testing-with-the-emulator.md says.
import { createEmulator as createCore } from '../emulator/emulator.ts';
import { systemRandom } from '../emulator/http/random.ts';
import { formatConfigSection } from '../emulator/pages/shell-lines.ts';
import { type CaFile, writeCaFile } from '../emulator/tls/ca-file.ts';
import { createServerCertificate } from '../emulator/tls/server-certificate.ts';

/** How an account joined the organization. */
export type EmulatedAccountKind = 'management' | 'invited' | 'created';

export interface EmulatedAccount {
  /** Twelve digits. */
  readonly accountId: string;
  readonly accountName?: string;
  readonly emailAddress?: string;
  readonly kind?: EmulatedAccountKind;
}

export interface EmulatedUser {
  readonly userName: string;
  readonly displayName?: string;
  readonly groups?: readonly string[];
}

export interface EmulatedGroup {
  readonly name: string;
}

export interface EmulatedPermissionSet {
  readonly name: string;
  /** Lifetime of role credentials, 900 to 43,200; one hour by default. */
  readonly sessionDurationSeconds?: number;
}

/** Gives a group or a user, not both, a permission set in an account. */
export interface EmulatedAssignment {
  readonly accountId: string;
  readonly permissionSet: string;
  readonly group?: string;
  readonly user?: string;
}

/** An IAM role that does not trust everybody. */
export interface EmulatedRole {
  readonly accountId: string;
  readonly name: string;
  /** `ACCOUNT`, or `ACCOUNT/NAME` with the name of a permission set or role. */
  readonly trustedBy?: readonly string[];
  readonly externalId?: string;
}

/** The JSON form of `rolecall emulator --directory`. */
export interface EmulatedDirectory {
  readonly startUrl: string;
  readonly region: string;
  readonly organization: { readonly managementAccountId: string };
  readonly accounts: readonly EmulatedAccount[];
  readonly users: readonly EmulatedUser[];
  readonly groups: readonly EmulatedGroup[];
  readonly permissionSets: readonly EmulatedPermissionSet[];
  readonly assignments: readonly EmulatedAssignment[];
  readonly roles?: readonly EmulatedRole[];
}

export type EmulatedOperation =
  | 'RegisterClient'
  | 'StartDeviceAuthorization'
  | 'Authorize'
  | 'CreateToken'
  | 'ListAccounts'
  | 'ListAccountRoles'
  | 'GetRoleCredentials'
  | 'Logout'
  | 'GetCallerIdentity'
  | 'AssumeRole'
  | 'GetSigninToken';

/** Which calls get a fault. */
export interface EmulatedFaultTarget {
  /** `*` is every operation. */
  readonly operation: EmulatedOperation | '*';
  /** Only calls with this grant, account, or `ACCOUNT/ROLE`. */
  readonly detail?: string;
  /** How many calls; without it, all. */
  readonly count?: number;
  /** How many calls succeed first. */
  readonly skip?: number;
}

export type EmulatedFault = EmulatedFaultTarget &
  (
    | { readonly kind: 'throttle'; readonly retryAfterSeconds?: number }
    | { readonly kind: 'status'; readonly status: number }
    | { readonly kind: 'exception'; readonly exception: string }
    | { readonly kind: 'html' | 'drop' | 'lose-answer' | 'truncate' }
    | { readonly kind: 'delay'; readonly delayMs: number }
    | { readonly kind: 'omit'; readonly fields: readonly string[] }
  );

/** Lifetimes and limits; docs/emulator.md has their defaults. */
export interface EmulatedKnobs {
  /** True, or a user name: every sign-in is approved at once. */
  readonly autoApprove: boolean | string;
  readonly pollIntervalSeconds: number;
  readonly forgivenEarlyPolls: number;
  readonly deviceCodeLifetimeSeconds: number;
  readonly completeUriHasUserCode: boolean;
  readonly authorizationCodeLifetimeSeconds: number;
  readonly accessTokenLifetimeSeconds: number;
  readonly sessionLifetimeSeconds: number;
  readonly registrationLifetimeSeconds: number;
  readonly roleCredentialsLifetimeSeconds: number | null;
  readonly pageSize: number;
  readonly lastPageToken: 'null' | 'empty' | 'absent';
  readonly portalCallsPerSecond: number | null;
}

export interface EmulatorOptions extends Partial<EmulatedKnobs> {
  /** A small team by default. */
  readonly directory?: EmulatedDirectory;
  /** Host names by which others reach it. */
  readonly names?: readonly string[];
  /** True: https with a certificate of its own; the environment then names its CA file, which `close` removes. */
  readonly tls?: boolean;
}

/** A code that waits for a person. */
export interface WaitingSignIn {
  readonly userCode: string;
  readonly clientName: string;
  readonly expiresAt: Date;
}

export interface EmulatedRequest {
  readonly at: Date;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Null for pages. */
  readonly operation: EmulatedOperation | null;
  /** The grant of CreateToken or RegisterClient, an account, or `ACCOUNT/ROLE`. */
  readonly detail: string | null;
  /** Null until it is answered, and if the connection was closed. */
  readonly status: number | null;
}

/** Edits throw an Error with `code` and `hint` if they are wrong, and change nothing then. */
export interface EmulatedDirectoryEdits {
  toDocument(): EmulatedDirectory;
  replace(document: EmulatedDirectory): void;
  addAccount(account: EmulatedAccount): void;
  updateAccount(account: EmulatedAccount): void;
  removeAccount(accountId: string): void;
  addUser(user: EmulatedUser): void;
  /** Ends the sessions of the user too. */
  removeUser(userName: string): void;
  addGroup(group: EmulatedGroup): void;
  removeGroup(name: string): void;
  addPermissionSet(permissionSet: EmulatedPermissionSet): void;
  /** Fails while it is assigned. */
  removePermissionSet(name: string): void;
  assign(assignment: EmulatedAssignment): void;
  unassign(assignment: EmulatedAssignment): void;
}

export interface Emulator {
  /** Listens, by default on a free port of 127.0.0.1; answers its URL. Rejects with Node's error, such as EADDRINUSE. */
  listen(port?: number, host?: string): Promise<string>;
  /** Ends all connections. It can listen again, with what it knows. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
  /** Empty while it does not listen. */
  readonly url: string;
  /** The variables that point AWS clients here. */
  environment(): Record<string, string>;
  /** The sso-session section for a shared config file, as `[sso-session NAME]`. */
  configSection(sessionName?: string): string;
  /** For the control API, as `Authorization: Bearer TOKEN`. */
  readonly controlToken: string;

  /** Everything as at the start; URL and token stay. */
  reset(): void;
  /** The emulator's time. */
  now(): Date;
  /** Sets the time forward: what was issued expires, and nothing is sent to clients. */
  advance(seconds: number): void;

  readonly directory: EmulatedDirectoryEdits;
  readonly knobs: EmulatedKnobs;
  turnKnobs(changes: Partial<EmulatedKnobs>): void;

  waitingSignIns(): WaitingSignIn[];
  /** Allows as this user, by default the first. Throws if no sign-in waits with this code. */
  approve(userCode: string, userName?: string): void;
  deny(userCode: string): void;
  /** Of one user or of all; answers how many. Role credentials stay valid. */
  revokeSessions(userName?: string): number;
  /** Refresh tokens stay valid. */
  expireAccessTokens(userName?: string): number;
  killRefreshTokens(userName?: string): number;
  /** Every client has to register again. */
  expireRegistrations(): void;

  addFault(fault: EmulatedFault): void;
  clearFaults(): void;

  /** The latest 10,000, the oldest first, without secrets. */
  requests(operation?: EmulatedOperation): EmulatedRequest[];
  countCalls(operation: EmulatedOperation, detail?: string): number;
  clearRequests(): void;
}

/** An emulator that does not listen yet. Throws an Error with `code` and `hint` if the directory or a knob is wrong. */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const { tls = false, ...coreOptions } = options;
  const core = createCore(coreOptions);
  let caFile: CaFile | undefined;

  async function listen(port = 0, host = '127.0.0.1'): Promise<string> {
    if (!tls || core.url !== '') return (await core.listen(port, host)).url;
    const names = [...new Set(['localhost', '127.0.0.1', '::1', host, ...(options.names ?? [])])];
    const certificate = createServerCertificate({ names, nowMs: Date.now(), random: systemRandom });
    const file = await writeCaFile(certificate.caPem);
    try {
      const { url } = await core.listen(port, host, { ...certificate, caFile: file.path });
      caFile = file;
      return url;
    } catch (error) {
      await file.remove();
      throw error;
    }
  }

  async function close(): Promise<void> {
    await core.close();
    await caFile?.remove();
    caFile = undefined;
  }

  return {
    listen,
    close,
    [Symbol.asyncDispose]: close,
    get url() {
      return core.url;
    },
    environment: () => ({ ...core.environment() }),
    configSection: (sessionName) => formatConfigSection(core.directory, sessionName),
    controlToken: core.controlToken,

    reset: core.reset,
    now: () => new Date(core.nowMs()),
    advance: core.advance,

    directory: editsOf(core.directory),
    get knobs() {
      return core.knobs;
    },
    turnKnobs: core.turnKnobs,

    waitingSignIns: () =>
      core
        .pendingDeviceAuthorizations()
        .map(({ userCode, clientName, expiresAtMs }) => ({ userCode, clientName, expiresAt: new Date(expiresAtMs) })),
    approve: core.approve,
    deny: core.deny,
    revokeSessions: core.revokeSessions,
    expireAccessTokens: core.expireAccessTokens,
    killRefreshTokens: core.killRefreshTokens,
    expireRegistrations: core.expireRegistrations,

    addFault: core.addFault,
    clearFaults: core.clearFaults,

    requests: (wanted) =>
      core
        .requests()
        .filter(({ operation }) => wanted === undefined || operation === wanted)
        .map(({ atMs, method, path, operation, detail, status }) => ({
          at: new Date(atMs),
          method,
          path,
          operation,
          detail,
          status,
        })),
    countCalls: core.countCalls,
    clearRequests: core.resetCalls,
  };
}

/** Only what is promised. */
function editsOf(directory: EmulatedDirectoryEdits): EmulatedDirectoryEdits {
  const { toDocument, replace, addAccount, updateAccount, removeAccount, addUser, removeUser } = directory;
  const { addGroup, removeGroup, addPermissionSet, removePermissionSet, assign, unassign } = directory;
  return {
    toDocument,
    replace,
    addAccount,
    updateAccount,
    removeAccount,
    addUser,
    removeUser,
    addGroup,
    removeGroup,
    addPermissionSet,
    removePermissionSet,
    assign,
    unassign,
  };
}

/** What vitest and Playwright hand to a fixture that uses no other one. */
// oxlint-disable-next-line typescript/no-empty-object-type -- whatever other fixtures the test has
export type EmulatorFixture = (fixtures: {}, use: (emulator: Emulator) => Promise<void>) => Promise<void>;

/**
 * A fixture for `test.extend({ emulator: emulatorFixture() })` of vitest or Playwright: a new emulator for each test
 * that names it, listening on a free port, and closed afterwards. Both want the first parameter as a pattern.
 */
export function emulatorFixture(options: EmulatorOptions = {}): EmulatorFixture {
  // oxlint-disable-next-line no-empty-pattern -- both parse the parameter, and refuse a plain name
  return async ({}, use) => {
    const emulator = createEmulator(options);
    await emulator.listen();
    try {
      await use(emulator);
    } finally {
      await emulator.close();
    }
  };
}
