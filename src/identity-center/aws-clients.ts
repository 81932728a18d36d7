// The AWS SDK clients, one per region and service. Loaded with the first call, because importing the SDK is slow.
import { SSOClient } from '@aws-sdk/client-sso';
import { SSOOIDCClient } from '@aws-sdk/client-sso-oidc';
import { probeEndpoint, type Reach } from './probe.ts';
import { findRegionOnPage } from './start-page.ts';
import { oncePerKey } from '../core/async/once.ts';
import { createTransport, refuseForeignAnswers, type OnServerTime, type TransportDeps } from './transport.ts';

export {
  GetRoleCredentialsCommand,
  ListAccountRolesCommand,
  ListAccountsCommand,
  LogoutCommand,
} from '@aws-sdk/client-sso';
export { CreateTokenCommand, RegisterClientCommand, StartDeviceAuthorizationCommand } from '@aws-sdk/client-sso-oidc';

export interface AwsClientsDeps extends TransportDeps {
  readonly ssoOidcEndpoint: string | undefined;
  readonly ssoEndpoint: string | undefined;
  readonly useFips: boolean;
  readonly useDualStack: boolean;
  readonly onServerTime: OnServerTime | undefined;
}

export interface RegionalClient<C> {
  readonly client: C;
  /** The host of its requests, with the port unless it is the scheme's default. */
  readonly host: string;
}

export interface AwsClients {
  ssoOidc(region: string): RegionalClient<SSOOIDCClient>;
  sso(region: string): RegionalClient<SSOClient>;
  /** Whether the endpoint `url` answers, with the same proxies and CAs, on new connections. */
  probe(url: URL, timeoutMs: number): Promise<Reach>;
  /** The region that the start page names. */
  findRegion(startUrl: URL, timeoutMs: number): Promise<string | undefined>;
  close(): void;
}

/** Clients that read nothing from the environment or ~/.aws: every setting that the SDK would look up there is given. */
export function createAwsClients(deps: AwsClientsDeps): AwsClients {
  const transport = createTransport(deps);

  const configure = (service: 'sso' | 'sso-oidc', region: string, endpoint: string | undefined) => ({
    region,
    // The SDK refuses FIPS or dual-stack together with a custom endpoint.
    ...(endpoint === undefined
      ? { useFipsEndpoint: deps.useFips, useDualstackEndpoint: deps.useDualStack }
      : { endpoint, useFipsEndpoint: false, useDualstackEndpoint: false }),
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

  return {
    ssoOidc: oncePerKey((region) => {
      const client = new SSOOIDCClient(configure('sso-oidc', region, deps.ssoOidcEndpoint));
      const parameters = endpointParameters(region, deps);
      return { client, host: hostOf(deps.ssoOidcEndpoint ?? client.config.endpointProvider(parameters).url) };
    }),
    sso: oncePerKey((region) => {
      const client = new SSOClient(configure('sso', region, deps.ssoEndpoint));
      const parameters = endpointParameters(region, deps);
      return { client, host: hostOf(deps.ssoEndpoint ?? client.config.endpointProvider(parameters).url) };
    }),
    async probe(url, timeoutMs) {
      // A pooled connection would only show that the endpoint could be reached earlier.
      const fresh = createTransport(deps);
      try {
        return await probeEndpoint(fresh, url, timeoutMs);
      } finally {
        fresh.destroy();
      }
    },
    findRegion: (startUrl, timeoutMs) => findRegionOnPage(transport, startUrl, timeoutMs),
    close: () => transport.destroy(),
  };
}

function endpointParameters(region: string, deps: AwsClientsDeps) {
  return { Region: region, UseFIPS: deps.useFips, UseDualStack: deps.useDualStack };
}

function hostOf(url: string | URL): string {
  return new URL(url).host;
}
