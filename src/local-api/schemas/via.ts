// A hop to another role, on which a session policy can narrow what its credentials allow.
import type { FromSchema } from 'json-schema-to-ts';
import { MAX_CHAINED_SECONDS, MIN_CHAINED_SECONDS } from '../../core/aws/chain-role.ts';
import { MAX_POLICY_ARNS, MAX_POLICY_LENGTH } from '../../core/aws/session-policy.ts';
import { plainText } from './values.ts';

/** Of a request. The role itself is not served then. */
export const viaSchema = {
  title: 'Via',
  type: 'object',
  description: 'assumes this role with the credentials of the other, and serves only its credentials',
  additionalProperties: false,
  required: ['role'],
  properties: {
    role: { ...plainText, minLength: 1, maxLength: 2048, description: 'an ARN, or a name in the same account' },
    policy: { type: 'string', minLength: 2, maxLength: MAX_POLICY_LENGTH, description: 'a session policy, as JSON' },
    policyArns: {
      type: 'array',
      maxItems: MAX_POLICY_ARNS,
      items: { ...plainText, maxLength: 2048 },
      description: 'managed policies of the account of `role`',
    },
    roleSessionName: { type: 'string', pattern: '^[A-Za-z0-9_+=,.@-]{2,64}$' },
    durationSeconds: { type: 'integer', minimum: MIN_CHAINED_SECONDS, maximum: MAX_CHAINED_SECONDS },
  },
} as const;

export type ViaDocument = FromSchema<typeof viaSchema>;
