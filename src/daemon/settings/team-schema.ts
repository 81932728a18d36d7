// What may stand in a team file, as one JSON Schema: what a team agrees on, and nothing that runs or is secret.
import { MAX_GLOB_CHARACTERS } from '../../core/text/glob.ts';

/** No control character: all of it is shown to people. */
const text = { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$', minLength: 1, maxLength: 512 } as const;
const pattern = { ...text, maxLength: MAX_GLOB_CHARACTERS } as const;
const matcher = { account_id: pattern, permission_set: pattern } as const;

const table = <T extends object>(properties: T) =>
  ({ type: 'object', additionalProperties: false, properties }) as const;

export const teamSchema = {
  ...table({
    team: { ...text, description: 'whose file it is' },
    profiles: table({
      name: { ...text, description: 'name template: {account_name}, {account_id}, {permission_set}, {session}' },
      region: text,
      write: { enum: ['all', 'used', 'auto'] },
      include: { type: 'array', items: pattern, maxItems: 1000 },
      exclude: { type: 'array', items: pattern, maxItems: 1000 },
    }),
    session: {
      type: 'object',
      description: 'sso-sessions by name; they are added to ~/.aws/config where nothing of that name stands',
      maxProperties: 100,
      additionalProperties: {
        ...table({
          start_url: text,
          region: text,
          label: text,
          session_hours: { type: 'number', exclusiveMinimum: 0, maximum: 2160 },
        }),
        required: ['start_url', 'region'],
      },
    },
    role: {
      type: 'array',
      maxItems: 20_000,
      items: table({
        ...matcher,
        region: text,
        alias: { ...text, description: 'one more profile name' },
        pin: { type: 'boolean' },
      }),
    },
    protect: {
      type: 'array',
      maxItems: 1000,
      items: table({ session: pattern, ...matcher, remember_minutes: { type: 'integer', minimum: 0 } }),
    },
  }),
} as const;
