// Setup, team files, and the check whether AWS can be reached.
import type { FromSchema } from 'json-schema-to-ts';
import { adoptionSource } from './profiles.ts';
import { accountId, names, permissionSet, plainText, text, time } from './values.ts';

/** Whether AWS's endpoints answer the daemon, whose proxy and CA certificates may differ from the caller's. */
export const reachSchema = {
  title: 'Reach',
  type: 'object',
  required: ['nodeVersion', 'endpoints'],
  properties: {
    nodeVersion: { type: 'string', description: "the daemon's" },
    droppedVariables: { ...names, description: 'variables that the daemon removed from its environment at its start' },
    endpoints: {
      type: 'array',
      items: {
        title: 'ReachedEndpoint',
        type: 'object',
        required: ['service', 'sessions', 'region', 'url', 'proxy', 'state', 'durationMs'],
        properties: {
          service: { enum: ['oidc', 'portal'] },
          sessions: { ...names, description: 'that use it' },
          region: text,
          url: text,
          proxy: { type: ['string', 'null'], description: 'without user and password' },
          state: { enum: ['reached', 'unresolvable', 'untrusted', 'proxy-failed', 'unreachable'] },
          reason: text,
          clockAheadSeconds: {
            type: 'integer',
            description: "how far the daemon's clock is ahead of the server's; negative: behind",
          },
          durationMs: { type: 'integer' },
        },
      },
    },
  },
} as const;

export type ReachDocument = FromSchema<typeof reachSchema>;

/** The start URL to write for the one that was typed, with its region if it can be found. */
export const startUrlSchema = {
  title: 'StartUrl',
  type: 'object',
  required: ['startUrl', 'isAws', 'region', 'regionIs'],
  properties: {
    startUrl: text,
    isAws: { type: 'boolean', description: 'false: not an AWS host' },
    region: { type: ['string', 'null'] },
    regionIs: { enum: ['in-the-url', 'on-the-page', null], description: 'where the region comes from' },
    leadsTo: { type: 'string', description: "AWS's start URL, if the host is a company's own that redirects there" },
    leadsNowhere: { type: 'string', description: "why the company's host does not lead to AWS, as a sentence" },
  },
} as const;

export type StartUrlDocument = FromSchema<typeof startUrlSchema>;

/** Identity Center instances that files of this user name and that are not sso-sessions yet. */
export const foundSessionsSchema = {
  title: 'FoundSessions',
  type: 'object',
  required: ['sessions', 'notes'],
  properties: {
    sessions: {
      type: 'array',
      items: {
        title: 'FoundSession',
        type: 'object',
        required: ['name', 'startUrl', 'isAws', 'region', 'tools', 'profiles'],
        properties: {
          name: { type: 'string', description: 'a free name for the sso-session' },
          startUrl: text,
          isAws: { type: 'boolean', description: 'false: not an AWS host' },
          region: { type: ['string', 'null'], description: 'null if no file has it' },
          tools: { type: 'array', items: adoptionSource, description: 'whose files have the start URL' },
          profiles: { type: 'integer', description: 'profiles of the shared config file with it' },
        },
      },
    },
    notes: { ...names, description: 'files that could not be read' },
  },
} as const;

export type FoundSessionsDocument = FromSchema<typeof foundSessionsSchema>;

const newSession = {
  title: 'NewSession',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'startUrl', 'region'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 64 },
    startUrl: { type: 'string', minLength: 1, maxLength: 2048 },
    region: { type: 'string', minLength: 1, maxLength: 64 },
  },
} as const;

/** The changes of `rolecall setup`; an absent part stays as it is. */
export const setupRequestSchema = {
  title: 'SetupRequest',
  type: 'object',
  additionalProperties: false,
  properties: {
    session: newSession,
    moreSessions: { type: 'array', maxItems: 30, items: newSession, description: 'to add as well' },
    nameTemplate: { type: 'string', minLength: 1, maxLength: 256 },
    secretStore: { enum: ['keychain', 'file', 'memory'] },
    dryRun: { type: 'boolean', description: 'write nothing' },
  },
} as const;

export type SetupRequestDocument = FromSchema<typeof setupRequestSchema>;

const editedFile = {
  title: 'EditedFile',
  type: 'object',
  required: ['path', 'written', 'diff'],
  properties: {
    path: text,
    written: { type: 'boolean' },
    diff: { type: 'string', description: 'unified; empty when nothing changes' },
  },
} as const;

export const setupSchema = {
  title: 'Setup',
  type: 'object',
  required: ['config', 'settings', 'preview'],
  properties: {
    config: editedFile,
    settings: {
      title: 'EditedSettings',
      type: 'object',
      required: [...editedFile.required, 'kept'],
      properties: { ...editedFile.properties, kept: { ...names, description: 'keys that already have another value' } },
      description: 'takes effect when the daemon starts next',
    },
    preview: {
      type: 'array',
      description: 'what the profiles of two made-up accounts would be called',
      items: {
        title: 'ProfileNamePreview',
        type: 'object',
        required: ['accountName', 'accountId', 'permissionSet', 'profileName'],
        properties: { accountName: text, accountId, permissionSet, profileName: text },
      },
    },
  },
} as const;

export type SetupDocument = FromSchema<typeof setupSchema>;

/** The team file to use; without a source, the source of the last one. */
export const teamRequestSchema = {
  title: 'TeamRequest',
  type: 'object',
  additionalProperties: false,
  properties: {
    source: { ...plainText, minLength: 1, maxLength: 2048, description: 'an https URL or an absolute path' },
    digest: {
      type: 'string',
      pattern: '^[0-9a-f]{64}$',
      description: 'SHA-256 of the file that was shown; a different file is refused',
    },
    sha256: {
      type: 'string',
      pattern: '^[0-9a-f]{64}$',
      description: 'SHA-256 that the file must have, as its author told it',
    },
    publicKey: {
      ...plainText,
      minLength: 1,
      maxLength: 4096,
      description:
        'public key of minisign or OpenSSH that must have signed the file; without it, the key that signed the stored one',
    },
    dryRun: { type: 'boolean', description: 'write nothing' },
  },
} as const;

export type TeamRequestDocument = FromSchema<typeof teamRequestSchema>;

export const teamSchema = {
  title: 'Team',
  type: 'object',
  required: ['source', 'digest', 'team', 'config', 'sessions', 'kept', 'foreignStartUrls'],
  properties: {
    source: text,
    redirectedTo: { ...text, description: 'where the source redirects to; the file was loaded from there' },
    digest: { type: 'string', description: 'SHA-256 of the file' },
    signature: {
      title: 'TeamSignature',
      type: 'object',
      required: ['kind', 'keyId', 'isNewKey', 'refusesOlder'],
      properties: {
        kind: { enum: ['minisign', 'ssh'] },
        keyId: { ...text, description: 'key id of minisign, or fingerprint of the OpenSSH key' },
        signedAt: { ...time, description: 'UTC; absent for OpenSSH, whose signatures have no date' },
        isNewKey: { type: 'boolean', description: 'whether the stored file had no key, or another one' },
        refusesOlder: { type: 'boolean', description: 'whether an older signed file will be refused from now on' },
      },
      description: 'the signature that was verified; absent if the file needs none',
    },
    team: editedFile,
    config: editedFile,
    sessions: { ...names, description: 'sso-sessions of the file' },
    kept: { ...names, description: "keys for which the user's own settings have another value, which stays" },
    foreignStartUrls: { ...names, description: "start URLs on hosts that are not AWS's" },
  },
} as const;

export type TeamDocument = FromSchema<typeof teamSchema>;
