// The lock: whether credentials are withheld, since when and why.
import type { FromSchema } from 'json-schema-to-ts';
import { approvalSchema } from './approvals.ts';
import { orNull, time } from './values.ts';

export const lockSchema = {
  title: 'Lock',
  type: 'object',
  required: ['isLocked', 'since', 'reason', 'scope'],
  properties: {
    isLocked: { type: 'boolean' },
    since: { ...orNull(time), description: 'null while it is open, as the next one' },
    reason: { enum: ['command', 'screen', 'idle', 'sleep', null] },
    scope: { title: 'LockScope', enum: ['all', 'protected'], description: 'what is not served while it is locked' },
  },
} as const;

export type LockDocument = FromSchema<typeof lockSchema>;

export const lockAnswerSchema = {
  title: 'LockAnswer',
  type: 'object',
  required: ['locked', 'scope', 'approval'],
  properties: {
    locked: { type: 'boolean' },
    scope: lockSchema.properties.scope,
    approval: {
      anyOf: [approvalSchema, { type: 'null' }],
      description: 'what has to be approved first; once it is approved, rolecall is unlocked',
    },
  },
} as const;

export type LockAnswerDocument = FromSchema<typeof lockAnswerSchema>;
