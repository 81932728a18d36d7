// An agent for connections through a CONNECT proxy. Loaded with the SDK.
import { checkServerIdentity, type SecureContext } from 'node:tls';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { parseProxy, ProxyError } from './proxy.ts';

// Closes idle sockets before proxies and load balancers drop them silently: a dead socket costs a failed call.
export const POOL = { keepAlive: true, maxSockets: 50, timeout: 15_000 } as const;
/** Explicit, because NODE_TLS_REJECT_UNAUTHORIZED=0 changes the default. */
export const VERIFIED = { rejectUnauthorized: true } as const;

/** @throws ProxyError: the proxy is neither http nor https. Its connections fail with a ProxyError too. */
export function createProxyAgent(
  proxyText: string,
  options: { readonly trust: SecureContext | undefined; readonly isSecure: boolean; readonly timeoutMs: number },
): HttpsProxyAgent<string> {
  const { trust, isSecure, timeoutMs } = options;
  const proxy = parseProxy(proxyText);
  if (proxy === undefined) {
    const scheme = /^[a-z0-9+.-]+:\/\//i.exec(proxyText)?.[0] ?? '';
    throw new ProxyError(`the proxy (${scheme}…) is not supported; use an http or https proxy`);
  }
  const agent = new HttpsProxyAgent<string>(proxy, { ...POOL, ...VERIFIED, ...(trust && { secureContext: trust }) });
  // As of https-proxy-agent 9.1 its constructor drops the agent options that Node's pool reads.
  agent.options = { ...agent.options, ...POOL };
  // As of agent-base 9 it looks for https in the call stack, which is different when a socket returns to the pool:
  // without this no TLS connection is ever reused.
  agent.isSecureEndpoint = () => isSecure;
  const connect = agent.connect.bind(agent);
  const { connectOpts } = agent;
  agent.connect = async (request, target) => {
    let status: number | undefined;
    request.once('proxyConnect', (answer: { statusCode: number }) => (status = answer.statusCode));
    const host = target.host ?? '';
    // Aborting a request does not close a socket that still waits for the proxy's answer to CONNECT. Fifty of them would
    // fill the pool, and block all further calls.
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeoutMs).unref();
    agent.connectOpts = { ...connectOpts, signal: deadline.signal };
    const socket = await connect(request, { ...target, ...targetTls(host, trust) })
      .catch((error: unknown) => {
        throw new ProxyError(`the proxy ${proxy.host} could not be used: ${reasonOf(error)}`, { cause: error });
      })
      .finally(() => clearTimeout(timer));
    // Otherwise the proxy's refusal would be passed on as if AWS had answered 403, "not assigned".
    if (status !== 200) {
      socket.destroy();
      throw new ProxyError(`the proxy ${proxy.host} refused the connection (${describeRefusal(status)})`);
    }
    return socket;
  };
  return agent;
}

function targetTls(host: string, trust: SecureContext | undefined) {
  return {
    ...VERIFIED,
    ...(trust && { secureContext: trust }),
    // As of https-proxy-agent 9.1 a target given as an IP address is checked against the name "localhost".
    checkServerIdentity: (_name: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(host, certificate),
  };
}

function describeRefusal(status: number | undefined): string {
  return status === 407 ? '407: it requires a user name and password' : String(status);
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : 'unknown';
}
