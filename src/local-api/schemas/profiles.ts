// Profiles in the shared config file: their sync, one of them, and the adoption of hand-written ones.
import type { FromSchema } from 'json-schema-to-ts';
import { chainSchema } from './roles.ts';
import { accountId, errorSchema, names, orNull, permissionSet, plainText, sessionName, text, time } from './values.ts';

/** The last time that a program asked for credentials and got none; cleared when it gets some again. */
export const refusalSchema = {
  title: 'Refusal',
  type: 'object',
  required: ['at', ...errorSchema.required],
  properties: { at: time, ...errorSchema.properties },
} as const;

export type RefusalDocument = FromSchema<typeof refusalSchema>;

export const inCredentialsFileSchema = {
  title: 'NamesInCredentialsFile',
  type: 'object',
  description: 'names that the shared credentials file uses, so rolecall gives them to no profile; absent without any',
  required: ['file', 'names'],
  properties: {
    file: text,
    names: {
      type: 'array',
      items: {
        title: 'NameInCredentialsFile',
        type: 'object',
        required: ['name', 'line', 'profileName'],
        properties: {
          name: text,
          line: { type: 'integer', description: 'of the credentials file' },
          profileName: { type: ['string', 'null'], description: 'the name that the profile got instead' },
        },
      },
    },
  },
} as const;

const loginProfilesSchema = {
  type: 'array',
  description:
    'your own profiles that get their keys from `aws login`, which rolecall leaves alone; absent without any',
  items: {
    title: 'LoginProfile',
    type: 'object',
    required: ['profileName', 'line', 'accountId', 'principal'],
    properties: {
      profileName: text,
      line: { type: 'integer', description: 'of the config file' },
      accountId: { ...orNull(accountId), description: 'null, like the next one, if login_session is not an ARN' },
      principal: { type: ['string', 'null'], description: 'the ARN of the one who signed in' },
    },
  },
} as const;

export const profilesSchema = {
  title: 'Profiles',
  type: 'object',
  required: ['configFile', 'written', 'profiles', 'added', 'removed', 'changed', 'skipped', 'diff'],
  properties: {
    configFile: text,
    written: { type: 'boolean', description: 'true when this call changed the file' },
    profiles: {
      type: 'array',
      items: {
        title: 'PlannedProfile',
        type: 'object',
        required: ['profileName', 'session', 'accountId', 'accountName', 'permissionSet', 'region'],
        properties: {
          profileName: text,
          session: sessionName,
          accountId,
          accountName: { type: ['string', 'null'] },
          permissionSet,
          chain: chainSchema,
          region: text,
          aliases: { ...names, description: 'further names, each a profile as well' },
        },
      },
    },
    write: { enum: ['used', 'auto'], description: 'the setting; absent when every profile is written' },
    unwritten: { type: 'integer', description: 'profiles that are written at their first use' },
    added: names,
    removed: names,
    changed: names,
    kept: {
      ...names,
      description: 'profiles that are kept although a suspicious listing lost their roles; absent without any',
    },
    skipped: {
      type: 'array',
      items: {
        title: 'SkippedProfile',
        type: 'object',
        required: ['profileName', 'reason'],
        properties: { profileName: text, reason: text },
      },
    },
    inCredentialsFile: inCredentialsFileSchema,
    loginProfiles: loginProfilesSchema,
    diff: { type: 'string', description: 'unified' },
    conflict: {
      ...errorSchema,
      description: 'why a sync writes nothing: somebody added keys or profiles to the block, which it would delete',
    },
  },
} as const;

export type ProfilesDocument = FromSchema<typeof profilesSchema>;

/** One profile of the shared config file that belongs to a role. */
export const profileSchema = {
  title: 'Profile',
  type: 'object',
  required: ['profileName', 'followsCurrent', 'session', 'accountId', 'permissionSet', 'region'],
  properties: {
    profileName: text,
    followsCurrent: { type: 'boolean', description: 'true: the profile follows the current role, which is given here' },
    session: sessionName,
    accountId,
    permissionSet,
    chain: chainSchema,
    region: { type: ['string', 'null'] },
    unwritten: { type: 'boolean', description: 'true: it is not in the file; POST /v1/profile writes it' },
    lastRefusal: { ...refusalSchema, description: 'absent when it got its keys since, or never asked' },
  },
} as const;

export type ProfileDocument = FromSchema<typeof profileSchema>;

export const profileRequestSchema = {
  title: 'ProfileRequest',
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name: { ...plainText, minLength: 1, maxLength: 512 } },
} as const;

export const adoptionSource = {
  title: 'ProfileSource',
  enum: ['aws', 'aws-sso', 'granted', 'aws-vault', 'leapp'],
} as const;

/** Which profiles to switch to rolecall; `undo` restores the file from before the latest adoption. */
export const adoptionRequestSchema = {
  title: 'AdoptionRequest',
  type: 'object',
  additionalProperties: false,
  properties: {
    from: { type: 'array', items: adoptionSource, minItems: 1, maxItems: 5, description: 'all of them when absent' },
    session: { type: 'string', minLength: 1, maxLength: 128, description: 'only profiles of this sso-session' },
    undo: { type: 'boolean' },
    dryRun: { type: 'boolean', description: 'write nothing' },
  },
} as const;

export type AdoptionRequestDocument = FromSchema<typeof adoptionRequestSchema>;

export const adoptionSchema = {
  title: 'Adoption',
  type: 'object',
  required: ['configFile', 'written', 'adopted', 'left', 'newSessions', 'notes', 'diff', 'backup'],
  properties: {
    configFile: text,
    written: { type: 'boolean', description: 'true when this call changed the file' },
    adopted: {
      type: 'array',
      items: {
        title: 'AdoptedProfile',
        type: 'object',
        required: ['profileName', 'line', 'source', 'session', 'accountId', 'permissionSet'],
        properties: {
          profileName: text,
          line: { type: 'integer' },
          source: adoptionSource,
          session: sessionName,
          accountId,
          permissionSet,
        },
      },
    },
    left: {
      type: 'array',
      description: 'profiles of these sources that stay as they are',
      items: {
        title: 'ProfileLeftAlone',
        type: 'object',
        required: ['profileName', 'line', 'source', 'reason'],
        properties: { profileName: text, line: { type: 'integer' }, source: adoptionSource, reason: text },
      },
    },
    newSessions: {
      type: 'array',
      items: {
        title: 'AdoptedSession',
        type: 'object',
        required: ['session', 'startUrl', 'region'],
        properties: { session: sessionName, startUrl: text, region: text },
      },
    },
    notes: names,
    diff: { type: 'string', description: 'unified' },
    backup: {
      type: ['string', 'null'],
      description: 'where the previous file is kept; null when nothing was written',
    },
  },
} as const;

export type AdoptionDocument = FromSchema<typeof adoptionSchema>;
