// The page of routes against the rules that it is written by.
import { describe, expect, test } from 'vitest';
import { routes, type Route } from '../../src/local-api/routes.ts';

const ALL = Object.entries(routes) as [string, Route][];
/** A passkey can be used in a browser only. */
const WEB_ALONE = new Set(['approvalChallenge', 'approvalAssertion', 'passkeyOptions', 'registerPasskey']);

describe('the routes', () => {
  test.each(ALL)('%s is on the socket under /v1, or on the one surface it is for, with a summary', (name, route) => {
    if (name === 'containerCredentials') {
      expect(route).toMatchObject({ surfaces: ['container'], path: '/container/:grant' });
    } else if (name === 'webToken') {
      expect(route).toMatchObject({ surfaces: ['web'], path: '/v1/web-token' });
    } else if (WEB_ALONE.has(name)) {
      expect(route).toMatchObject({
        surfaces: ['web'],
        path: expect.stringMatching(/^\/v1\/(?:approvals|passkeys)\/:/),
      });
    } else {
      expect(route.surfaces).toContain('socket');
      expect(route.surfaces).not.toContain('container');
      expect(route.path).toMatch(/^\/v1\/[a-z.:/-]+$/);
    }
    expect(route.summary).toMatch(/^[A-Z][^\n]+[^.]$/);
  });

  test('never hand out credentials on the web, nor let it stop the daemon', () => {
    const onSocketAlone = ALL.filter(([, { surfaces }]) => !surfaces.includes('web')).map(([name]) => name);
    expect(onSocketAlone).toEqual(expect.arrayContaining(['credentials', 'currentCredentials', 'stop']));
    const onWeb = ALL.filter(([, { surfaces }]) => surfaces.includes('web'));
    expect(onWeb.length).toBeGreaterThan(0);
    for (const [, { answer }] of onWeb) {
      expect(JSON.stringify(answer ?? {})).not.toMatch(
        /SecretAccessKey|SessionToken|accessToken|refreshToken|clientSecret/,
      );
    }
  });

  test('differ in method or path', () => {
    const addresses = ALL.map(([, { method, path }]) => `${method} ${path}`);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  test.each(ALL)('%s takes no field that it does not know', (_name, route) => {
    for (const schema of [route.query, route.body]) {
      const parts: (Readonly<Record<string, unknown>> | undefined)[] = [
        schema,
        ...((schema?.['anyOf'] as Record<string, unknown>[] | undefined) ?? []),
      ];
      const objects = parts.filter((part) => part?.['type'] === 'object');
      for (const part of objects) expect(part).toMatchObject({ additionalProperties: false });
    }
  });

  test.each(ALL)('%s checks each parameter of its path', (_name, route) => {
    const named = [...route.path.matchAll(/:([a-zA-Z]+)/g)].map(([, name]) => name);
    const checked = Object.keys((route.params as { properties?: object } | undefined)?.properties ?? {});
    expect(checked).toEqual(named);
  });

  test('have no answer with 204, and one with every other status', () => {
    for (const [name, { answer, successStatus }] of ALL) {
      expect({ name, isEmpty: answer === undefined }).toEqual({ name, isEmpty: successStatus === 204 });
    }
  });
});
