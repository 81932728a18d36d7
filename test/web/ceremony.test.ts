// The page's ceremonies: what the browser is asked, what the daemon gets, and what the user is told if it fails.
import { describe, expect, test } from 'vitest';
import { canUsePasskeys, createCeremonies, fromBase64url, toBase64url } from '../../src/web/passkeys/ceremony.js';

const bytes = (...values: number[]) => Uint8Array.from(values).buffer;

/** A page whose daemon gives `options`, and whose browser answers as `credential` says. */
function open(options: unknown, credential: unknown) {
  const calls: unknown[] = [];
  const asked: unknown[] = [];
  const answer = async (request: unknown) => {
    asked.push(request);
    if (credential instanceof Error) throw credential;
    return credential as never;
  };
  const ceremonies = createCeremonies({
    api: {
      async call(method: string, path: string, body?: unknown) {
        calls.push([method, path, body]);
        return path.endsWith('/challenge') || path.endsWith('/options') ? { options } : 'done';
      },
    },
    credentials: { get: answer, create: answer },
  });
  return { calls, asked, ceremonies };
}

const REQUEST = { challenge: '-_8', rpId: 'localhost', allowCredentials: [{ type: 'public-key', id: 'AQI' }] };
const CREATION = {
  challenge: '-_8',
  rp: { id: 'localhost', name: 'rolecall' },
  user: { id: 'Aw', name: 'taylor', displayName: 'taylor' },
  excludeCredentials: [{ type: 'public-key', id: 'AQI' }],
};

test('base64url has no padding, and takes every byte', () => {
  const all = Uint8Array.from({ length: 256 }, (_, value) => value);
  expect(toBase64url(all.buffer)).toBe(Buffer.from(all).toString('base64url'));
  for (const length of [0, 1, 2, 3, 255]) {
    const part = all.slice(255 - length, 255);
    expect(fromBase64url(toBase64url(part.buffer))).toEqual(part);
  }
});

test.each([
  [{ isSecureContext: true, location: { hostname: 'localhost' }, PublicKeyCredential: Object }, true],
  [{ isSecureContext: true, location: { hostname: 'localhost' } }, false],
  [{ isSecureContext: false, location: { hostname: 'localhost' }, PublicKeyCredential: Object }, false],
  [{ isSecureContext: true, location: { hostname: 'x.localhost' }, PublicKeyCredential: Object }, false],
  [{ isSecureContext: true, location: { hostname: '127.0.0.1' }, PublicKeyCredential: Object }, false],
])('%o can use passkeys: %s', (scope, can) => {
  expect(canUsePasskeys(scope)).toBe(can);
});

test('an approval is signed with its own challenge', async () => {
  const response = { clientDataJSON: bytes(1), authenticatorData: bytes(2), signature: bytes(3) };
  const { calls, asked, ceremonies } = open(REQUEST, { rawId: bytes(1, 2), response });
  expect(await ceremonies.approve('a/b')).toBe('done');
  expect(asked).toEqual([
    {
      publicKey: {
        challenge: Uint8Array.of(251, 255),
        rpId: 'localhost',
        allowCredentials: [{ type: 'public-key', id: Uint8Array.of(1, 2) }],
      },
    },
  ]);
  expect(calls).toEqual([
    ['POST', '/v1/approvals/a%2Fb/challenge', undefined],
    [
      'POST',
      '/v1/approvals/a%2Fb/assertion',
      { id: 'AQI', clientDataJSON: 'AQ', authenticatorData: 'Ag', signature: 'Aw' },
    ],
  ]);
});

test('a new passkey is handed in with its public key', async () => {
  const response = {
    clientDataJSON: bytes(1),
    getAuthenticatorData: () => bytes(2),
    getPublicKey: () => bytes(3),
    getPublicKeyAlgorithm: () => -7,
    getTransports: () => ['internal'],
  };
  const { calls, asked, ceremonies } = open(CREATION, { rawId: bytes(1, 2), response });
  const { signal } = new AbortController();
  expect(await ceremonies.register('abc', signal)).toBe('done');
  expect(asked).toEqual([
    {
      signal,
      publicKey: {
        challenge: Uint8Array.of(251, 255),
        rp: { id: 'localhost', name: 'rolecall' },
        user: { id: Uint8Array.of(3), name: 'taylor', displayName: 'taylor' },
        excludeCredentials: [{ type: 'public-key', id: Uint8Array.of(1, 2) }],
      },
    },
  ]);
  expect(calls).toEqual([
    ['POST', '/v1/passkeys/abc/options', undefined],
    [
      'POST',
      '/v1/passkeys/abc/registration',
      {
        id: 'AQI',
        clientDataJSON: 'AQ',
        authenticatorData: 'Ag',
        publicKey: 'Aw',
        algorithm: -7,
        transports: ['internal'],
      },
    ],
  ]);
});

describe('a ceremony that fails', () => {
  test.each([
    ['NotAllowedError', 'cancelled'],
    ['AbortError', 'cancelled'],
    ['InvalidStateError', 'known'],
    ['SecurityError', 'unsupported'],
    ['NotSupportedError', 'unsupported'],
    ['UnknownError', 'failed'],
  ])('with %s tells the user: %s', async (name, reason) => {
    const { calls, ceremonies } = open(REQUEST, Object.assign(new Error('x'), { name }));
    await expect(ceremonies.approve('a')).rejects.toMatchObject({ reason, message: expect.any(String) });
    expect(calls).toHaveLength(1);
  });

  test('with no credential, or one without a public key, hands nothing in', async () => {
    const nothing = open(REQUEST, null);
    await expect(nothing.ceremonies.approve('a')).rejects.toMatchObject({ reason: 'failed' });
    const strange = open(CREATION, { rawId: bytes(1), response: { getPublicKey: () => null } });
    await expect(strange.ceremonies.register('a')).rejects.toMatchObject({ reason: 'unsupported' });
    expect([nothing.calls, strange.calls].map(({ length }) => length)).toEqual([1, 1]);
  });
});
