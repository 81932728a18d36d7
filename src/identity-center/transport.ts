// HTTP for the SDK clients: pooled connections, direct or through a proxy, and only answers that are AWS's.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { addAbortSignal, Readable } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ForeignAnswerError } from './fault.ts';
import { createProxyAgent, POOL, VERIFIED } from './proxy-agent.ts';
import { createTrust } from './trust.ts';

type Handle = NodeHttpHandler['handle'];

export interface TransportDeps {
  readonly proxyForUrl: (url: string) => string;
  readonly caBundle: () => string | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** The interface of the SDK's request handlers. */
export interface Transport {
  readonly handle: Handle;
  readonly metadata: { readonly handlerProtocol: string };
  destroy(): void;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
}

/** One transport for all clients and regions; the origin of a request selects the proxy. */
export function createTransport(deps: TransportDeps): Transport {
  /** By origin. */
  const handlers = new Map<string, NodeHttpHandler>();
  let trust: SecureContext | undefined;

  const buildProxyAgent = (proxy: string, isSecure: boolean) =>
    createProxyAgent(proxy, { trust, isSecure, timeoutMs: deps.requestTimeoutMs });

  const buildHandler = (proxy: string): NodeHttpHandler => {
    const pem = deps.caBundle();
    if (pem !== undefined) trust ??= createTrust(pem);
    const agents =
      proxy === ''
        ? {
            httpAgent: new HttpAgent(POOL),
            httpsAgent: new HttpsAgent({ ...POOL, ...VERIFIED, ...(trust && { secureContext: trust }) }),
          }
        : { httpAgent: buildProxyAgent(proxy, false), httpsAgent: buildProxyAgent(proxy, true) };
    return new NodeHttpHandler({
      ...agents,
      connectionTimeout: deps.connectTimeoutMs,
      requestTimeout: deps.requestTimeoutMs,
      throwOnRequestTimeout: true,
      // By default it prints warnings to the console, which is the daemon's stderr.
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
  };

  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request, options) {
      const port = request.port === undefined ? '' : `:${request.port}`;
      const origin = `${request.protocol}//${request.hostname}${port}`;
      let handler = handlers.get(origin);
      if (handler === undefined) {
        handler = buildHandler(deps.proxyForUrl(`${origin}/`));
        handlers.set(origin, handler);
      }
      return handler.handle(request, options);
    },
    destroy() {
      for (const handler of handlers.values()) handler.destroy();
      handlers.clear();
    },
    // The SDK would set its own default timeouts here; ours are set already.
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}

/** AWS's errors have a few hundred bytes. Longer bodies are truncated, and truncated JSON counts as text. */
const MAX_ERROR_BYTES = 64 * 1024;
/** The largest answer, a page of 100 accounts, has about 20 kB. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Called with the `Date` of each answer from AWS, and with how long the answer took. */
export type OnServerTime = (serverTimeMs: number, durationMs: number) => void;

type Service = 'sso' | 'sso-oidc' | 'sts';

/** STS answers in XML. */
const STS_ANSWER = /<(?:ErrorResponse|GetCallerIdentityResponse|AssumeRoleResponse)[\s>]/;

/**
 * The `error` codes of RFC 6749 and RFC 8628 that SSO OIDC sends, with their statuses. They are accepted without AWS's
 * error type too, because some proxies remove unknown headers.
 */
const OAUTH_STATUSES: Readonly<Record<string, number>> = {
  access_denied: 400,
  authorization_pending: 400,
  expired_token: 400,
  invalid_client: 401,
  invalid_client_metadata: 400,
  invalid_grant: 400,
  invalid_redirect_uri: 400,
  invalid_request: 400,
  invalid_scope: 400,
  server_error: 500,
  slow_down: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
};

/**
 * `transport`, except that an answer which is not AWS's rejects with a {@link ForeignAnswerError}, and that no body is
 * read without end. A 429 passes in any form: as of 2026-11 the portal sends it without an error type.
 */
export function refuseForeignAnswers(transport: Transport, service: Service, onServerTime?: OnServerTime): Transport {
  return {
    ...transport,
    async handle(request, options) {
      const sentAtMs = performance.now();
      const output = await transport.handle(request, options);
      const durationMs = performance.now() - sentAtMs;
      const { response } = output;
      const { headers, statusCode } = response;
      const isError = statusCode >= 300;
      const body = response.body as Readable;
      const { abortSignal } = options ?? {};
      const text = await readText(
        abortSignal instanceof AbortSignal ? addAbortSignal(abortSignal, body) : body,
        isError ? MAX_ERROR_BYTES : MAX_ANSWER_BYTES,
      );
      const isAws = service === 'sts' ? STS_ANSWER.test(text) : isJsonOfAws(service, statusCode, headers, text);
      if (!isAws) throw new ForeignAnswerError(statusCode, describeBody(text), headers);
      // The `Date` of a cached answer is too old.
      const serverTimeMs = headers['age'] === undefined ? Date.parse(headers['date'] ?? '') : Number.NaN;
      if (!Number.isNaN(serverTimeMs)) onServerTime?.(serverTimeMs, durationMs);
      response.body = Readable.from([Buffer.from(text)]);
      return output;
    },
  };
}

function isJsonOfAws(
  service: 'sso' | 'sso-oidc',
  status: number,
  headers: Readonly<Record<string, string>>,
  text: string,
): boolean {
  const json = parseObject(text);
  // Logout is answered with an empty body.
  if (status < 300) return text === '' || json !== undefined;
  return (
    status === 429 ||
    isNonEmpty(headers['x-amzn-errortype']) ||
    isNonEmpty(json?.['__type']) ||
    (service === 'sso-oidc' && isOauthError(json, status))
  );
}

async function readText(body: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop destroys the stream, and the connection with it.
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, maxBytes);
}

function isNonEmpty(text: unknown): boolean {
  return typeof text === 'string' && text !== '';
}

function isOauthError(json: Readonly<Record<string, unknown>> | undefined, status: number): boolean {
  const error = json?.['error'];
  return typeof error === 'string' && Object.hasOwn(OAUTH_STATUSES, error) && OAUTH_STATUSES[error] === status;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function describeBody(text: string): string {
  if (text.trim() === '') return 'an empty body';
  if (parseObject(text) !== undefined) return 'JSON without an AWS error type';
  // A proxy's XHTML page has an XML declaration before it.
  return /^\s*<(?:!doctype html|html|\?xml|[a-z]+[\s>])/i.test(text)
    ? 'an HTML page'
    : 'text that is not a JSON object';
}
