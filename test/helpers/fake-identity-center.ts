// An in-memory Identity Center behind the port: clients, codes, tokens and assignments, with faults on request.
import { createHash } from 'node:crypto';
import type { Clock } from '../../src/core/clock.ts';
import type { Account, IssuedToken, SsoSession } from '../../src/core/model.ts';
import { Secret } from '../../src/core/secret.ts';
import { IdentityCenterFault, type FaultKind, type IdentityCenter } from '../../src/sso/ports.ts';

export type Operation = keyof IdentityCenter;

/** One call as it arrived. */
export interface Arrival {
  readonly operation: Operation;
  readonly atMs: number;
  readonly startUrl: string;
  readonly clientId?: string;
  readonly token?: string;
  readonly accountId?: string;
  readonly nextToken?: string;
  /** Of a registration for authorization codes. */
  readonly flow?: 'pkce';
}

export interface Failure {
  readonly kind: FaultKind;
  /** How many calls fail; all until `recover` when absent. */
  readonly times?: number;
  readonly retryAfterMs?: number;
  /** Fails only for this account. */
  readonly accountId?: string;
  /** Fails only for sessions of this start URL. */
  readonly startUrl?: string;
  /** Thrown instead of a fault, which breaks the port's promise. */
  readonly thrown?: Error;
}

/** What an administrator or AWS itself decides; may be changed at any time. */
export interface FakeSettings {
  accessTokenSeconds: number;
  credentialsSeconds: number;
  registrationSeconds: number;
  codeSeconds: number;
  intervalSeconds: number;
  /** Every refresh gives a new refresh token and kills the old one; else the answer has none and the old one stays. */
  rotates: boolean;
  /** False: a sign-in without a refresh token, as a client without scopes gets it. */
  givesRefreshTokens: boolean;
  latencyMs: number;
  /** The region that the start page names. */
  homeRegion?: string;
  pageSize: number;
  /** `nextToken` of the last page too, the same for ever. */
  repeatsPageTokens: boolean;
  /** After the last page comes an empty one, and after that another one. */
  hasEndlessPages: boolean;
  /** Names each account on two pages. */
  repeatsAccounts: boolean;
}

export interface FakeIdentityCenter extends IdentityCenter {
  readonly settings: FakeSettings;
  readonly arrivals: readonly Arrival[];
  count(operation: Operation): number;
  /** The most calls of an operation that were under way at one time. */
  mostInFlight(operation: Operation): number;
  /** Forgets what arrived, not what it knows. */
  forgetArrivals(): void;
  assign(account: Account, permissionSets: readonly string[]): void;
  /** An account without permission sets given is removed. */
  unassign(accountId: string, permissionSets?: readonly string[]): void;
  /** What the person does at the page with the newest code. */
  answerCode(answer: 'approved' | 'denied'): void;
  /** The person allows the sign-in on the page: its code, with which the browser comes back. */
  allow(authorizeUrl: string): string;
  /** Tokens of a new sign-in, without a page. */
  issueTokens(clientId: string): IssuedToken;
  /** The portal answers 401 to every access token given so far; a refresh helps. */
  refuseAccessTokens(): void;
  /** The administrator ended the session: neither access nor refresh tokens given so far are good. */
  endSessions(): void;
  forgetClients(): void;
  fail(operation: Operation, failure: Failure): void;
  recover(operation?: Operation): void;
  /** Calls of the operation hang until the function given back is called. */
  hold(operation: Operation): () => void;
}

interface Client {
  readonly secret: string;
  readonly expiresAtMs: number;
}

interface SignInRecord {
  isOver: boolean;
}

interface Code {
  readonly clientId: string;
  readonly expiresAtMs: number;
  answer: 'pending' | 'approved' | 'denied' | 'used';
}

/** An Identity Center with one user, nothing assigned; its clock is the one given. */
export function createFakeIdentityCenter(clock: Clock, settings: Partial<FakeSettings> = {}): FakeIdentityCenter {
  const current: FakeSettings = {
    accessTokenSeconds: 3600,
    credentialsSeconds: 3600,
    registrationSeconds: 90 * 24 * 3600,
    codeSeconds: 600,
    intervalSeconds: 1,
    rotates: true,
    givesRefreshTokens: true,
    latencyMs: 0,
    pageSize: 100,
    repeatsPageTokens: false,
    hasEndlessPages: false,
    repeatsAccounts: false,
    ...settings,
  };
  const clients = new Map<string, Client>();
  const codes = new Map<string, Code>();
  const authorizationCodes = new Map<string, { clientId: string; redirectUri: string; challenge: string }>();
  const accessTokens = new Map<string, { expiresAtMs: number; signIn: SignInRecord; isRefused: boolean }>();
  const refreshTokens = new Map<string, { clientId: string; signIn: SignInRecord }>();
  const assignments = new Map<string, { account: Account; permissionSets: readonly string[] }>();
  const failures = new Map<Operation, { failure: Failure; left: number }>();
  const holds = new Map<Operation, Promise<void>>();
  const inFlight = new Map<Operation, { now: number; most: number }>();
  let arrivals: Arrival[] = [];
  let serial = 0;

  const next = (prefix: string) => {
    serial += 1;
    return `${prefix}-${serial}`;
  };
  const fault = (kind: FaultKind, retryAfterMs?: number) =>
    new IdentityCenterFault(kind, `fake ${kind}`, retryAfterMs === undefined ? {} : { retryAfterMs });

  async function answer<T>(
    session: SsoSession,
    operation: Operation,
    about: Omit<Arrival, 'operation' | 'atMs' | 'startUrl'>,
    work: () => T,
  ): Promise<T> {
    arrivals.push({ operation, atMs: clock.nowMs(), startUrl: session.startUrl, ...about });
    const flight = inFlight.get(operation) ?? { now: 0, most: 0 };
    inFlight.set(operation, flight);
    flight.now += 1;
    flight.most = Math.max(flight.most, flight.now);
    try {
      if (current.latencyMs > 0) await clock.sleep(current.latencyMs);
      else await Promise.resolve();
      await holds.get(operation);
      failIfTold(session, operation, about.accountId);
      return work();
    } finally {
      flight.now -= 1;
    }
  }

  function failIfTold(session: SsoSession, operation: Operation, accountId: string | undefined): void {
    const told = failures.get(operation);
    if (told === undefined || told.left === 0) return;
    if (told.failure.accountId !== undefined && told.failure.accountId !== accountId) return;
    if (told.failure.startUrl !== undefined && told.failure.startUrl !== session.startUrl) return;
    told.left -= 1;
    throw told.failure.thrown ?? fault(told.failure.kind, told.failure.retryAfterMs);
  }

  function checkClient(clientId: string, secret: Secret): void {
    const client = clients.get(clientId);
    if (client === undefined || client.secret !== secret.reveal() || client.expiresAtMs <= clock.nowMs()) {
      throw fault('invalid-client');
    }
  }

  function checkAccessToken(token: Secret): void {
    const known = accessTokens.get(token.reveal());
    const isGood = known !== undefined && !known.isRefused && !known.signIn.isOver && known.expiresAtMs > clock.nowMs();
    if (!isGood) throw fault('unauthorized');
  }

  function issue(clientId: string, signIn: SignInRecord, withRefresh: boolean): IssuedToken {
    const accessToken = next('access');
    const expiresAtMs = clock.nowMs() + current.accessTokenSeconds * 1000;
    accessTokens.set(accessToken, { expiresAtMs, signIn, isRefused: false });
    const expiresInSeconds = current.accessTokenSeconds;
    if (!withRefresh) return { accessToken: new Secret(accessToken), expiresInSeconds };
    const refreshToken = next('refresh');
    refreshTokens.set(refreshToken, { clientId, signIn });
    return { accessToken: new Secret(accessToken), refreshToken: new Secret(refreshToken), expiresInSeconds };
  }

  function page<T>(items: readonly T[], nextToken: string | undefined): { items: readonly T[]; nextToken?: string } {
    const from = nextToken === undefined ? 0 : Number(nextToken.slice('page-'.length));
    const until = from + current.pageSize;
    const hasMore = until < items.length || current.hasEndlessPages;
    if (current.repeatsPageTokens) return { items: items.slice(from, until), nextToken: 'page-0' };
    return { items: items.slice(from, until), ...(hasMore ? { nextToken: `page-${until}` } : {}) };
  }

  return {
    settings: current,
    get arrivals() {
      return arrivals;
    },
    count: (operation) => arrivals.filter((arrival) => arrival.operation === operation).length,
    mostInFlight: (operation) => inFlight.get(operation)?.most ?? 0,
    forgetArrivals() {
      arrivals = [];
      for (const flight of inFlight.values()) flight.most = flight.now;
    },
    assign: (account, permissionSets) => void assignments.set(account.accountId, { account, permissionSets }),
    unassign(accountId, permissionSets) {
      const assigned = assignments.get(accountId);
      if (assigned === undefined) throw new Error(`no account ${accountId} to take away`);
      if (permissionSets === undefined) assignments.delete(accountId);
      else {
        const left = assigned.permissionSets.filter((name) => !permissionSets.includes(name));
        assignments.set(accountId, { ...assigned, permissionSets: left });
      }
    },
    answerCode(given) {
      const newest = [...codes.values()].at(-1);
      if (newest === undefined) throw new Error('no code was asked for');
      newest.answer = given;
    },
    allow(authorizeUrl) {
      const query = new URL(authorizeUrl).searchParams;
      const clientId = query.get('client_id') ?? '';
      if (!clients.has(clientId)) throw new Error('the page shows an error: it does not know the client');
      const code = next('authorization');
      authorizationCodes.set(code, {
        clientId,
        redirectUri: query.get('redirect_uri') ?? '',
        challenge: query.get('code_challenge') ?? '',
      });
      return code;
    },
    issueTokens: (clientId) => issue(clientId, { isOver: false }, current.givesRefreshTokens),
    refuseAccessTokens() {
      for (const token of accessTokens.values()) token.isRefused = true;
    },
    endSessions() {
      for (const { signIn } of accessTokens.values()) signIn.isOver = true;
      for (const { signIn } of refreshTokens.values()) signIn.isOver = true;
    },
    forgetClients: () => clients.clear(),
    fail: (operation, failure) => void failures.set(operation, { failure, left: failure.times ?? Infinity }),
    recover(operation) {
      if (operation === undefined) failures.clear();
      else failures.delete(operation);
    },
    hold(operation) {
      let release = () => {};
      holds.set(
        operation,
        new Promise((resolve) => {
          release = resolve;
        }),
      );
      return () => {
        holds.delete(operation);
        release();
      };
    },

    resolveStartUrl: async ({ startUrl }) => startUrl,
    findHomeRegion: async () => current.homeRegion,
    oidcOrigin: async ({ region }) => new URL(`https://oidc.${region}.amazonaws.com/`),

    registerClient: (session, flow) =>
      answer(session, 'registerClient', flow === 'pkce' ? { flow } : {}, () => {
        const clientId = next('client');
        const secret = `secret of ${clientId}`;
        const expiresAtMs = clock.nowMs() + current.registrationSeconds * 1000;
        clients.set(clientId, { secret, expiresAtMs });
        return { clientId, clientSecret: new Secret(secret), expiresAtMs };
      }),

    startDeviceAuthorization: (session, { clientId, clientSecret }) =>
      answer(session, 'startDeviceAuthorization', { clientId }, () => {
        checkClient(clientId, clientSecret);
        const code = next('code');
        codes.set(code, {
          clientId,
          expiresAtMs: clock.nowMs() + current.codeSeconds * 1000,
          answer: 'pending',
        });
        return {
          deviceCode: new Secret(code),
          userCode: `USER-${code}`,
          verificationUri: `${session.startUrl}/#/device`,
          verificationUriComplete: `${session.startUrl}/#/device?c=${code}`,
          expiresInSeconds: current.codeSeconds,
          intervalSeconds: current.intervalSeconds,
        };
      }),

    createTokenByDeviceCode: (session, { clientId, clientSecret }, deviceCode) =>
      answer(session, 'createTokenByDeviceCode', { clientId }, () => {
        checkClient(clientId, clientSecret);
        const code = codes.get(deviceCode.reveal());
        if (code === undefined || code.clientId !== clientId || code.answer === 'used') throw fault('invalid-grant');
        if (code.expiresAtMs <= clock.nowMs()) throw fault('device-code-expired');
        if (code.answer === 'denied') throw fault('access-denied');
        if (code.answer === 'pending') throw fault('authorization-pending');
        code.answer = 'used';
        return issue(clientId, { isOver: false }, current.givesRefreshTokens);
      }),

    createTokenByAuthorizationCode: (session, { clientId, clientSecret }, { code, codeVerifier, redirectUri }) =>
      answer(session, 'createTokenByAuthorizationCode', { clientId }, () => {
        checkClient(clientId, clientSecret);
        const issued = authorizationCodes.get(code.reveal());
        const challenge = createHash('sha256').update(codeVerifier.reveal()).digest('base64url');
        const isRight = issued?.clientId === clientId && issued.redirectUri === redirectUri;
        if (!isRight || issued.challenge !== challenge) throw fault('invalid-grant');
        authorizationCodes.delete(code.reveal());
        return issue(clientId, { isOver: false }, current.givesRefreshTokens);
      }),

    createTokenByRefreshToken: (session, { clientId, clientSecret }, refreshToken) =>
      answer(session, 'createTokenByRefreshToken', { clientId, token: refreshToken.reveal() }, () => {
        checkClient(clientId, clientSecret);
        const known = refreshTokens.get(refreshToken.reveal());
        if (known === undefined || known.clientId !== clientId || known.signIn.isOver) throw fault('invalid-grant');
        if (current.rotates) refreshTokens.delete(refreshToken.reveal());
        return issue(clientId, known.signIn, current.rotates);
      }),

    listAccounts: (session, accessToken, nextToken) =>
      answer(
        session,
        'listAccounts',
        { token: accessToken.reveal(), ...(nextToken === undefined ? {} : { nextToken }) },
        () => {
          checkAccessToken(accessToken);
          const accounts = [...assignments.values()].map(({ account }) => account);
          return page(current.repeatsAccounts ? [...accounts, ...accounts] : accounts, nextToken);
        },
      ),

    listAccountRoles: (session, accessToken, accountId, nextToken) =>
      answer(
        session,
        'listAccountRoles',
        { token: accessToken.reveal(), accountId, ...(nextToken === undefined ? {} : { nextToken }) },
        () => {
          checkAccessToken(accessToken);
          const assigned = assignments.get(accountId);
          if (assigned === undefined) throw fault('forbidden');
          return page(assigned.permissionSets, nextToken);
        },
      ),

    getRoleCredentials: (session, accessToken, role) =>
      answer(session, 'getRoleCredentials', { token: accessToken.reveal(), accountId: role.accountId }, () => {
        checkAccessToken(accessToken);
        if (assignments.get(role.accountId)?.permissionSets.includes(role.permissionSet) !== true) {
          throw fault('forbidden');
        }
        const accessKeyId = next('ASIA');
        return {
          accessKeyId,
          secretAccessKey: new Secret(`key of ${accessKeyId}`),
          sessionToken: new Secret(`token of ${accessKeyId}`),
          expiresAtMs: clock.nowMs() + current.credentialsSeconds * 1000,
        };
      }),

    logout: (session, accessToken) =>
      answer(session, 'logout', { token: accessToken.reveal() }, () => {
        checkAccessToken(accessToken);
        const known = accessTokens.get(accessToken.reveal());
        if (known !== undefined) known.signIn.isOver = true;
      }),
  };
}
