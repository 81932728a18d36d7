// STS GetCallerIdentity: finds the user of role credentials. The first call loads the SDK client.
import { isLoopbackUrl } from '../core/loopback.ts';
import type { EndpointsOf } from '../core/model.ts';
import type { CallerIdentity } from '../sso/ports.ts';
import { endpointSettings, isPlainHttp } from './endpoint.ts';

const CONNECT_TIMEOUT_MS = 2000;
const REQUEST_TIMEOUT_MS = 5000;
const USER_ROLE_ARN = /^arn:[^:]+:sts::\d{12}:assumed-role\/[^/]+\/([\w+=,.@-]{2,64})$/;

export function createCallerIdentity(deps: {
  readonly endpointsOf: EndpointsOf;
  readonly proxyForUrl: (url: string) => string;
  readonly caBundle?: () => string | undefined;
  /** From the start of a call to the last byte of its answer. */
  readonly requestTimeoutMs?: number;
}): CallerIdentity {
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = deps;
  return {
    async fetchUser(session, credentials) {
      const { sso, sts, useFips = false, useDualstack = false } = deps.endpointsOf(session);
      // AWS's own STS does not know credentials of an emulator.
      if (sts === undefined && isLoopbackUrl(sso)) {
        throw new Error('no STS endpoint is set for the emulator');
      }
      if (sts !== undefined && isPlainHttp(sts)) {
        throw new Error(`STS at ${new URL(sts).origin} is neither https nor on this machine`);
      }
      const [{ GetCallerIdentityCommand, STSClient }, { createTransport, refuseForeignAnswers }] = await Promise.all([
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
        const client = new STSClient({
          region: session.region,
          ...endpointSettings(sts, { useFips, useDualstack }),
          credentials: {
            accessKeyId: credentials.accessKeyId,
            secretAccessKey: credentials.secretAccessKey.reveal(),
            sessionToken: credentials.sessionToken.reveal(),
          },
          // As in aws-clients.ts: nothing is read from the environment or ~/.aws.
          ignoreConfiguredEndpointUrls: true,
          requestHandler: refuseForeignAnswers(transport, 'sts'),
          maxAttempts: 1,
          retryMode: 'standard',
          defaultsMode: 'standard',
          userAgentAppId: '',
        });
        // The transport's own timeout covers only the headers of the answer.
        const abortSignal = AbortSignal.timeout(requestTimeoutMs);
        const { Arn: arn = '' } = await client.send(new GetCallerIdentityCommand({}), { abortSignal });
        const [, user] = USER_ROLE_ARN.exec(arn) ?? [];
        if (user === undefined) throw new Error('the answer of STS names no user');
        return user;
      } finally {
        transport.destroy();
      }
    },
  };
}
