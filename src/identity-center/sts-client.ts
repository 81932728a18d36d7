// STS clients for one call each. The first call loads the SDK client.
import type * as StsModule from '@aws-sdk/client-sts';
import type { STSClient } from '@aws-sdk/client-sts';
import { isLoopbackUrl } from '../core/loopback.ts';
import type { EndpointsOf, RoleCredentials, SsoSession } from '../core/model.ts';
import { endpointSettings, isPlainHttp } from './endpoint.ts';

const CONNECT_TIMEOUT_MS = 2000;
const REQUEST_TIMEOUT_MS = 5000;
/** The region becomes part of a host name. */
const HOST_LABEL = /^[a-z0-9]+(?:-[a-z0-9]+)*$/i;

export interface StsDeps {
  readonly endpointsOf: EndpointsOf;
  readonly proxyForUrl: (url: string) => string;
  readonly caBundle?: () => string | undefined;
  /** From the start of a call to the last byte of its answer. */
  readonly requestTimeoutMs?: number;
  /** By how much this machine's clock is ahead of AWS's, which refuses signatures that are some minutes off. */
  readonly clockAheadMs?: () => number;
}

export interface StsCall {
  readonly sts: typeof StsModule;
  readonly client: STSClient;
  /** The transport's own timeout covers only the headers of the answer. */
  readonly abortSignal: AbortSignal;
}

export interface StsTarget {
  readonly session: SsoSession;
  readonly region: string;
  readonly credentials: RoleCredentials;
}

/** Where the calls go, for messages. */
export function stsHostOf(
  deps: Pick<StsDeps, 'endpointsOf'>,
  { session, region }: Omit<StsTarget, 'credentials'>,
): string {
  const { sts } = deps.endpointsOf(session);
  return sts !== undefined && URL.canParse(sts) ? new URL(sts).host : `STS in ${region}`;
}

/** How long one call may take. */
export function stsTimeoutMs({ requestTimeoutMs = REQUEST_TIMEOUT_MS }: Pick<StsDeps, 'requestTimeoutMs'>): number {
  return requestTimeoutMs;
}

/**
 * The result of `work`, whose client calls STS with these credentials, at the session's endpoint.
 * @throws Error: there is no STS that may get them; what `work` throws
 */
export async function callSts<T>(
  deps: StsDeps,
  { session, region, credentials }: StsTarget,
  work: (call: StsCall) => Promise<T>,
): Promise<T> {
  const requestTimeoutMs = stsTimeoutMs(deps);
  const { sso, sts: endpoint, useFips = false, useDualstack = false } = deps.endpointsOf(session);
  // AWS's own STS does not know credentials of an emulator.
  if (endpoint === undefined && isLoopbackUrl(sso)) {
    throw new Error('no STS endpoint is set for the emulator');
  }
  if (endpoint !== undefined && isPlainHttp(endpoint)) {
    throw new Error(`STS at ${new URL(endpoint).origin} is neither https nor on this machine`);
  }
  if (!HOST_LABEL.test(region)) throw new Error('the region is not the name of an AWS region');
  const [sts, { createTransport, refuseForeignAnswers }] = await Promise.all([
    import('@aws-sdk/client-sts'),
    import('./transport.ts'),
  ]);
  const transport = createTransport({
    proxyForUrl: deps.proxyForUrl,
    caBundle: deps.caBundle ?? (() => undefined),
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    requestTimeoutMs,
  });
  try {
    const client = new sts.STSClient({
      region,
      ...endpointSettings(endpoint, { useFips, useDualstack }),
      credentials: {
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey.reveal(),
        sessionToken: credentials.sessionToken.reveal(),
      },
      systemClockOffset: -(deps.clockAheadMs?.() ?? 0),
      // As in aws-clients.ts: nothing is read from the environment or ~/.aws.
      ignoreConfiguredEndpointUrls: true,
      requestHandler: refuseForeignAnswers(transport, 'sts'),
      maxAttempts: 1,
      retryMode: 'standard',
      defaultsMode: 'standard',
      userAgentAppId: '',
    });
    return await work({ sts, client, abortSignal: AbortSignal.timeout(requestTimeoutMs) });
  } finally {
    transport.destroy();
  }
}
