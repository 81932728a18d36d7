// Which proxy is used for a URL, from the setting or the environment variables.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProxyForUrl, parseProxy } from '../../src/identity-center/proxy.ts';

const OIDC = 'https://oidc.us-east-1.amazonaws.com/';
const LOOPBACK = 'http://127.0.0.1:4000/';
const NAMES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);

describe('createProxyForUrl', () => {
  // The library reads this process's environment; the file has a process of its own.
  const original = new Map(NAMES.map((name) => [name, process.env[name]]));
  const clear = () => {
    for (const name of NAMES) delete process.env[name];
  };
  beforeEach(clear);
  afterEach(() => {
    clear();
    for (const [name, value] of original) if (value !== undefined) process.env[name] = value;
  });

  const proxyFor = (url: string, variables: Record<string, string>, proxySetting?: string) => {
    Object.assign(process.env, variables);
    return createProxyForUrl({ proxySetting, environment: process.env })(url);
  };

  test.each<[string, string, Record<string, string>, string]>([
    ['no variable', OIDC, {}, ''],
    ['HTTPS_PROXY', OIDC, { HTTPS_PROXY: 'http://proxy.corp:3128' }, 'http://proxy.corp:3128'],
    ['https_proxy', OIDC, { https_proxy: 'http://proxy.corp:3128' }, 'http://proxy.corp:3128'],
    ['HTTP_PROXY alone', OIDC, { HTTP_PROXY: 'http://proxy.corp:3128' }, ''],
    ['ALL_PROXY', OIDC, { ALL_PROXY: 'http://proxy.corp:3128' }, 'http://proxy.corp:3128'],
    ['a TLS proxy', OIDC, { HTTPS_PROXY: 'https://proxy.corp:3129' }, 'https://proxy.corp:3129'],
    ['no scheme: plain HTTP, as curl has it', OIDC, { HTTPS_PROXY: 'proxy.corp:3128' }, 'http://proxy.corp:3128'],
    ['NO_PROXY', OIDC, { HTTPS_PROXY: 'http://proxy.corp:3128', NO_PROXY: '.amazonaws.com' }, ''],
    [
      'NO_PROXY of another',
      OIDC,
      { HTTPS_PROXY: 'http://proxy.corp:3128', NO_PROXY: 'x.com' },
      'http://proxy.corp:3128',
    ],
    ['plain loopback', LOOPBACK, { HTTPS_PROXY: 'http://proxy.corp:3128' }, ''],
    ['plain loopback with HTTP_PROXY', LOOPBACK, { HTTP_PROXY: 'http://proxy.corp:3128' }, 'http://proxy.corp:3128'],
    ['plain loopback in NO_PROXY', LOOPBACK, { HTTP_PROXY: 'http://proxy.corp:3128', NO_PROXY: '127.0.0.1' }, ''],
  ])('%s', (_case, url, variables, expected) => {
    expect(proxyFor(url, variables)).toBe(expected);
  });

  test('the setting replaces the variables, NO_PROXY included', () => {
    const variables = { HTTPS_PROXY: 'http://other:1', NO_PROXY: '*' };
    expect(proxyFor(OIDC, variables, 'http://proxy.corp:3128')).toBe('http://proxy.corp:3128/');
  });

  test('the setting is not used for http on this machine, but for https', () => {
    expect(proxyFor(LOOPBACK, {}, 'http://proxy.corp:3128')).toBe('');
    expect(proxyFor('http://localhost:1/', {}, 'http://proxy.corp:3128')).toBe('');
    expect(proxyFor('https://127.0.0.1:4000/', {}, 'http://proxy.corp:3128')).toBe('http://proxy.corp:3128/');
  });

  test('an empty setting counts as none', () => {
    expect(proxyFor(OIDC, { HTTPS_PROXY: 'http://proxy.corp:3128' }, '')).toBe('http://proxy.corp:3128');
  });

  test.each(['proxy.corp:3128', 'socks5://proxy.corp:1080', 'http://', 'not a url'])(
    'the setting %j is refused',
    (text) => {
      expect(() => createProxyForUrl({ proxySetting: text, environment: {} })).toThrow(
        expect.objectContaining({ code: 'settings-invalid', message: expect.stringContaining('network.proxy') }),
      );
    },
  );

  test('the environment is a parameter, with the function that reads it', () => {
    const proxyForUrl = createProxyForUrl({
      environment: {},
      proxyFromEnvironment: (url) => `https://for-${new URL(url).host}`,
    });
    expect(proxyForUrl(OIDC)).toBe('http://for-oidc.us-east-1.amazonaws.com');
  });
});

test('parseProxy accepts only http and https', () => {
  expect(['http://a:1', 'https://a', 'socks5://a', 'a:1', ''].map((text) => parseProxy(text)?.href)).toEqual([
    'http://a:1/',
    'https://a/',
    undefined,
    undefined,
    undefined,
  ]);
});
