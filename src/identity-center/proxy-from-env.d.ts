// The one function that we use of `proxy-from-env`, which ships no types (as of 2.1.0).
declare module 'proxy-from-env' {
  /** The proxy for `url` by this process's `*_PROXY` and `NO_PROXY` variables, or an empty string. */
  export function getProxyForUrl(url: string): string;
}
