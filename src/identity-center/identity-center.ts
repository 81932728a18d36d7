// Identity Center through the AWS SDK clients: one HTTP request per call, faults by kind, nothing read from the environment.
import { findPartitionMismatch, findPortal, isCompanyStartUrl } from '../core/aws/partitions.ts';
import { isLoopbackHost } from '../core/loopback.ts';
import { scopesOf } from '../core/aws/registration-scopes.ts';
import { oncePerObject } from '../core/async/once.ts';
import type { ClientRegistration, Endpoints, EndpointsOf, IssuedToken, SsoSession } from '../core/model.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';
import type { Secret } from '../core/secret.ts';
import { IdentityCenterFault, type IdentityCenter } from '../sso/ports.ts';
import type * as AwsModule from './aws-clients.ts';
import type { AwsClients, RegionalClient } from './aws-clients.ts';
import type { Reach } from './probe.ts';
import { toFault, type Call } from './fault.ts';
import type { OnServerTime } from './transport.ts';
import {
  readAccounts,
  readDeviceAuthorization,
  readPermissionSets,
  readRegistration,
  readRoleCredentials,
  readToken,
} from './wire.ts';

export interface IdentityCenterDeps {
  readonly endpointsOf: EndpointsOf;
  /** The proxy for a URL, or an empty string; see `createProxyForUrl`. */
  readonly proxyForUrl: (url: string) => string;
  /** PEM text trusted in addition to Node's own roots; read once, at the first connection. */
  readonly caBundle?: () => string | undefined;
  readonly connectTimeoutMs?: number;
  /** From the start of a call to the last byte of its answer. */
  readonly requestTimeoutMs?: number;
  readonly onServerTime?: OnServerTime;
  /** Called when a part of AWS's answer is ignored. */
  readonly warn?: (message: string) => void;
}

type PickClient<C> = (clients: AwsClients, session: SsoSession) => RegionalClient<C>;

/** An endpoint in use, and whether it answers. */
export interface EndpointReach extends Reach {
  readonly service: 'oidc' | 'portal';
  readonly url: string;
  /** Without user and password; empty for none. */
  readonly proxy: string;
}

export interface ClosableIdentityCenter extends IdentityCenter {
  /** Tests both endpoints of a session at the same time; does not reject if they cannot be reached. */
  probe(session: SsoSession): Promise<readonly EndpointReach[]>;
  /** As `resolveStartUrl`, for a start URL without a session. @throws IdentityCenterFault */
  followStartUrl(startUrl: string): Promise<string>;
  /** The region named on AWS's start page; undefined if it is unavailable for any reason. */
  findRegion(startUrl: string): Promise<string | undefined>;
  /** Closes all connections; calls in flight fail as `unreachable`. */
  close(): void;
}

const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const AUTHORIZATION_CODE_GRANT = 'authorization_code';
/** The port is added when a sign-in starts; AWS compares without it (RFC 8252, section 7.3). */
const REGISTERED_REDIRECT_URI = 'http://127.0.0.1/oauth/callback';

/** The parameters of CreateToken for one grant. */
type TokenGrant =
  | { readonly grantType: typeof DEVICE_CODE_GRANT; readonly deviceCode: string }
  | {
      readonly grantType: typeof AUTHORIZATION_CODE_GRANT;
      readonly code: string;
      readonly codeVerifier: string;
      readonly redirectUri: string;
    }
  | { readonly grantType: 'refresh_token'; readonly refreshToken: string };

const GRANT_NAMES = {
  [DEVICE_CODE_GRANT]: 'device_code',
  [AUTHORIZATION_CODE_GRANT]: 'authorization_code',
  refresh_token: 'refresh_token',
} as const;
// As of 2026-05 the portal refuses more than 100 (InvalidRequestException).
const PAGE_SIZE = 100;
/** The region only improves an error that the user is waiting for. */
const HOME_REGION_TIMEOUT_MS = 5000;
const CLIENT_NAME_LIMIT = 64;

/** The first call loads the SDK. */
export function createIdentityCenter(deps: IdentityCenterDeps): ClosableIdentityCenter {
  const requestTimeoutMs = deps.requestTimeoutMs ?? 10_000;
  const awsDeps = {
    proxyForUrl: deps.proxyForUrl,
    caBundle: deps.caBundle ?? (() => undefined),
    connectTimeoutMs: deps.connectTimeoutMs ?? 5_000,
    requestTimeoutMs,
    onServerTime: deps.onServerTime,
  };
  let loading: Promise<{ aws: typeof AwsModule; clients: AwsClients }> | undefined;
  const load = () =>
    (loading ??= import('./aws-clients.ts').then((aws) => ({ aws, clients: aws.createAwsClients(awsDeps) })));

  /** Runs one request and reads its answer; every failure becomes a fault. */
  async function run<C, A, T>(
    session: SsoSession,
    about: Omit<Call, 'host'>,
    pick: PickClient<C>,
    request: (client: C, aws: typeof AwsModule, options: { abortSignal: AbortSignal }) => Promise<A>,
    read: (answer: A, host: string) => T,
  ): Promise<T> {
    const { aws, clients } = await load();
    let host = `region ${session.region}`;
    let answer: A;
    const deadline = AbortSignal.timeout(requestTimeoutMs);
    try {
      const regional = pick(clients, session);
      host = regional.url.host;
      answer = await request(regional.client, aws, { abortSignal: deadline });
    } catch (error) {
      throw toFault(error, { ...about, host, ...(deadline.aborted && { timedOutAfterMs: requestTimeoutMs }) });
    }
    try {
      return read(answer, host);
    } catch (error) {
      throw toFault(error, { ...about, host });
    }
  }

  const ssoOidc = oncePerSession((clients, { region }, endpoints) => clients.ssoOidc(checkRegion(region), endpoints));
  const sso = oncePerSession((clients, { region }, endpoints) => clients.sso(checkRegion(region), endpoints));

  function oncePerSession<C>(
    pick: (clients: AwsClients, session: SsoSession, endpoints: Endpoints) => RegionalClient<C>,
  ): PickClient<C> {
    const picked = oncePerObject((clients: AwsClients) =>
      oncePerObject((session: SsoSession) => pick(clients, session, deps.endpointsOf(session))),
    );
    return (clients, session) => picked(clients)(session);
  }

  const warnOfRefreshToken = ({ sessionName }: SsoSession, host: string) =>
    deps.warn?.(
      `CreateToken at ${host}: the refresh token for ${sessionName} is unusable and was ignored. ` +
        `If the sign-in can no longer be renewed, run: rolecall login ${quoteForShell(sessionName)}`,
    );

  const onUnusable = (operation: string, host: string, what: string) => (count: number) =>
    deps.warn?.(`${operation} at ${host}: ${count} of the entries had no ${what} and were skipped.`);

  function createToken(
    session: SsoSession,
    registration: ClientRegistration,
    grant: TokenGrant,
    secrets: readonly Secret[],
  ): Promise<IssuedToken> {
    const { clientId, clientSecret } = registration;
    return run(
      session,
      {
        service: 'sso-oidc',
        operation: 'CreateToken',
        grant: GRANT_NAMES[grant.grantType],
        secrets: [clientSecret, ...secrets],
      },
      ssoOidc,
      (client, aws, options) =>
        client.send(
          new aws.CreateTokenCommand({
            clientId,
            clientSecret: clientSecret.reveal(),
            ...grant,
          }),
          options,
        ),
      (answer, host) => readToken(answer, () => warnOfRefreshToken(session, host)),
    );
  }

  /** Nothing answers at the start URL of an emulator. */
  const isEmulated = (session: SsoSession) => {
    const { ssoOidc } = deps.endpointsOf(session);
    return ssoOidc !== undefined && isLoopbackHost(new URL(ssoOidc).hostname);
  };

  /** Where companies' start URLs led last, for a sign-in while the company's page is down. */
  const followed = new Map<string, string>();

  async function follow(startUrl: string, region: string | undefined): Promise<string> {
    const { clients } = await load();
    const key = `${startUrl} ${region}`;
    try {
      const target = await clients.followStartUrl(new URL(startUrl), region, requestTimeoutMs);
      followed.set(key, target);
      return target;
    } catch (fault) {
      const known = followed.get(key);
      const isDown = fault instanceof IdentityCenterFault && fault.kind === 'unreachable';
      if (known !== undefined && isDown) return known;
      throw fault;
    }
  }

  return {
    async resolveStartUrl(session) {
      const { startUrl } = session;
      const region = session.region.toLowerCase();
      if (isEmulated(session)) return startUrl;
      // Without a code AWS would only say so in the browser.
      if (findPartitionMismatch(startUrl, region) !== undefined) {
        throw new IdentityCenterFault('start-url-refused', 'The start URL is in another partition than the region.');
      }
      return isCompanyStartUrl(startUrl, region) ? follow(startUrl, region) : startUrl;
    },

    async findHomeRegion(session) {
      if (!URL.canParse(session.startUrl)) return undefined;
      const startUrl = new URL(session.startUrl);
      const inName = findPortal(startUrl.hostname)?.region;
      if (inName !== undefined || isEmulated(session)) return inName;
      return (await load()).clients.findRegion(startUrl, Math.min(requestTimeoutMs, HOME_REGION_TIMEOUT_MS));
    },

    registerClient: (session, flow = 'device') =>
      run(
        session,
        {
          service: 'sso-oidc',
          operation: 'RegisterClient',
          ...(flow === 'pkce' ? { grant: AUTHORIZATION_CODE_GRANT } : {}),
          secrets: [],
        },
        ssoOidc,
        (client, aws, options) =>
          client.send(
            new aws.RegisterClientCommand({
              clientName: formatClientName(session.sessionName),
              clientType: 'public',
              scopes: scopesOf(session),
              ...(flow === 'device'
                ? { grantTypes: [DEVICE_CODE_GRANT, 'refresh_token'] }
                : {
                    grantTypes: [AUTHORIZATION_CODE_GRANT, 'refresh_token'],
                    redirectUris: [REGISTERED_REDIRECT_URI],
                    issuerUrl: session.startUrl,
                  }),
            }),
            options,
          ),
        readRegistration,
      ),

    startDeviceAuthorization: (session, { clientId, clientSecret }) =>
      run(
        session,
        { service: 'sso-oidc', operation: 'StartDeviceAuthorization', secrets: [clientSecret] },
        ssoOidc,
        (client, aws, options) =>
          client.send(
            new aws.StartDeviceAuthorizationCommand({
              clientId,
              clientSecret: clientSecret.reveal(),
              startUrl: session.startUrl,
            }),
            options,
          ),
        readDeviceAuthorization,
      ),

    createTokenByDeviceCode: (session, registration, deviceCode) =>
      createToken(session, registration, { grantType: DEVICE_CODE_GRANT, deviceCode: deviceCode.reveal() }, [
        deviceCode,
      ]),

    createTokenByAuthorizationCode: (session, registration, { code, codeVerifier, redirectUri }) =>
      createToken(
        session,
        registration,
        {
          grantType: AUTHORIZATION_CODE_GRANT,
          code: code.reveal(),
          codeVerifier: codeVerifier.reveal(),
          redirectUri,
        },
        [code, codeVerifier],
      ),

    createTokenByRefreshToken: (session, registration, refreshToken) =>
      createToken(session, registration, { grantType: 'refresh_token', refreshToken: refreshToken.reveal() }, [
        refreshToken,
      ]),

    listAccounts: (session, accessToken, nextToken) =>
      run(
        session,
        { service: 'sso', operation: 'ListAccounts', secrets: [accessToken] },
        sso,
        (client, aws, options) =>
          client.send(
            new aws.ListAccountsCommand({ accessToken: accessToken.reveal(), ...pageOf(nextToken) }),
            options,
          ),
        (answer, host) => readAccounts(answer, onUnusable('ListAccounts', host, '12-digit account id')),
      ),

    listAccountRoles: (session, accessToken, accountId, nextToken) =>
      run(
        session,
        { service: 'sso', operation: 'ListAccountRoles', secrets: [accessToken] },
        sso,
        (client, aws, options) =>
          client.send(
            new aws.ListAccountRolesCommand({ accessToken: accessToken.reveal(), accountId, ...pageOf(nextToken) }),
            options,
          ),
        (answer, host) => readPermissionSets(answer, onUnusable('ListAccountRoles', host, 'role name')),
      ),

    getRoleCredentials: (session, accessToken, { accountId, permissionSet }) =>
      run(
        session,
        { service: 'sso', operation: 'GetRoleCredentials', secrets: [accessToken] },
        sso,
        (client, aws, options) =>
          client.send(
            new aws.GetRoleCredentialsCommand({
              accessToken: accessToken.reveal(),
              accountId,
              roleName: permissionSet,
            }),
            options,
          ),
        readRoleCredentials,
      ),

    logout: (session, accessToken) =>
      run(
        session,
        { service: 'sso', operation: 'Logout', secrets: [accessToken] },
        sso,
        (client, aws, options) => client.send(new aws.LogoutCommand({ accessToken: accessToken.reveal() }), options),
        () => undefined,
      ),

    async oidcOrigin(session) {
      const { clients } = await load();
      return new URL(ssoOidc(clients, session).url);
    },

    async probe(session) {
      const { clients } = await load();
      const endpoints = [
        ['oidc', ssoOidc(clients, session).url],
        ['portal', sso(clients, session).url],
      ] as const;
      return Promise.all(
        endpoints.map(async ([service, url]) => {
          const proxy = withoutUser(deps.proxyForUrl(url.href));
          return { service, url: url.href, proxy, ...(await clients.probe(url, requestTimeoutMs)) };
        }),
      );
    },

    async followStartUrl(startUrl) {
      const unnamed = { sessionName: '', startUrl, region: '', registrationScopes: [] };
      return isEmulated(unnamed) || !isCompanyStartUrl(startUrl, undefined) ? startUrl : follow(startUrl, undefined);
    },

    async findRegion(startUrl) {
      const { clients } = await load();
      return clients.findRegion(new URL(startUrl), requestTimeoutMs);
    },

    close() {
      void loading?.then(({ clients }) => clients.close());
    },
  };
}

/** The page parameters of a list operation. */
function pageOf(nextToken: string | undefined): { readonly maxResults: number; readonly nextToken?: string } {
  return { maxResults: PAGE_SIZE, ...(nextToken !== undefined && { nextToken }) };
}

function withoutUser(proxy: string): string {
  if (!URL.canParse(proxy)) return '';
  const { protocol, host } = new URL(proxy);
  return `${protocol}//${host}`;
}

/** The region becomes part of a host name, so only a host label is accepted. */
function checkRegion(region: string): string {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/i.test(region)) return region;
  throw new IdentityCenterFault('unreachable', 'The sso_region of the sso-session is not an AWS region name.');
}

/** A name that AWS's console can show; the session's name is free text. */
function formatClientName(sessionName: string): string {
  return `rolecall-${sessionName.replace(/[^A-Za-z0-9_.-]+/g, '-')}`.slice(0, CLIENT_NAME_LIMIT);
}
