// Credentials, grants for containers, and sign-in URLs for the AWS console.
import type { FromSchema } from 'json-schema-to-ts';
import { CONSOLE_SERVICE } from '../../core/aws/console-service.ts';
import { chainSchema } from './roles.ts';
import { accountId, browserProperties, permissionSet, purpose, sessionName, text, time } from './values.ts';
import { viaSchema } from './via.ts';

/** AWS's credential_process document. */
export const credentialsSchema = {
  title: 'Credentials',
  type: 'object',
  required: ['Version', 'AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration', 'AccountId'],
  properties: {
    Version: { type: 'integer', const: 1 },
    AccessKeyId: text,
    SecretAccessKey: text,
    SessionToken: text,
    Expiration: time,
    AccountId: text,
  },
} as const;

export type CredentialsDocument = FromSchema<typeof credentialsSchema>;

const grantTerms = {
  lifetimeSeconds: { type: 'integer', minimum: 1, maximum: 7 * 24 * 3600, description: '24 hours when absent' },
  processId: { type: 'integer', minimum: 1, description: 'the grant ends with this process' },
  confined: { type: 'boolean', description: 'the caller confines the program; only for the lists and the audit log' },
  socket: {
    type: 'boolean',
    description: 'serve the grant on a unix socket of its own instead of the container port, as `GET /role`',
  },
  purpose: { ...purpose, description: 'what it is for; only for the lists and the audit log' },
} as const;

/** The request for a grant: for one role, or for whatever role is current. */
export const grantRequestSchema = {
  title: 'GrantRequest',
  anyOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['session', 'accountId', 'permissionSet'],
      properties: { session: sessionName, accountId, permissionSet, via: viaSchema, ...grantTerms },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['current'],
      properties: { current: { const: true }, ...grantTerms },
    },
  ],
} as const;

export type GrantRequestDocument = FromSchema<typeof grantRequestSchema>;

const grantProperties = {
  id: text,
  current: { type: 'boolean', description: 'the grant follows the current role; the role is null then' },
  role: {
    anyOf: [
      {
        title: 'RoleAddress',
        type: 'object',
        required: ['session', 'accountId', 'permissionSet'],
        properties: { session: sessionName, accountId, permissionSet },
      },
      { type: 'null' },
    ],
  },
  chain: chainSchema,
  createdAt: time,
  expiresAt: time,
  processId: { type: ['integer', 'null'] },
  confined: { type: 'boolean', description: 'for `rolecall exec --confine`, by its own word' },
  socket: { type: 'boolean', description: 'served on a socket of its own, not at the container port' },
  purpose: { type: ['string', 'null'], description: "in its caller's words" },
} as const;

const grantRequired = [
  'id',
  'current',
  'role',
  'createdAt',
  'expiresAt',
  'processId',
  'confined',
  'socket',
  'purpose',
] as const;

export const grantSchema = {
  title: 'Grant',
  type: 'object',
  required: grantRequired,
  properties: grantProperties,
} as const;

export type GrantDocument = FromSchema<typeof grantSchema>;

export const grantsSchema = {
  title: 'Grants',
  type: 'object',
  required: ['grants'],
  properties: { grants: { type: 'array', items: grantSchema } },
} as const;

export type GrantsDocument = FromSchema<typeof grantsSchema>;

/** A grant with its secrets, which only the answer to its creation contains. */
export const issuedGrantSchema = {
  title: 'IssuedGrant',
  type: 'object',
  required: [...grantRequired, 'url', 'token', 'directory'],
  properties: {
    ...grantProperties,
    url: {
      type: 'string',
      description:
        'for AWS_CONTAINER_CREDENTIALS_FULL_URI; for a socket, without the port of what listens in front of it',
    },
    socketPath: { type: 'string', description: 'only for a socket: 0600, in a 0700 folder that stays the same' },
    token: { type: 'string', description: 'for AWS_CONTAINER_AUTHORIZATION_TOKEN' },
    directory: { type: 'string', description: "0700, for the caller's own files; gone with the grant" },
  },
} as const;

export type IssuedGrantDocument = FromSchema<typeof issuedGrantSchema>;

/** What the container credentials provider of AWS's SDKs reads. */
export const containerCredentialsSchema = {
  title: 'ContainerCredentials',
  type: 'object',
  required: ['AccessKeyId', 'SecretAccessKey', 'Token', 'Expiration', 'AccountId'],
  properties: { AccessKeyId: text, SecretAccessKey: text, Token: text, Expiration: time, AccountId: text },
} as const;

export type ContainerCredentialsDocument = FromSchema<typeof containerCredentialsSchema>;

/** The role, and optionally the service and region, to open the AWS console for. */
export const consoleRequestSchema = {
  title: 'ConsoleRequest',
  type: 'object',
  additionalProperties: false,
  required: ['session', 'accountId', 'permissionSet'],
  properties: {
    session: sessionName,
    accountId,
    permissionSet,
    service: { type: 'string', pattern: CONSOLE_SERVICE.source, description: 'as in the console URL: ec2, s3, …' },
    region: { type: 'string', pattern: '^[a-z0-9-]{1,63}$' },
    federated: {
      type: 'boolean',
      description: 'a sign-in URL with a token in it; on the socket only; required for a chained role',
    },
  },
} as const;

export type ConsoleRequestDocument = FromSchema<typeof consoleRequestSchema>;

export const consoleSchema = {
  title: 'ConsoleLink',
  type: 'object',
  required: ['url', 'secret', 'session', 'accountId', 'accountName', 'permissionSet', 'protected', 'browser'],
  properties: {
    url: text,
    secret: {
      type: 'boolean',
      description: 'true: anyone who has the URL is signed in; keep it out of arguments and logs',
    },
    endsAt: { ...time, description: 'only for a secret URL: when the console session ends, with its keys' },
    session: sessionName,
    accountId,
    accountName: { type: ['string', 'null'] },
    permissionSet,
    chain: chainSchema,
    protected: { type: 'boolean', description: 'a [[protect]] of the settings matches' },
    ...browserProperties,
  },
} as const;

export type ConsoleDocument = FromSchema<typeof consoleSchema>;
