// Parts that several documents share: names, ids, times, and the error. A schema with a `title` is a component of that name in the OpenAPI documents.
import { CHAIN_PERMISSION_SET } from '../../core/aws/chain-role.ts';

/** A name that the user chose: any text without control characters. */
export const plainText = { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' } as const;

/** What a grant is for, in the words of its caller. */
export const purpose = { ...plainText, minLength: 1, maxLength: 128 } as const;

export const sessionName = {
  title: 'SessionName',
  ...plainText,
  minLength: 1,
  maxLength: 256,
  description: 'the name of an sso-session of the shared config file',
  examples: ['my-sso-session'],
} as const;

export const accountId = {
  title: 'AccountId',
  type: 'string',
  pattern: '^[0-9]{12}$',
  description: 'twelve digits',
  examples: ['111111111111'],
} as const;

export const permissionSet = {
  title: 'PermissionSet',
  type: 'string',
  pattern: `^(?:[A-Za-z0-9_+=,.@-]{1,32}|${CHAIN_PERMISSION_SET})$`,
  description: 'the name of a permission set; of a chained role: `chain:NAME`',
  examples: ['ReadOnly'],
} as const;

export const time = {
  title: 'Time',
  type: 'string',
  format: 'date-time',
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$',
  description: 'UTC, whole seconds, ending in Z',
  examples: ['2026-12-01T09:30:00Z'],
} as const;

export const text = { type: 'string' } as const;

export const names = { type: 'array', items: { type: 'string' } } as const;

export const errorSchema = {
  title: 'Error',
  type: 'object',
  required: ['code', 'message', 'hint'],
  properties: {
    code: { type: 'string', pattern: '^[a-z0-9-]+$', description: 'stable', examples: ['sign-in-required'] },
    message: { type: 'string', description: 'one sentence', examples: ['You are not signed in to my-sso-session.'] },
    hint: { type: 'string', description: 'a command to type', examples: ['rolecall login my-sso-session'] },
  },
} as const;

export const browserProperties = {
  browser: { type: ['string', 'null'], description: "the session's command template in the settings" },
  browserLine: { type: 'integer', description: 'of that template in the settings file' },
} as const;

/** `schema`, or null. */
export const orNull = <const S>(schema: S) => ({ anyOf: [schema, { type: 'null' }] }) as const;
