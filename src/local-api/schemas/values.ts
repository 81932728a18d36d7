// Parts that several documents share: names, ids, times, and the error.
import { CHAIN_PERMISSION_SET } from '../../core/aws/chain-role.ts';

/** A name that the user chose: any text without control characters. */
export const plainText = { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' } as const;

/** What a grant is for, in the words of its caller. */
export const purpose = { ...plainText, minLength: 1, maxLength: 128 } as const;

export const sessionName = { ...plainText, minLength: 1, maxLength: 256 } as const;

export const accountId = { type: 'string', pattern: '^[0-9]{12}$' } as const;

/** Of a chained role: `chain:NAME`. */
export const permissionSet = {
  type: 'string',
  pattern: `^(?:[A-Za-z0-9_+=,.@-]{1,32}|${CHAIN_PERMISSION_SET})$`,
} as const;

export const time = { type: 'string', description: 'UTC, whole seconds, ending in Z' } as const;

export const text = { type: 'string' } as const;

export const names = { type: 'array', items: { type: 'string' } } as const;

export const errorSchema = {
  type: 'object',
  required: ['code', 'message', 'hint'],
  properties: {
    code: { type: 'string', description: 'stable' },
    message: { type: 'string', description: 'one sentence' },
    hint: { type: 'string', description: 'a command to type' },
  },
} as const;

export const browserProperties = {
  browser: { type: ['string', 'null'], description: "the session's command template in the settings" },
  browserLine: { type: 'integer', description: 'of that template in the settings file' },
} as const;
