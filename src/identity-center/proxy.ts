// Which proxy a request goes through: the setting `network.proxy`, else the environment's variables.
import { getProxyForUrl } from 'proxy-from-env';
import { UsageError } from '../core/errors.ts';
import { isLoopbackHost } from '../core/loopback.ts';

/** The proxy refused or could not be reached; `message` names its host and never its user or password. */
export class ProxyError extends Error {}

export interface ProxyDeps {
  /** `network.proxy` of the settings. */
  readonly proxySetting?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads the same variables as `environment` holds; the library's own reads this process's. */
  readonly proxyFromEnvironment?: (url: string) => string;
}

/**
 * A function that names the proxy for a URL, or an empty string for none.
 * The setting replaces the environment's variables, NO_PROXY included; http on this machine never goes through it.
 * @throws UsageError settings-invalid: the setting is no http or https URL.
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
    // The variable has no scheme (`proxy.corp:3128`) and the library gave it the URL's own, that is https;
    // curl and the AWS CLI take such a proxy to speak plain HTTP, and nearly all do.
    return proxy.replace(/^https:/, 'http:');
  };
}

/** The proxy's URL when it is one that we can speak to, else undefined. */
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
