// The AWS SDK clients, one per region and service. Loaded with the first call, because importing the SDK is slow.
import { SSOClient } from '@aws-sdk/client-sso';
import { SSOOIDCClient } from '@aws-sdk/client-sso-oidc';
import { probeEndpoint, type Reach } from './probe.ts';
import { followStartUrl } from './company-start-url.ts';
import { findRegionOnPage } from './start-page.ts';
import type { Endpoints } from '../core/model.ts';
import { endpointSettings, type EndpointSettings } from './endpoint.ts';
import { createTransport, refuseForeignAnswers, type OnServerTime, type TransportDeps } from './transport.ts';

export {
  GetRoleCredentialsCommand,
  ListAccountRolesCommand,
  ListAccountsCommand,
  LogoutCommand,
} from '@aws-sdk/client-sso';
export { CreateTokenCommand, RegisterClientCommand, StartDeviceAuthorizationCommand } from '@aws-sdk/client-sso-oidc';

export interface AwsClientsDeps extends TransportDeps {
  readonly onServerTime: OnServerTime | undefined;
}

export interface RegionalClient<C> {
  readonly client: C;
  /** Where its requests go; ends with a slash. */
  readonly url: URL;
}

export interface AwsClients {
  ssoOidc(region: string, endpoints: Endpoints): RegionalClient<SSOOIDCClient>;
  sso(region: string, endpoints: Endpoints): RegionalClient<SSOClient>;
  /** Whether the endpoint `url` answers, with the same proxies and CAs, on new connections. */
  probe(url: URL, timeoutMs: number): Promise<Reach>;
  /** AWS's start URL to which a company's own leads. */
  followStartUrl(startUrl: URL, region: string | undefined, timeoutMs: number): Promise<string>;
  /** The region that the start page names. */
  findRegion(startUrl: URL, timeoutMs: number): Promise<string | undefined>;
  close(): void;
}

/** Clients that read nothing from the environment or ~/.aws: every setting that the SDK would look up there is given. */
export function createAwsClients(deps: AwsClientsDeps): AwsClients {
  const transport = createTransport(deps);

  const configure = (service: 'sso' | 'sso-oidc', region: string, endpoint: EndpointSettings) => ({
    region,
    ...endpoint,
    // Without this the SDK would use AWS_ENDPOINT_URL and the `services` section of the profile in AWS_PROFILE.
    ignoreConfiguredEndpointUrls: true,
    requestHandler: refuseForeignAnswers(transport, service, deps.onServerTime),
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard' as const,
    // None; undefined would let the SDK look for one.
    userAgentAppId: '',
    authSchemePreference: [],
    // Our operations are unsigned; the default would search the environment, files and the instance metadata.
    credentials: async () => {
      throw new Error('rolecall calls unsigned operations only');
    },
  });

  const ssoOidc = perEndpoint((region, endpoint) => {
    const client = new SSOOIDCClient(configure('sso-oidc', region, endpoint));
    return { client, url: urlOf(endpoint, () => client.config.endpointProvider(endpointParameters(region, endpoint))) };
  });
  const sso = perEndpoint((region, endpoint) => {
    const client = new SSOClient(configure('sso', region, endpoint));
    return { client, url: urlOf(endpoint, () => client.config.endpointProvider(endpointParameters(region, endpoint))) };
  });

  return {
    ssoOidc: (region, endpoints) => ssoOidc(region, endpointSettings(endpoints.ssoOidc, endpoints)),
    sso: (region, endpoints) => sso(region, endpointSettings(endpoints.sso, endpoints)),
    async probe(url, timeoutMs) {
      // A pooled connection would only show that the endpoint could be reached earlier.
      const fresh = createTransport(deps);
      try {
        return await probeEndpoint(fresh, url, timeoutMs);
      } finally {
        fresh.destroy();
      }
    },
    followStartUrl: (startUrl, region, timeoutMs) => followStartUrl(transport, startUrl, region, timeoutMs),
    findRegion: (startUrl, timeoutMs) => findRegionOnPage(transport, startUrl, timeoutMs),
    close: () => transport.destroy(),
  };
}

/** One client for each region and endpoint. */
function perEndpoint<C>(create: (region: string, endpoint: EndpointSettings) => RegionalClient<C>) {
  const clients = new Map<string, RegionalClient<C>>();
  return (region: string, endpoint: EndpointSettings): RegionalClient<C> => {
    const key = JSON.stringify([region, endpoint]);
    const client = clients.get(key) ?? create(region, endpoint);
    clients.set(key, client);
    return client;
  };
}

function endpointParameters(region: string, { useFipsEndpoint, useDualstackEndpoint }: EndpointSettings) {
  return { Region: region, UseFIPS: useFipsEndpoint, UseDualStack: useDualstackEndpoint };
}

function urlOf({ endpoint }: EndpointSettings, resolve: () => { readonly url: URL }): URL {
  const url = new URL(endpoint ?? resolve().url);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
