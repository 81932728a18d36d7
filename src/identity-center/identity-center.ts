// Identity Center through the AWS SDK clients: one HTTP request per call, faults by kind, nothing read from the environment.
import { oncePerObject } from '../core/async/once.ts';
import type { Endpoints, EndpointsOf, SsoSession } from '../core/model.ts';
import { IdentityCenterFault, type IdentityCenter } from '../sso/ports.ts';
import type * as AwsModule from './aws-clients.ts';
import type { AwsClients, RegionalClient } from './aws-clients.ts';
import type { Reach } from './probe.ts';
import { toFault, type Call } from './fault.ts';
import { createSsoOidc, type Run } from './sso-oidc.ts';
import { createStartUrls, type StartUrls } from './start-urls.ts';
import type { OnServerTime } from './transport.ts';
import { readAccounts, readPermissionSets, readRoleCredentials } from './wire.ts';

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

export interface ClosableIdentityCenter extends IdentityCenter, StartUrls {
  /** Tests both endpoints of a session at the same time; does not reject if they cannot be reached. */
  probe(session: SsoSession): Promise<readonly EndpointReach[]>;
  /** Closes all connections; calls in flight fail as `unreachable`. */
  close(): void;
}

// As of 2026-05 the portal refuses more than 100 (InvalidRequestException).
const PAGE_SIZE = 100;

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

  /** The requests of one service, each with one deadline. */
  function createRun<C>(service: Call['service'], pick: PickClient<C>): Run<C> {
    return async (session, about, request, read) => {
      const { aws, clients } = await load();
      let host = `region ${session.region}`;
      let answer: Awaited<ReturnType<typeof request>>;
      const deadline = AbortSignal.timeout(requestTimeoutMs);
      try {
        const regional = pick(clients, session);
        host = regional.url.host;
        answer = await request(regional.client, aws, { abortSignal: deadline });
      } catch (error) {
        throw toFault(error, {
          service,
          ...about,
          host,
          ...(deadline.aborted && { timedOutAfterMs: requestTimeoutMs }),
        });
      }
      try {
        return read(answer, host);
      } catch (error) {
        throw toFault(error, { service, ...about, host });
      }
    };
  }

  const run = createRun('sso', sso);
  const ssoOidcOperations = createSsoOidc({ run: createRun('sso-oidc', ssoOidc), warn: deps.warn });
  const startUrls = createStartUrls({
    endpointsOf: deps.endpointsOf,
    loadClients: async () => (await load()).clients,
    requestTimeoutMs,
  });

  const onUnusable = (operation: string, host: string, what: string) => (count: number) =>
    deps.warn?.(`${operation} at ${host}: ${count} of the entries had no ${what} and were skipped.`);

  return {
    ...ssoOidcOperations,
    ...startUrls,

    listAccounts: (session, accessToken, nextToken) =>
      run(
        session,
        { operation: 'ListAccounts', secrets: [accessToken] },
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
        { operation: 'ListAccountRoles', secrets: [accessToken] },
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
        { operation: 'GetRoleCredentials', secrets: [accessToken] },
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
        { operation: 'Logout', secrets: [accessToken] },
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
