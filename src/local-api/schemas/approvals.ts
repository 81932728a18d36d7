// Approvals: the questions that wait for a person, with the program that asked, and their outcome.
import type { FromSchema } from 'json-schema-to-ts';
import { approvalKind, chainSchema } from './roles.ts';
import { accountId, errorSchema, orNull, permissionSet, sessionName, text, time } from './values.ts';
import { viaSchema } from './via.ts';

const textOrNull = { type: ['string', 'null'] } as const;

/** A process that asked, as far as it is known. Without its arguments, which may hold secrets. */
export const programSchema = {
  title: 'Program',
  type: 'object',
  required: [
    'processId',
    'executable',
    'script',
    'workingDirectory',
    'terminal',
    'sessionId',
    'parents',
    'agent',
    'isVerified',
  ],
  properties: {
    processId: { type: 'integer' },
    executable: text,
    script: { ...textOrNull, description: 'the first file that an interpreter runs' },
    workingDirectory: textOrNull,
    terminal: textOrNull,
    sessionId: { type: ['integer', 'null'], description: 'of the process, not of Identity Center' },
    parents: {
      type: 'array',
      description: 'the nearest first, at most 8',
      items: {
        title: 'ParentProgram',
        type: 'object',
        required: ['processId', 'executable'],
        properties: { processId: { type: 'integer' }, executable: text },
      },
    },
    agent: { ...textOrNull, description: 'the coding agent that started it' },
    isVerified: { type: 'boolean', description: 'the kernel says so, not the program' },
  },
} as const;

export type ProgramDocument = FromSchema<typeof programSchema>;

export const approvalSchema = {
  title: 'Approval',
  type: 'object',
  required: [
    'id',
    'state',
    'subject',
    'session',
    'accountId',
    'accountName',
    'permissionSet',
    'label',
    'approve',
    'surface',
    'program',
    'callers',
    'askedAt',
    'expiresAt',
    'rememberMinutes',
    'for',
    'places',
    'problem',
  ],
  properties: {
    id: { type: 'string', description: 'empty for a role that needs no approval' },
    state: { enum: ['pending', 'approved', 'refused', 'expired'] },
    subject: { enum: ['role', 'unlock', 'add-passkey', 'remove-passkey'] },
    session: orNull(sessionName),
    accountId: orNull(accountId),
    accountName: textOrNull,
    permissionSet: orNull(permissionSet),
    chain: chainSchema,
    label: { ...textOrNull, description: 'of the passkey' },
    approve: approvalKind,
    surface: { enum: ['socket', 'web', 'container', 'daemon'] },
    program: { anyOf: [programSchema, { type: 'null' }], description: 'who asked first; null if unknown' },
    callers: { type: 'integer', description: 'how many wait now' },
    askedAt: time,
    expiresAt: { ...time, description: 'when the question is withdrawn, or, once approved, the approval ends' },
    rememberMinutes: { type: ['integer', 'null'] },
    for: { enum: ['role', 'program', null] },
    places: {
      type: 'array',
      description: 'where a person can answer',
      items: { enum: ['screen', 'page', 'terminal'] },
    },
    problem: { anyOf: [errorSchema, { type: 'null' }], description: 'why there is no place' },
  },
} as const;

export type ApprovalDocument = FromSchema<typeof approvalSchema>;

/** The pending ones, the oldest first. */
export const approvalsSchema = {
  title: 'Approvals',
  type: 'object',
  required: ['approvals'],
  properties: { approvals: { type: 'array', items: approvalSchema } },
} as const;

export type ApprovalsDocument = FromSchema<typeof approvalsSchema>;

export const approvalRequestSchema = {
  title: 'ApprovalRequest',
  type: 'object',
  additionalProperties: false,
  required: ['session', 'accountId', 'permissionSet'],
  properties: { session: sessionName, accountId, permissionSet, via: viaSchema },
} as const;

export type ApprovalRequestDocument = FromSchema<typeof approvalRequestSchema>;

export const terminalRequestSchema = {
  title: 'TerminalRequest',
  type: 'object',
  additionalProperties: false,
  required: ['terminal', 'processId'],
  properties: {
    terminal: { type: 'string', maxLength: 32, description: 'for example /dev/pts/3' },
    processId: { type: 'integer', minimum: 1, description: 'the process that waits there, in the foreground' },
  },
} as const;

export type TerminalRequestDocument = FromSchema<typeof terminalRequestSchema>;
