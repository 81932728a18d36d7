// Sign-in, what follows it, sign-out, and the check of the signed-in user.
import type { FromSchema } from 'json-schema-to-ts';
import { BROWSER_PLACES, FLOW_FALLBACKS, FLOW_REASONS, SIGN_IN_FLOWS } from '../../core/aws/sign-in-flow.ts';
import { accountId, browserProperties, errorSchema, names, permissionSet, text, time } from './values.ts';
import { inCredentialsFileSchema } from './profiles.ts';

export const flowSchema = {
  title: 'SignInFlow',
  enum: SIGN_IN_FLOWS,
  description: 'device: the user enters a code on the page; pkce: the browser comes back to the daemon with the answer',
} as const;

export const browserPlaceSchema = {
  title: 'BrowserPlace',
  enum: BROWSER_PLACES,
  description: 'where the browser of the user is; not-opened: the user opens the page, perhaps on another device',
} as const;

export const flowReasonSchema = {
  title: 'SignInFlowReason',
  enum: [...FLOW_REASONS, ...FLOW_FALLBACKS],
  description:
    'why this flow: asked for, set, or where the browser is; pkce-refused and no-callback-port: `pkce` was not possible',
} as const;

const namedRoleSchema = {
  title: 'NamedRole',
  type: 'object',
  required: ['accountId', 'accountName', 'permissionSet'],
  properties: { accountId, accountName: { type: ['string', 'null'] }, permissionSet },
} as const;

/** What the daemon does after each sign-in: it lists the roles, then writes the profiles. */
export const signInSetupSchema = {
  title: 'SignInSetup',
  type: 'object',
  required: ['state', 'accountsListed', 'accountsTotal'],
  properties: {
    state: { enum: ['listing', 'syncing', 'done', 'failed'] },
    accountsListed: { type: 'integer' },
    accountsTotal: { type: 'integer' },
    permissionSets: { type: 'integer' },
    complete: { type: 'boolean' },
    added: { type: 'array', items: namedRoleSchema },
    removed: { type: 'array', items: namedRoleSchema },
    profiles: {
      title: 'SyncedProfiles',
      type: 'object',
      required: ['configFile', 'total', 'added', 'removed', 'changed'],
      properties: {
        configFile: text,
        total: { type: 'integer' },
        added: names,
        removed: names,
        changed: names,
        kept: names,
        write: { enum: ['used', 'auto'] },
        unwritten: { type: 'integer' },
        inCredentialsFile: inCredentialsFileSchema,
      },
    },
    error: errorSchema,
  },
} as const;

export type SignInSetupDocument = FromSchema<typeof signInSetupSchema>;

export const signInSchema = {
  title: 'SignIn',
  type: 'object',
  required: ['state'],
  properties: {
    state: { enum: ['live', 'pending', 'approved', 'denied', 'expired', 'cancelled'] },
    flow: flowSchema,
    flowReason: flowReasonSchema,
    userCode: { type: 'string', description: 'only with flow device' },
    verificationUri: { type: 'string', description: 'with flow pkce, the page for this sign-in alone' },
    verificationUriComplete: text,
    openUri: {
      type: 'string',
      description: 'the page to open, without the code in it; absent when it is not on a trusted host',
    },
    ...browserProperties,
    leadsTo: {
      type: 'string',
      description: "AWS's start URL, if that of the session is a company's own that leads there",
    },
    expiresAt: time,
    error: errorSchema,
    setup: signInSetupSchema,
  },
} as const;

export type SignInDocument = FromSchema<typeof signInSchema>;

export const signOutSchema = {
  title: 'SignOut',
  type: 'object',
  required: ['endedAtAws'],
  properties: {
    endedAtAws: {
      type: 'boolean',
      description: 'false: signed out here, but the session stays active at AWS',
    },
    note: { type: 'string', description: 'why it stays active, as a sentence for the user' },
  },
} as const;

export type SignOutDocument = FromSchema<typeof signOutSchema>;

export const userCheckSchema = {
  title: 'UserCheck',
  type: 'object',
  required: ['state'],
  properties: {
    state: {
      enum: ['confirmed', 'unconfirmed', 'unchecked'],
      description: 'unconfirmed: another user than before; no credentials until the user confirms',
    },
    user: text,
    previousUser: text,
    reason: { type: 'string', description: 'why the user is not known' },
  },
} as const;

export type UserCheckDocument = FromSchema<typeof userCheckSchema>;

export const renewalOfferSchema = {
  title: 'RenewalOffer',
  type: 'object',
  required: ['taken'],
  properties: {
    taken: { type: 'boolean', description: 'false: nothing is to be renewed, or it was offered today' },
  },
} as const;

export type RenewalOfferDocument = FromSchema<typeof renewalOfferSchema>;
