// Passkeys: those that are registered, and what the page sends and gets while one is registered or used.
import type { FromSchema } from 'json-schema-to-ts';
import { errorSchema, plainText, text, time } from './values.ts';

/** base64url without padding, of at most `maxBytes`. */
const bytes = (maxBytes: number) =>
  ({ type: 'string', pattern: '^[A-Za-z0-9_-]+$', maxLength: Math.ceil((maxBytes * 4) / 3) }) as const;

/** @see https://www.w3.org/TR/webauthn-3/#credential-id */
export const passkeyId = bytes(1023);

const transports = { type: 'array', maxItems: 8, items: { type: 'string', pattern: '^[a-z0-9-]{1,32}$' } } as const;

/** Every passkey, the oldest first. The daemon stores public keys only. */
export const passkeysSchema = {
  title: 'Passkeys',
  type: 'object',
  required: ['passkeys', 'url', 'isPersistent', 'problem'],
  properties: {
    passkeys: {
      type: 'array',
      items: {
        title: 'Passkey',
        type: 'object',
        required: ['id', 'label', 'addedAt', 'transports'],
        properties: { id: text, label: text, addedAt: time, transports },
      },
    },
    url: {
      type: ['string', 'null'],
      description: 'the only origin where passkeys can be used, new at each start; null while no port is open',
    },
    isPersistent: { type: 'boolean', description: 'false: without a secret store, passkeys end with the daemon' },
    problem: { anyOf: [errorSchema, { type: 'null' }], description: 'why the passkeys cannot be read' },
  },
} as const;

export type PasskeysDocument = FromSchema<typeof passkeysSchema>;

export const passkeyRequestSchema = {
  title: 'PasskeyRequest',
  type: 'object',
  additionalProperties: false,
  required: ['label'],
  properties: { label: { ...plainText, minLength: 1, maxLength: 64, description: 'to tell passkeys apart' } },
} as const;

export type PasskeyRequestDocument = FromSchema<typeof passkeyRequestSchema>;

const descriptors = {
  type: 'array',
  items: {
    title: 'PasskeyDescriptor',
    type: 'object',
    required: ['type', 'id', 'transports'],
    properties: { type: { const: 'public-key' }, id: text, transports },
  },
} as const;

/** For `navigator.credentials.get`, with bytes as base64url. */
export const challengeSchema = {
  title: 'PasskeyChallenge',
  type: 'object',
  required: ['options', 'expiresAt'],
  properties: {
    options: {
      type: 'object',
      required: ['challenge', 'rpId', 'timeout', 'userVerification', 'allowCredentials'],
      properties: {
        challenge: text,
        rpId: text,
        timeout: { type: 'integer', description: 'milliseconds' },
        userVerification: { const: 'required' },
        allowCredentials: descriptors,
      },
    },
    expiresAt: time,
  },
} as const;

export type ChallengeDocument = FromSchema<typeof challengeSchema>;

/** What the browser answered. The limits are above what any authenticator sends. */
export const assertionSchema = {
  title: 'PasskeyAssertion',
  type: 'object',
  additionalProperties: false,
  required: ['id', 'clientDataJSON', 'authenticatorData', 'signature'],
  properties: {
    id: passkeyId,
    clientDataJSON: bytes(4096),
    authenticatorData: bytes(4096),
    signature: bytes(1024),
  },
} as const;

export type AssertionDocument = FromSchema<typeof assertionSchema>;

/** For `navigator.credentials.create`, with bytes as base64url. */
export const registrationOptionsSchema = {
  title: 'PasskeyRegistrationOptions',
  type: 'object',
  required: ['options', 'expiresAt'],
  properties: {
    options: {
      type: 'object',
      required: [
        'challenge',
        'rp',
        'user',
        'pubKeyCredParams',
        'timeout',
        'attestation',
        'authenticatorSelection',
        'excludeCredentials',
      ],
      properties: {
        challenge: text,
        rp: { type: 'object', required: ['id', 'name'], properties: { id: text, name: text } },
        user: {
          type: 'object',
          required: ['id', 'name', 'displayName'],
          properties: { id: text, name: text, displayName: text },
        },
        pubKeyCredParams: {
          type: 'array',
          items: {
            type: 'object',
            required: ['type', 'alg'],
            properties: { type: { const: 'public-key' }, alg: { type: 'integer' } },
          },
        },
        timeout: { type: 'integer', description: 'milliseconds' },
        attestation: { const: 'none' },
        authenticatorSelection: {
          type: 'object',
          required: ['residentKey', 'userVerification'],
          properties: { residentKey: { const: 'discouraged' }, userVerification: { const: 'required' } },
        },
        excludeCredentials: descriptors,
      },
    },
    expiresAt: time,
  },
} as const;

export type RegistrationOptionsDocument = FromSchema<typeof registrationOptionsSchema>;

export const registrationSchema = {
  title: 'PasskeyRegistration',
  type: 'object',
  additionalProperties: false,
  required: ['id', 'clientDataJSON', 'authenticatorData', 'publicKey', 'algorithm', 'transports'],
  properties: {
    id: passkeyId,
    clientDataJSON: bytes(4096),
    authenticatorData: bytes(4096),
    publicKey: { ...bytes(1024), description: 'SubjectPublicKeyInfo' },
    algorithm: { type: 'integer' },
    transports,
  },
} as const;

export type RegistrationDocument = FromSchema<typeof registrationSchema>;
