// Chooses the proxy for a request: from the setting `network.proxy`, else from the environment variables.
import { getProxyForUrl } from 'proxy-from-env';
import { UsageError } from '../core/errors.ts';
import { isLoopbackHost } from '../core/loopback.ts';

/** The proxy refused or could not be reached; `message` names its host and never its user or password. */
export class ProxyError extends Error {}

export interface ProxyDeps {
  /** `network.proxy` of the settings. */
  readonly proxySetting?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Must read the same variables as `environment`; the library's function reads this process's. */
  readonly proxyFromEnvironment?: (url: string) => string;
}

/**
 * A function that returns the proxy for a URL, or an empty string for none.
 * The setting replaces the environment variables, NO_PROXY included; http on this machine never uses it.
 * @throws UsageError settings-invalid: the setting is not an http or https URL.
 */
export function createProxyForUrl(deps: ProxyDeps): (url: string) => string {
  const { proxySetting, environment, proxyFromEnvironment = getProxyForUrl } = deps;
  if (proxySetting !== undefined && proxySetting !== '') {
    const proxy = parseProxy(proxySetting);
    if (proxy === undefined) {
      throw new UsageError(
        'settings-invalid',
        'The setting network.proxy must be a URL like http://proxy.example:3128.',
      );
    }
    return (url) => (isPlainLoopback(url) ? '' : proxy.href);
  }
  return (url) => {
    const proxy = proxyFromEnvironment(url);
    if (proxy === '' || isWrittenIn(environment, proxy)) return proxy;
    // For a variable without a scheme (`proxy.corp:3128`) the library uses the URL's own, which is https. curl and the
    // AWS CLI use plain HTTP for such a proxy, which nearly all proxies speak.
    return proxy.replace(/^https:/, 'http:');
  };
}

/** The proxy's URL, undefined if it is not http or https. */
export function parseProxy(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '' ? url : undefined;
}

function isPlainLoopback(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && isLoopbackHost(hostname);
}

function isWrittenIn(environment: ProxyDeps['environment'], proxy: string): boolean {
  return ['http_proxy', 'https_proxy', 'all_proxy'].some(
    (name) => environment[name] === proxy || environment[name.toUpperCase()] === proxy,
  );
}
