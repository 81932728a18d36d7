// Which route a request reaches by its method and path, and what comes from both.
import { describe, expect, test } from 'vitest';
import { createRouter, parseTarget } from '../../../src/daemon/http/router.ts';

describe('a target', () => {
  test.each([
    ['/v1/status', ['', 'v1', 'status'], ''],
    ['/v1/%73tatus?a=1?b', ['', 'v1', 'status'], 'a=1?b'],
    ['/v1/status#a=1', ['', 'v1', 'status'], 'a=1'],
    ['/v1/sessions/a%2Fb%25/sign-in', ['', 'v1', 'sessions', 'a/b%', 'sign-in'], ''],
    ['//', ['', '', ''], ''],
  ])('%s is split at its slashes, then decoded', (url, segments, query) => {
    expect(parseTarget(url)).toEqual({ segments, query });
  });

  test.each(['/%zz', '/v1/%', '/%ff'])('%s has no path', (url) => {
    expect(parseTarget(url)).toBeUndefined();
  });
});

describe('the router', () => {
  const match = (surface: 'socket' | 'web', path: string) => [...createRouter(surface).match(path.split('/'))];

  test('finds each method of a path, with its parameters', () => {
    const params = { session: 'work' };
    expect(match('socket', '/v1/sessions/work/sign-in')).toEqual([
      ['POST', { name: 'startSignIn', params }],
      ['GET', { name: 'signIn', params }],
      ['DELETE', { name: 'cancelSignIn', params }],
    ]);
  });

  test('knows only the routes of its surface', () => {
    expect(match('socket', '/v1/grants').map(([method]) => method)).toEqual(['POST', 'GET']);
    expect(match('web', '/v1/grants')).toEqual([]);
  });

  test.each(['/v1/status/', '/v1//status', '/V1/status', '/v1', '/', '', '/container/x', '/v1/sessions/a/b/sign-in'])(
    'finds nothing at %j',
    (path) => {
      expect(match('socket', path)).toEqual([]);
    },
  );
});
