// What answers say in their heads: how long to wait, whether a preference was honoured, and whether anything has changed.
import { afterEach, describe, expect, test } from 'vitest';
import {
  DaemonUnreachableError,
  RefusedError,
  SignInRequiredError,
  UnavailableError,
  type RolecallError,
} from '../../../src/core/errors.ts';
import { createConnectionRules } from '../../../src/daemon/http/connection-rules.ts';
import { formatError } from '../../../src/daemon/http/error-answer.ts';
import { routes } from '../../../src/local-api/routes.ts';
import { createEtags, isNamed } from '../../../src/daemon/http/etags.ts';
import { createSurface, type Handlers, type Surface } from '../../../src/daemon/http/surface.ts';
import { askServer, type ServerRequest } from '../../helpers/ask-server.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const open: Surface[] = [];
afterEach(() => {
  for (const surface of open.splice(0)) surface.close();
});

/** A socket surface with these handlers, as it is after a start of the daemon. */
function createAsk(handlers: Partial<Record<keyof Handlers, (input: never, caller: never) => Promise<unknown>>>) {
  const surface = createSurface({
    surface: 'socket',
    guard: () => undefined,
    handlers: handlers as unknown as Handlers,
    loadRoutes: async () => routes,
    etags: createEtags(`start-${open.length}`),
    connectionRules: createConnectionRules({ userId: 0, descriptorLimit: 1024 }).socket,
    clock: createFakeClock(),
    log: () => undefined,
  });
  open.push(surface);
  return (request: ServerRequest) => askServer(surface.server, request);
}

const LIST = { asOf: null, complete: false, roles: [] };

describe('an entity tag', () => {
  test('is the same until the answer changes, and 304 has it and no body', async () => {
    let current: object | null = null;
    const ask = createAsk({ current: async () => current });
    const first = await ask({ url: '/v1/current' });
    const etag = String(first.headers['etag']);
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    const again = await ask({ url: '/v1/current', headers: { 'if-none-match': etag } });
    expect({ status: again.status, body: again.body, etag: again.headers['etag'] }).toEqual({
      status: 304,
      body: '',
      etag,
    });
    expect(again.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(again.headers['content-type']).toBeUndefined();
    current = { session: 's' };
    const changed = await ask({ url: '/v1/current', headers: { 'if-none-match': etag } });
    expect({ status: changed.status, body: JSON.parse(changed.body) as unknown }).toEqual({
      status: 200,
      body: current,
    });
    expect(changed.headers['etag']).not.toBe(etag);
  });

  test('of kept bytes is a number of this start, which is not hashed', async () => {
    let kept = Buffer.from(JSON.stringify(LIST));
    const roles = async () => kept;
    const [ask, afterRestart] = [createAsk({ roles }), createAsk({ roles })];
    const etagOf = async (url: string) => String((await ask({ url })).headers['etag']);
    const etag = await etagOf('/v1/roles');
    expect(etag).toBe('"start-0.1"');
    expect(await etagOf('/v1/roles')).toBe(etag);
    const headers = { 'if-none-match': `W/${etag}, "other"` };
    expect((await ask({ url: '/v1/roles', headers })).status).toBe(304);
    expect((await afterRestart({ url: '/v1/roles', headers })).status).toBe(200);
    kept = Buffer.from(kept);
    expect((await ask({ url: '/v1/roles', headers })).status).toBe(200);
  });

  test('is on lists only, and not on credentials or errors', async () => {
    const ask = createAsk({
      currentCredentials: async () => Buffer.from('{}'),
      status: () => Promise.reject(new UnavailableError('secret-store-unavailable', 'No keychain.')),
    });
    for (const url of ['/v1/credentials/current', '/v1/status']) {
      const answer = await ask({ url, headers: { 'if-none-match': '*' } });
      expect({ url, etag: answer.headers['etag'], isEmpty: answer.body === '' }).toEqual({
        url,
        etag: undefined,
        isEmpty: false,
      });
    }
  });

  test.each([
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ['"b",W/"a"', true],
    ['*', true],
    ['', false],
    ['a', false],
    ['"b"', false],
    ['"a', false],
  ])('"a" is named by %s: %s', (header, isIt) => {
    expect(isNamed('"a"', header)).toBe(isIt);
  });
});

describe('Retry-After', () => {
  const headersOf = (error: RolecallError, status?: number) =>
    formatError(error, { accept: undefined, describe: () => error.toBody(), status }).headers['retry-after'];

  test.each([
    [new UnavailableError('identity-center-unreachable', 'Down.'), '5'],
    [new UnavailableError('identity-center-throttled', 'Slow.', { retryAfterMs: 1200 }), '2'],
    [new UnavailableError('identity-center-throttled', 'Slow.', { retryAfterMs: 0 }), '1'],
    [new UnavailableError('secret-store-locked', 'Locked.'), '30'],
    [new UnavailableError('too-many-listeners', 'Full.'), '5'],
    [new DaemonUnreachableError('daemon-version-mismatch', 'Older.'), '1'],
    [new SignInRequiredError('sign-in-expired', 'Over.'), undefined],
    [new RefusedError('approval-required', 'Ask.'), undefined],
  ])('of %s is %s', (error, seconds) => {
    expect(headersOf(error)).toBe(seconds);
  });

  test('is not on an answer with another status', () => {
    expect(headersOf(new UnavailableError('audit-unavailable', 'Full disk.'), 403)).toBeUndefined();
  });
});

describe('Preference-Applied', () => {
  const seen: unknown[] = [];
  const createWaiting = () =>
    createAsk({
      async currentCredentials(_: never, { waitBudgetMs }: { waitBudgetMs?: number }) {
        seen.push(waitBudgetMs);
        throw new SignInRequiredError('sign-in-expired', 'Over.');
      },
      status: async () => ({}),
    });

  test.each([
    ['wait=10', 'wait=10', 10_000],
    ['respond-async, wait="7"', 'wait=7', 7000],
    ['WAIT = 0', 'wait=0', 0],
    ['wait=100000', 'wait=86400', 86_400_000],
    ['wait=soon', undefined, undefined],
    ['wait', undefined, undefined],
    ['await=3', undefined, undefined],
  ])('says for "Prefer: %s" on a route that waits: %s', async (prefer, applied, budgetMs) => {
    seen.length = 0;
    const answer = await createWaiting()({ url: '/v1/credentials/current', headers: { prefer } });
    expect({ status: answer.status, applied: answer.headers['preference-applied'], seen }).toEqual({
      status: 401,
      applied,
      seen: [budgetMs],
    });
  });

  test('is not on a route that does not wait', async () => {
    const answer = await createWaiting()({ url: '/v1/status', headers: { prefer: 'wait=10' } });
    expect(answer.headers['preference-applied']).toBeUndefined();
  });
});

describe('the status of a sign-in', () => {
  test.each([
    ['live', 200],
    ['pending', 202],
  ])('that is %s is %i', async (state, status) => {
    const ask = createAsk({ startSignIn: async () => ({ state }) });
    const answer = await ask({ method: 'POST', url: '/v1/sessions/s/sign-in' });
    expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toEqual({ status, body: { state } });
  });
});
