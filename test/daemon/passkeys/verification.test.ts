// Registrations and assertions: all three algorithms, each refusal, and a library that has to agree.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { beforeAll, describe, expect, test } from 'vitest';
import { verifyAssertion } from '../../../src/daemon/passkeys/verification/assertion.ts';
import { readPublicKey } from '../../../src/daemon/passkeys/verification/public-key.ts';
import { verifyRegistration } from '../../../src/daemon/passkeys/verification/registration.ts';
import { createRandom } from '../../helpers/seeded-random.ts';
import {
  createSoftwarePasskey,
  encodeAttestation,
  ORIGIN,
  type Claims,
  type KeyKind,
  type SoftwarePasskey,
} from '../../helpers/software-authenticator.ts';

const KINDS = ['Ed25519', 'ES256', 'RS256'] as const;
const CHALLENGE = randomBytes(32).toString('base64url');
const EXPECTED = { challenge: CHALLENGE, origin: ORIGIN };

let passkeys: Record<KeyKind, SoftwarePasskey>;
beforeAll(() => {
  passkeys = {
    Ed25519: createSoftwarePasskey('Ed25519'),
    ES256: createSoftwarePasskey('ES256'),
    RS256: createSoftwarePasskey('RS256'),
  };
});

const verify = (passkey: SoftwarePasskey, claims: Claims = {}, counter = 0) =>
  verifyAssertion(passkey.assert(CHALLENGE, claims), { ...passkey, counter }, EXPECTED);
const register = (passkey: SoftwarePasskey, claims: Claims = {}) =>
  verifyRegistration({ ...passkey, ...passkey.register(CHALLENGE, claims) }, EXPECTED);

/** What a person, a page or an authenticator can do wrong, in both ceremonies. */
const WRONG: readonly (readonly [what: string, claims: Claims, fault: string])[] = [
  ['another challenge', { challenge: randomBytes(32).toString('base64url') }, 'it signs another challenge'],
  ['no challenge', { client: { challenge: undefined } }, 'it signs another challenge'],
  ['a challenge with padding', { challenge: `${CHALLENGE}=` }, 'it signs another challenge'],
  ['another port', { origin: 'http://localhost:4001' }, 'it comes from another page'],
  ['no port', { origin: 'http://localhost' }, 'it comes from another page'],
  ['https', { origin: 'https://localhost:4000' }, 'it comes from another page'],
  ['the loopback address', { origin: 'http://127.0.0.1:4000' }, 'it comes from another page'],
  ['a name below localhost', { origin: 'http://x.localhost:4000' }, 'it comes from another page'],
  ['an origin with a path', { origin: `${ORIGIN}/` }, 'it comes from another page'],
  ['origins in a list', { client: { origin: [ORIGIN] } }, 'it comes from another page'],
  ['an embedded page', { client: { crossOrigin: true } }, 'it comes from an embedded page'],
  [
    'an embedded page that says so in another way',
    { client: { crossOrigin: 'true' } },
    'it comes from an embedded page',
  ],
  ['a page above it', { client: { topOrigin: 'https://evil.example' } }, 'it comes from an embedded page'],
  ['another kind of request', { type: 'payment.get' }, 'it is for another kind of request'],
  ['too much client data', { client: { more: 'x'.repeat(2048) } }, 'its client data is too long'],
  ['another site', { rpId: 'evil.example' }, 'it is for another site'],
  ['a site below localhost', { rpId: 'x.localhost' }, 'it is for another site'],
];

/** The same for flags; a registration has one flag more. */
const WRONG_FLAGS: readonly (readonly [what: string, flags: number, fault: string])[] = [
  ['nobody present', 0x04, 'nobody touched the authenticator'],
  ['a touch alone', 0x01, 'the authenticator did not verify the user by PIN or biometrics'],
  ['neither', 0x00, 'nobody touched the authenticator'],
  ['a backup of what has none', 0x15, 'its flags contradict each other'],
];

describe('an assertion', () => {
  test.each(KINDS)('with %s is accepted', (kind) => {
    expect(verify(passkeys[kind])).toEqual({ counter: 0 });
    expect(verify(passkeys[kind], { counter: 8 }, 7)).toEqual({ counter: 8 });
    expect(verify(passkeys[kind], { flags: 0x1d })).toEqual({ counter: 0 });
  });

  test('may have members that browsers add, and extensions', () => {
    expect(verify(passkeys.ES256, { client: { other_keys_can_be_added_here: 'x', crossOrigin: undefined } })).toEqual({
      counter: 0,
    });
    expect(verify(passkeys.ES256, { flags: 0x85, rest: Buffer.from('a0', 'hex') })).toEqual({ counter: 0 });
  });

  test.each(WRONG)('with %s is refused', (_what, claims, fault) => {
    expect(verify(passkeys.ES256, claims)).toEqual({ fault });
  });

  test.each(WRONG_FLAGS)('with %s is refused', (_what, flags, fault) => {
    expect(verify(passkeys.ES256, { flags })).toEqual({ fault });
  });

  test('of a registration is none', () => {
    expect(verify(passkeys.ES256, { type: 'webauthn.create' })).toEqual({ fault: 'it is for another kind of request' });
    const fault = 'its authenticator data is malformed';
    expect(verify(passkeys.ES256, { flags: 0x45, rest: Buffer.alloc(60) })).toEqual({ fault });
    expect(verify(passkeys.ES256, { flags: 0x05, rest: Buffer.alloc(1) })).toEqual({ fault });
    expect(verify(passkeys.ES256, { flags: 0x85 })).toEqual({ fault });
    expect(verify(passkeys.ES256, { flags: 0x85, rest: Buffer.alloc(5000) })).toEqual({ fault });
  });

  test.each([
    [0, 1],
    [1, 1],
    [4, 5],
    [0, 4_294_967_295],
  ])('with counter %i after %i is refused', (counter, before) => {
    expect(verify(passkeys.ES256, { counter }, before)).toEqual({
      fault: 'its counter did not grow, so it may be a copy',
    });
  });

  test.each(KINDS)('with %s whose signature, data or key is another one is refused', (kind) => {
    const passkey = passkeys[kind];
    const other = createSoftwarePasskey(kind);
    const right = passkey.assert(CHALLENGE);
    const flip = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]);
    const key = { ...passkey, counter: 0 };
    const fault = 'its signature is wrong';
    expect(verifyAssertion(right, { ...other, counter: 0 }, EXPECTED)).toEqual({ fault });
    for (const signature of [flip(right.signature), Buffer.alloc(0), Buffer.alloc(64), Buffer.alloc(1025)]) {
      expect(verifyAssertion({ ...right, signature }, key, EXPECTED)).toEqual({ fault });
    }
    // The counter is the end of the authenticator data, and is signed too.
    expect(verifyAssertion({ ...right, authenticatorData: flip(right.authenticatorData) }, key, EXPECTED)).toEqual({
      fault,
    });
    const clientData = Buffer.concat([right.clientData, Buffer.from(' ')]);
    expect(verifyAssertion({ ...right, clientData }, key, EXPECTED)).toEqual({ fault });
  });

  test.each([
    ['no JSON', Buffer.from('x')],
    ['nothing', Buffer.alloc(0)],
    ['null', Buffer.from('null')],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0x7d])],
  ])('whose client data is %s is refused', (_what, clientData) => {
    const right = passkeys.ES256.assert(CHALLENGE);
    expect(verifyAssertion({ ...right, clientData }, { ...passkeys.ES256, counter: 0 }, EXPECTED)).toEqual({
      fault: 'its client data is no JSON object',
    });
  });

  test('whose authenticator data is cut short is refused', () => {
    const right = passkeys.ES256.assert(CHALLENGE);
    const authenticatorData = right.authenticatorData.subarray(0, 36);
    expect(verifyAssertion({ ...right, authenticatorData }, { ...passkeys.ES256, counter: 0 }, EXPECTED)).toEqual({
      fault: 'its authenticator data is malformed',
    });
  });
});

describe('a registration', () => {
  test.each(KINDS)('with %s is accepted', (kind) => {
    expect(register(passkeys[kind])).toEqual({ counter: 0 });
    expect(register(passkeys[kind], { counter: 9 })).toEqual({ counter: 9 });
  });

  test('with a larger RSA key is accepted, and extensions may follow', () => {
    const large = createSoftwarePasskey('RS256', 3072);
    expect(register(large)).toEqual({ counter: 0 });
    const { id, coseKey } = passkeys.ES256;
    const rest = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, coseKey, Buffer.from('a0', 'hex')]);
    expect(register(passkeys.ES256, { flags: 0xc5, rest })).toEqual({ counter: 0 });
    const fault = 'its public key is not that of the authenticator';
    expect(register(passkeys.ES256, { flags: 0x45, rest })).toEqual({ fault });
    expect(register(passkeys.ES256, { flags: 0xc5, rest: rest.subarray(0, -1) })).toEqual({ fault });
  });

  test.each(WRONG)('with %s is refused', (_what, claims, fault) => {
    expect(register(passkeys.ES256, claims)).toEqual({ fault });
  });

  test.each(WRONG_FLAGS)('with %s is refused', (_what, flags, fault) => {
    expect(register(passkeys.ES256, { flags: flags | 0x40 })).toEqual({ fault });
  });

  test('whose key or id is not in the authenticator data is refused', () => {
    const { ES256: passkey, Ed25519: other } = passkeys;
    const right = { ...passkey, ...passkey.register(CHALLENGE) };
    const fault = 'its public key is not that of the authenticator';
    const { algorithm, publicKey } = other;
    expect(verifyRegistration({ ...right, algorithm, publicKey }, EXPECTED)).toEqual({ fault });
    expect(verifyRegistration({ ...right, publicKey: createSoftwarePasskey('ES256').publicKey }, EXPECTED)).toEqual({
      fault,
    });
    for (const id of [randomBytes(32), Buffer.alloc(0), Buffer.alloc(1024), passkey.id.subarray(1)]) {
      expect(verifyRegistration({ ...right, id }, EXPECTED)).toEqual({ fault });
    }
    expect(register(passkey, { flags: 0x05 })).toEqual({ fault });
  });

  test('of an assertion is none', () => {
    expect(register(passkeys.ES256, { type: 'webauthn.get' })).toEqual({ fault: 'it is for another kind of request' });
  });
});

describe('a public key', () => {
  const spkiOf = (key: { export(options: { type: 'spki'; format: 'der' }): Buffer }) =>
    key.export({ type: 'spki', format: 'der' });

  test.each([
    ['P-384', -7, () => spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
    ['secp256k1', -7, () => spkiOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)],
    ['RSA with 1024 bits', -257, () => spkiOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)],
    ['RSA-PSS', -257, () => spkiOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)],
    ['Ed448', -8, () => spkiOf(generateKeyPairSync('ed448').publicKey)],
    ['X25519', -8, () => spkiOf(generateKeyPairSync('x25519').publicKey)],
    ['P-256 as Ed25519', -8, () => passkeys.ES256.publicKey],
    ['Ed25519 as P-256', -7, () => passkeys.Ed25519.publicKey],
    ['RSA with SHA-1', -65_535, () => passkeys.RS256.publicKey],
    ['an unknown algorithm', 0, () => passkeys.ES256.publicKey],
    ['no key', -7, () => Buffer.from('x')],
    ['nothing', -7, () => Buffer.alloc(0)],
    ['too much', -7, () => Buffer.alloc(1025)],
  ])('%s is refused', (_what, algorithm, create) => {
    expect(readPublicKey(create(), algorithm)).toBeUndefined();
    const { ES256: passkey } = passkeys;
    const registration = { ...passkey, ...passkey.register(CHALLENGE), publicKey: create(), algorithm };
    expect(verifyRegistration(registration, EXPECTED)).toEqual({
      fault: 'its public key is of a kind that is not accepted',
    });
  });
});

describe('a library for WebAuthn', () => {
  const toText = (bytes: Buffer) => bytes.toString('base64url');

  async function witnessAssertion(
    passkey: SoftwarePasskey,
    { clientData, authenticatorData, signature }: ReturnType<SoftwarePasskey['assert']>,
    counter: number,
  ): Promise<boolean> {
    try {
      const { verified } = await verifyAuthenticationResponse({
        response: {
          id: toText(passkey.id),
          rawId: toText(passkey.id),
          type: 'public-key',
          clientExtensionResults: {},
          response: {
            clientDataJSON: toText(clientData),
            authenticatorData: toText(authenticatorData),
            signature: toText(signature),
          },
        },
        expectedChallenge: CHALLENGE,
        expectedOrigin: ORIGIN,
        expectedRPID: 'localhost',
        requireUserVerification: true,
        credential: { id: toText(passkey.id), publicKey: new Uint8Array(passkey.coseKey), counter },
      });
      return verified;
    } catch {
      return false;
    }
  }

  test('agrees on 100 assertions, valid and broken ones', async () => {
    const random = createRandom(15);
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
    const broken: readonly Claims[] = [
      { challenge: randomBytes(32).toString('base64url') },
      { origin: 'http://localhost:4001' },
      { type: 'webauthn.create' },
      { rpId: 'x.localhost' },
      { flags: 0x01 },
      { flags: 0x04 },
      { counter: 3 },
      { counter: 5 },
    ];
    const valid: readonly Claims[] = [{}, { counter: 6 }, { flags: 0x1d }, { client: { more: 1 } }];
    const outcomes: boolean[] = [];
    for (let round = 0; round < 100; round += 1) {
      const passkey = passkeys[pick(KINDS)];
      const claims = random() < 0.5 ? pick(valid) : pick(broken);
      const before = claims.counter === undefined ? 0 : 5;
      const made = passkey.assert(CHALLENGE, claims);
      const at = Math.floor(random() * made.signature.length);
      if (random() < 0.1) made.signature[at] = (made.signature[at] ?? 0) ^ 0x40;
      const ours = 'counter' in verifyAssertion(made, { ...passkey, counter: before }, EXPECTED);
      expect({ round, claims, accepted: ours }).toEqual({
        round,
        claims,
        accepted: await witnessAssertion(passkey, made, before),
      });
      outcomes.push(ours);
    }
    // Both kinds were among them.
    expect(outcomes.filter((accepted) => accepted).length).toBeGreaterThan(25);
    expect(outcomes.filter((accepted) => !accepted).length).toBeGreaterThan(25);
  });

  test.each(KINDS)('finds the same key in a registration with %s', async (kind) => {
    const passkey = passkeys[kind];
    const { clientData, authenticatorData } = passkey.register(CHALLENGE);
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id: toText(passkey.id),
        rawId: toText(passkey.id),
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: toText(clientData),
          attestationObject: toText(encodeAttestation(authenticatorData)),
        },
      },
      expectedChallenge: CHALLENGE,
      expectedOrigin: ORIGIN,
      expectedRPID: 'localhost',
    });
    expect(verified).toBe(true);
    expect(Buffer.from(registrationInfo?.credential.publicKey ?? [])).toEqual(passkey.coseKey);
    expect(register(passkey)).toEqual({ counter: 0 });
  });
});
