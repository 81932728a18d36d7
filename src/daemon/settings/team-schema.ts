// The JSON Schema of the team file: only settings that teams share, nothing that runs a program or is secret.
import { MAX_ROLE_SECONDS, MAX_SESSION_TAGS } from '../../core/aws/chain-fields.ts';
import { MIN_CHAINED_SECONDS } from '../../core/aws/chain-role.ts';
import { MAX_POLICY_ARNS } from '../../core/aws/session-policy.ts';
import { MAX_GLOB_CHARACTERS } from '../../core/text/glob.ts';
import { APPROVE_FOR, APPROVE_SETTINGS, MAX_REMEMBER_MINUTES } from './approve-settings.ts';

/** No control characters, because all of it may be shown to the user. */
const text = { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$', minLength: 1, maxLength: 512 } as const;
const pattern = { ...text, maxLength: MAX_GLOB_CHARACTERS } as const;
const matcher = { account_id: pattern, permission_set: pattern } as const;

const table = <T extends object>(properties: T) =>
  ({ type: 'object', additionalProperties: false, properties }) as const;

export const teamSchema = {
  ...table({
    team: { ...text, description: 'name of the team' },
    profiles: table({
      name: { ...text, description: 'name template: {account_name}, {account_id}, {permission_set}, {session}' },
      region: text,
      write: { enum: ['all', 'used', 'auto'] },
      include: { type: 'array', items: pattern, maxItems: 1000 },
      exclude: { type: 'array', items: pattern, maxItems: 1000 },
    }),
    session: {
      type: 'object',
      description: 'sso-sessions by name; added to ~/.aws/config unless a session of that name exists',
      maxProperties: 100,
      additionalProperties: {
        ...table({
          start_url: text,
          region: text,
          label: text,
          session_hours: { type: 'number', exclusiveMinimum: 0, maximum: 2160 },
          use_fips_endpoint: { type: 'boolean' },
          use_dualstack_endpoint: { type: 'boolean' },
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
        alias: { ...text, description: 'template of an additional profile name' },
        pin: { type: 'boolean' },
      }),
    },
    protect: {
      type: 'array',
      maxItems: 1000,
      items: table({
        session: pattern,
        ...matcher,
        approve: { enum: APPROVE_SETTINGS },
        remember_minutes: { type: 'integer', minimum: 0, maximum: MAX_REMEMBER_MINUTES },
        for: { enum: APPROVE_FOR },
      }),
    },
    chain: {
      type: 'array',
      maxItems: 1000,
      items: {
        ...table({
          session: pattern,
          ...matcher,
          role_arn: { ...text, maxLength: 2048 },
          name: { ...text, description: 'name template of the profiles; {role_name} is the name in the ARN' },
          external_id: { ...text, maxLength: 1224 },
          role_session_name: text,
          duration_seconds: { type: 'integer', minimum: MIN_CHAINED_SECONDS, maximum: MAX_ROLE_SECONDS },
          source_identity: text,
          tags: { type: 'object', maxProperties: MAX_SESSION_TAGS, additionalProperties: { type: 'string' } },
          transitive_tags: { type: 'array', items: text, maxItems: MAX_SESSION_TAGS },
          region: text,
          policy: { type: 'string', minLength: 1, maxLength: 20_000, description: 'a session policy as JSON' },
          policy_arns: { type: 'array', items: { ...text, maxLength: 2048 }, maxItems: MAX_POLICY_ARNS },
        }),
        required: ['role_arn'],
      },
    },
  }),
} as const;
