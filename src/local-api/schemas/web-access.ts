// The codes and tokens by which a page in a browser gets access.
import type { FromSchema } from 'json-schema-to-ts';
import { text, time } from './values.ts';

/** A code that is valid for 60 seconds and one exchange. The page gets it in the fragment of its URL. */
export const webCodeSchema = {
  title: 'WebCode',
  type: 'object',
  required: ['url', 'code', 'expiresAt'],
  properties: {
    url: {
      type: 'string',
      description: 'to open, with the code as its fragment; with a fixed web_port the name in it is new at each start',
    },
    code: text,
    expiresAt: time,
  },
} as const;

export type WebCodeDocument = FromSchema<typeof webCodeSchema>;

export const webCodeExchangeSchema = {
  title: 'WebCodeExchange',
  type: 'object',
  additionalProperties: false,
  required: ['code'],
  properties: { code: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' } },
} as const;

export const webTokenSchema = {
  title: 'WebToken',
  type: 'object',
  required: ['token'],
  properties: { token: text },
} as const;

export type WebTokenDocument = FromSchema<typeof webTokenSchema>;
