// The current role, the accounts, and the roles to choose from.
import type { FromSchema } from 'json-schema-to-ts';
import { accountId, names, orNull, permissionSet, plainText, sessionName, text, time } from './values.ts';

/** How a chained role is reached: AssumeRole of `roleArn` with the credentials of its source. */
export const chainSchema = {
  title: 'Chain',
  type: 'object',
  description: 'of a role that is reached through another role; absent for a permission set',
  required: [
    'name',
    'roleArn',
    'roleName',
    'sourceProfile',
    'sourceAccountId',
    'sourcePermissionSet',
    'lifetimeSeconds',
    'cappedFrom',
    'policy',
  ],
  properties: {
    name: { type: 'string', description: 'the permission set of the role is `chain:` and this name' },
    roleArn: text,
    roleName: { type: 'string', description: 'of that ARN, without its path' },
    sourceProfile: { type: ['string', 'null'], description: 'the profile of the source role; null without one' },
    sourceAccountId: accountId,
    sourcePermissionSet: permissionSet,
    lifetimeSeconds: { type: 'integer', description: 'of its credentials; at most an hour' },
    cappedFrom: { type: ['integer', 'null'], description: 'the seconds that its definition asks for, if that is more' },
    policy: { type: 'boolean', description: 'a session policy narrows it' },
  },
} as const;

export type ChainDocument = FromSchema<typeof chainSchema>;

export const currentRoleSchema = {
  title: 'CurrentRole',
  type: 'object',
  required: ['session', 'accountId', 'permissionSet', 'profile'],
  additionalProperties: false,
  properties: {
    session: sessionName,
    accountId,
    permissionSet,
    profile: {
      anyOf: [{ ...plainText, maxLength: 512 }, { type: 'null' }],
      description: "rolecall's profile for the role; null without one",
    },
  },
} as const;

export type CurrentRoleDocument = FromSchema<typeof currentRoleSchema>;

/** The request that makes a role the current one. */
export const newCurrentRoleSchema = {
  ...currentRoleSchema,
  title: 'NewCurrentRole',
  required: ['session', 'accountId', 'permissionSet'],
  properties: {
    ...currentRoleSchema.properties,
    profile: {
      ...currentRoleSchema.properties.profile,
      description: 'optional; must be a profile name of that role',
    },
  },
} as const;

export type NewCurrentRole = FromSchema<typeof newCurrentRoleSchema>;

/** The current role with what a person wants to see of it. */
export const shownCurrentRoleSchema = {
  title: 'ShownCurrentRole',
  type: 'object',
  required: [...currentRoleSchema.required, 'accountName', 'protected'],
  properties: {
    ...currentRoleSchema.properties,
    accountName: { type: ['string', 'null'] },
    protected: { type: 'boolean', description: 'a [[protect]] of the settings matches' },
    chain: chainSchema,
  },
} as const;

export type ShownCurrentRoleDocument = FromSchema<typeof shownCurrentRoleSchema>;

export const accountsSchema = {
  title: 'Accounts',
  type: 'object',
  required: ['asOf', 'complete', 'accounts'],
  properties: {
    asOf: { ...orNull(time), description: 'time of the oldest list shown; null when nothing has been listed yet' },
    complete: { type: 'boolean' },
    accounts: {
      type: 'array',
      items: {
        title: 'Account',
        type: 'object',
        required: ['session', 'accountId', 'accountName', 'emailAddress', 'permissionSets'],
        properties: {
          session: sessionName,
          accountId,
          accountName: { type: ['string', 'null'] },
          emailAddress: { type: ['string', 'null'] },
          permissionSets: names,
        },
      },
    },
    chains: {
      type: 'array',
      description: 'the chained roles; absent without any',
      items: {
        title: 'ChainedRole',
        type: 'object',
        required: ['session', 'accountId', 'accountName', 'permissionSet', 'chain'],
        properties: {
          session: sessionName,
          accountId,
          accountName: { type: ['string', 'null'] },
          permissionSet,
          chain: chainSchema,
        },
      },
    },
  },
} as const;

export type AccountsDocument = FromSchema<typeof accountsSchema>;

/** How a role is approved. */
export const approvalKind = { title: 'ApprovalKind', enum: ['click', 'passkey'] } as const;

/** One row of the list to choose from: an account, one of its permission sets, and the names they have here. */
export const roleSchema = {
  title: 'Role',
  type: 'object',
  required: [
    'session',
    'label',
    'accountId',
    'accountName',
    'permissionSet',
    'profile',
    'protected',
    'pinned',
    'score',
  ],
  properties: {
    session: sessionName,
    label: { type: 'string', description: "the session's label in the settings, else its name" },
    accountId,
    accountName: { type: ['string', 'null'] },
    permissionSet,
    chain: chainSchema,
    profile: { type: ['string', 'null'], description: 'null when rolecall has no profile for this role' },
    aliases: { ...names, description: "rolecall's further profile names for the role; absent without any" },
    unwritten: { type: 'boolean', description: 'true: POST /v1/profile writes the profile to the file' },
    shadowed: { type: 'boolean', description: 'true: AWS clients read that name from the shared credentials file' },
    protected: { type: 'boolean', description: 'a [[protect]] of the settings matches' },
    approve: {
      ...approvalKind,
      description: 'the approval that its credentials need; absent if they need none',
    },
    pinned: { type: 'boolean' },
    score: { type: 'number', description: 'higher for roles that you switch to often and recently; 0: never' },
    lastUsedAt: time,
  },
} as const;

export type RoleDocument = FromSchema<typeof roleSchema>;

export const rolesSchema = {
  title: 'Roles',
  type: 'object',
  required: ['asOf', 'complete', 'roles'],
  properties: {
    asOf: { ...orNull(time), description: 'as in the list of accounts' },
    complete: { type: 'boolean' },
    total: { type: 'integer', description: 'the total, when only the first roles were requested' },
    leading: { type: 'integer', description: 'how many of the first roles are the start of the full list' },
    chains: { type: 'integer', description: 'how many of the total are chained roles; absent without any' },
    roles: {
      type: 'array',
      items: roleSchema,
      description:
        'by account name, account id, permission set, session: the order of every list that a person sees; ' +
        'chained roles come after the permission sets of their account; ' +
        'of the first ones alone, some are pinned or used most, and the others are the beginning of the list',
    },
  },
} as const;

export type RolesDocument = FromSchema<typeof rolesSchema>;
