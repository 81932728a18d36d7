// The AWS SDK clients, one a region and service; loaded at the first call only, for the SDK is slow to import.
import { SSOClient } from '@aws-sdk/client-sso';
import { SSOOIDCClient } from '@aws-sdk/client-sso-oidc';
import { refuseForeignAnswers, type OnServerTime } from './foreign-answer.ts';
import { probeEndpoint, type Reach } from './probe.ts';
import { findRegionOnPage } from './start-page.ts';
import { createTransport, type TransportDeps } from './transport.ts';

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
  /** Where its requests go: host, and port when it is not the scheme's own. */
  readonly host: string;
}

export interface AwsClients {
  ssoOidc(region: string): RegionalClient<SSOOIDCClient>;
  sso(region: string): RegionalClient<SSOClient>;
  /** Whether `url`, one of theirs, answers; over the same proxies and CAs, on connections of its own. */
  probe(url: URL, timeoutMs: number): Promise<Reach>;
  /** The region that the start page names. */
  findRegion(startUrl: URL, timeoutMs: number): Promise<string | undefined>;
  close(): void;
}

/** Clients that read nothing ambient: every setting that the SDK would look up in the environment or ~/.aws is given. */
export function createAwsClients(deps: AwsClientsDeps): AwsClients {
  const transport = createTransport(deps);
  const ssoOidcClients = new Map<string, RegionalClient<SSOOIDCClient>>();
  const ssoClients = new Map<string, RegionalClient<SSOClient>>();

  const configure = (service: 'sso' | 'sso-oidc', region: string, endpoint: string | undefined) => ({
    region,
    // FIPS or dual-stack together with an endpoint of one's own is an error to the SDK.
    ...(endpoint === undefined
      ? { useFipsEndpoint: deps.useFips, useDualstackEndpoint: deps.useDualStack }
      : { endpoint, useFipsEndpoint: false, useDualstackEndpoint: false }),
    // Without it AWS_ENDPOINT_URL and the `services` section of the profile that AWS_PROFILE names would be obeyed.
    ignoreConfiguredEndpointUrls: true,
    requestHandler: refuseForeignAnswers(transport, service, deps.onServerTime),
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard' as const,
    userAgentAppId: async () => undefined,
    authSchemePreference: [],
    // None of our operations is signed; the default would search the environment, files and the instance metadata.
    credentials: async () => {
      throw new Error('rolecall calls unsigned operations only');
    },
  });

  return {
    ssoOidc(region) {
      const kept = ssoOidcClients.get(region);
      if (kept !== undefined) return kept;
      const client = new SSOOIDCClient(configure('sso-oidc', region, deps.ssoOidcEndpoint));
      const regional = {
        client,
        host: deps.ssoOidcEndpoint
          ? new URL(deps.ssoOidcEndpoint).host
          : client.config.endpointProvider(endpointParameters(region, deps)).url.host,
      };
      ssoOidcClients.set(region, regional);
      return regional;
    },
    sso(region) {
      const kept = ssoClients.get(region);
      if (kept !== undefined) return kept;
      const client = new SSOClient(configure('sso', region, deps.ssoEndpoint));
      const regional = {
        client,
        host: deps.ssoEndpoint
          ? new URL(deps.ssoEndpoint).host
          : client.config.endpointProvider(endpointParameters(region, deps)).url.host,
      };
      ssoClients.set(region, regional);
      return regional;
    },
    async probe(url, timeoutMs) {
      // A pooled connection would say that the way was open once.
      const fresh = createTransport(deps);
      try {
        return await probeEndpoint(fresh, url, timeoutMs);
      } finally {
        fresh.destroy();
      }
    },
    findRegion: (startUrl, timeoutMs) => findRegionOnPage(transport, startUrl, timeoutMs),
    close() {
      transport.destroy();
      ssoOidcClients.clear();
      ssoClients.clear();
    },
  };
}

function endpointParameters(region: string, deps: AwsClientsDeps) {
  return { Region: region, UseFIPS: deps.useFips, UseDualStack: deps.useDualStack };
}
