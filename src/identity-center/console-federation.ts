// Client of AWS's federation endpoint: exchanges role credentials for a token that signs a browser in to the console.
import { addAbortSignal, type Readable } from 'node:stream';
import type { RoleCredentials } from '../core/model.ts';
import { Secret } from '../core/secret.ts';
import { IdentityCenterFault, type ConsoleFederation, type FaultKind } from '../sso/ports.ts';
import { toFault, type Call } from './fault.ts';
import type { Transport } from './transport.ts';

export interface ConsoleFederationDeps {
  /** The proxy for a URL, or an empty string; see `createProxyForUrl`. */
  readonly proxyForUrl: (url: string) => string;
  /** PEM text trusted in addition to Node's own roots; read once, at the first connection. */
  readonly caBundle?: () => string | undefined;
  readonly connectTimeoutMs?: number;
  /** From the start of a call to the last byte of its answer. */
  readonly requestTimeoutMs?: number;
}

export interface ClosableConsoleFederation extends ConsoleFederation {
  close(): void;
}

/** A token is about 1 KB; the page of a captive portal is not read to the end. */
const ANSWER_LIMIT_BYTES = 64 * 1024;
const FORM = 'application/x-www-form-urlencoded';

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/**
 * Sends the credentials in the body of a POST, because proxies that inspect TLS log URLs. AWS accepts it although its
 * page documents a GET, which is used only after a 405. SessionDuration is not sent: AWS refuses it for chained roles
 * (and, seen in 2019, for some session lengths); without it the console session lasts as long as the credentials.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
 */
export function createConsoleFederation(deps: ConsoleFederationDeps): ClosableConsoleFederation {
  const requestTimeoutMs = deps.requestTimeoutMs ?? 10_000;
  let loading: Promise<Transport> | undefined;
  const load = () =>
    (loading ??= import('./transport.ts').then(({ createTransport }) =>
      createTransport({
        proxyForUrl: deps.proxyForUrl,
        caBundle: deps.caBundle ?? (() => undefined),
        connectTimeoutMs: deps.connectTimeoutMs ?? 5_000,
        requestTimeoutMs,
      }),
    ));

  async function ask(endpoint: URL, method: 'GET' | 'POST', form: URLSearchParams, deadline: AbortSignal) {
    const transport = await load();
    const isGet = method === 'GET';
    const { response } = await transport.handle(
      {
        method,
        protocol: endpoint.protocol,
        hostname: endpoint.hostname,
        ...(endpoint.port !== '' && { port: Number(endpoint.port) }),
        path: endpoint.pathname,
        query: isGet ? Object.fromEntries(form) : {},
        headers: { host: endpoint.host, accept: 'application/json', ...(!isGet && { 'content-type': FORM }) },
        ...(!isGet && { body: form.toString() }),
      } as unknown as Parameters<Transport['handle']>[0],
      { abortSignal: deadline },
    );
    const text = await readText(addAbortSignal(deadline, response.body as Readable));
    return { status: response.statusCode, retryAfter: response.headers['retry-after'], text };
  }

  return {
    async getSigninToken(endpoint, credentials) {
      const call: Call = {
        service: 'signin',
        operation: 'getSigninToken',
        host: endpoint.host,
        secrets: [credentials.secretAccessKey, credentials.sessionToken],
      };
      const form = new URLSearchParams({ Action: 'getSigninToken', Session: formatSession(credentials) });
      const deadline = AbortSignal.timeout(requestTimeoutMs);
      try {
        const answer = await ask(endpoint, 'POST', form, deadline);
        return readToken(answer.status === 405 ? await ask(endpoint, 'GET', form, deadline) : answer, endpoint.host);
      } catch (error) {
        throw toFault(error, { ...call, ...(deadline.aborted && { timedOutAfterMs: requestTimeoutMs }) });
      }
    },
    close() {
      void loading?.then((transport) => transport.destroy());
    },
  };
}

function formatSession(credentials: RoleCredentials): string {
  return JSON.stringify({
    sessionId: credentials.accessKeyId,
    sessionKey: credentials.secretAccessKey.reveal(),
    sessionToken: credentials.sessionToken.reveal(),
  });
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_LIMIT_BYTES) {
      body.destroy();
      break;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A fault never quotes the body: another server's page may repeat what was sent to it. */
function readToken({ status, retryAfter, text }: Answer, host: string): Secret {
  const fault = (kind: FaultKind, reason: string) =>
    new IdentityCenterFault(kind, `getSigninToken at ${host} failed: ${reason}.`, {
      ...(retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) && { retryAfterMs: Number(retryAfter) * 1000 }),
    });
  if (status >= 500) throw fault('unreachable', `HTTP ${status}`);
  if (status === 429) throw fault('throttled', `HTTP ${status}`);
  if (status !== 200) throw fault('unusable-response', `HTTP ${status}`);
  const token = parseToken(text);
  if (token === undefined) {
    throw fault('unusable-response', 'the answer contains no SigninToken; a web login may be in the way');
  }
  return new Secret(token);
}

function parseToken(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    const token = typeof answer === 'object' && answer !== null && 'SigninToken' in answer && answer.SigninToken;
    return typeof token === 'string' && token !== '' ? token : undefined;
  } catch {
    return undefined;
  }
}
