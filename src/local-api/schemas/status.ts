// The status document, and the events that report its changes.
import type { FromSchema } from 'json-schema-to-ts';
import { FLOW_SETTINGS } from '../../core/aws/sign-in-flow.ts';
import { errorSchema, names, text, time } from './values.ts';
import { approvalsSchema } from './approvals.ts';
import { lockSchema } from './lock.ts';
import { refusalSchema } from './profiles.ts';
import { shownCurrentRoleSchema } from './roles.ts';
import { flowReasonSchema, flowSchema, signInSchema } from './sign-in.ts';

const problemSchema = {
  type: 'object',
  required: ['code', 'message', 'hint'],
  properties: {
    ...errorSchema.properties,
    session: text,
    team: { const: true, description: "in the team's file, not in your own settings; absent otherwise" },
  },
} as const;

const roleRefusalSchema = {
  type: 'object',
  required: [...refusalSchema.required, 'profile', 'session', 'accountId', 'permissionSet'],
  properties: {
    ...refusalSchema.properties,
    profile: { type: ['string', 'null'], description: "rolecall's profile for the role; `current` when that was requested" },
    session: { type: ['string', 'null'], description: 'null if no role was current, like the next two' },
    accountId: { type: ['string', 'null'] },
    permissionSet: { type: ['string', 'null'] },
  },
} as const;

export type RoleRefusalDocument = FromSchema<typeof roleRefusalSchema>;

const catalogSummarySchema = {
  type: 'object',
  required: ['asOf', 'complete', 'accounts', 'permissionSets'],
  properties: {
    asOf: time,
    complete: { type: 'boolean' },
    accounts: { type: 'integer' },
    permissionSets: { type: 'integer' },
  },
} as const;

const listingSchema = {
  type: 'object',
  required: ['accountsListed', 'accountsTotal'],
  properties: { accountsListed: { type: 'integer' }, accountsTotal: { type: 'integer' } },
} as const;

const upstreamSchema = {
  type: 'object',
  required: ['service', 'circuit'],
  properties: {
    service: { ...text, description: 'oidc, portal, or sts. and a region that has failed since its last answer' },
    circuit: { enum: ['closed', 'open', 'half-open'], description: 'open: an outage, in which no calls are made' },
    nextTryAt: time,
  },
} as const;

const roleUseSchema = {
  type: 'object',
  required: ['accountId', 'permissionSet', 'state'],
  properties: {
    accountId: text,
    permissionSet: text,
    state: {
      enum: ['fresh', 'due', 'refreshing', 'failing', 'unused'],
      description: 'unused: not requested for one lifetime, so no longer renewed',
    },
    expiresAt: time,
    nextRefreshAt: time,
  },
} as const;

export type RoleUseDocument = FromSchema<typeof roleUseSchema>;

const nextRetrySchema = {
  type: 'object',
  description: 'what delays the next renewal; absent while nothing does',
  required: ['reason', 'message'],
  properties: {
    reason: {
      enum: ['outage', 'server-pause', 'back-off', 'secret-store'],
      description:
        'outage: Identity Center failed several times in a row; server-pause: it asked for a pause; back-off: the last renewal failed; secret-store: it is locked or failing',
    },
    message: text,
    at: { ...time, description: 'absent: at the next request, or once the secret store works' },
  },
} as const;

const flowDecisionSchema = {
  type: 'object',
  description: 'how a sign-in from the desktop, the tray or the page would work',
  required: ['setting', 'flow', 'reason'],
  properties: { setting: { enum: FLOW_SETTINGS }, flow: flowSchema, reason: flowReasonSchema },
} as const;

const sessionEndpointSchema = {
  type: 'object',
  required: ['service', 'url', 'kind', 'setBy'],
  properties: {
    service: { enum: ['oidc', 'portal', 'sts'] },
    url: text,
    kind: { enum: ['custom', 'fips', 'dualstack', 'fips-dualstack'], description: 'custom: not one of AWS' },
    setBy: { ...text, description: 'where this was set, such as: use_fips_endpoint of [sso-session work]' },
  },
} as const;

export const sessionStatusSchema = {
  type: 'object',
  required: ['session', 'startUrl', 'region', 'state', 'catalog', 'listing', 'tokenFileProfiles'],
  properties: {
    session: text,
    label: { type: 'string', description: "the session's label in the settings; absent without one" },
    startUrl: text,
    region: text,
    state: { enum: ['live', 'pending', 'expired', 'signed-out'] },
    flow: flowDecisionSchema,
    signedInAt: time,
    tokenExpiresAt: time,
    onlyInMemory: {
      const: true,
      description: 'no store has the tokens of this sign-in, so the end of the daemon ends it; absent otherwise',
    },
    sessionExpiresAt: time,
    user: { type: 'string', description: 'who signed in, from GetCallerIdentity; absent until checked' },
    renewal: {
      enum: ['due', 'offered'],
      description:
        'with `renew = "ask"`: the session ends during this working day. due: its renewal will be offered at a quiet moment; offered: that was done today; absent otherwise',
    },
    sessionEndIs: { enum: ['configured', 'observed'], description: 'where sessionExpiresAt comes from' },
    catalog: { anyOf: [catalogSummarySchema, { type: 'null' }] },
    listing: { anyOf: [listingSchema, { type: 'null' }] },
    waiting: { type: 'integer', description: 'callers that wait for a sign-in (on_expired)' },
    endpoints: { type: 'array', items: sessionEndpointSchema, description: "its own endpoints that are not AWS's default ones, instead of those under `endpoints` of the document; absent without one" },
    upstreams: { type: 'array', items: upstreamSchema },
    nextRefreshAt: {
      ...time,
      description: 'when the access token or the keys of a role in use are renewed next; absent while no role is in use',
    },
    nextRetry: nextRetrySchema,
    roles: { type: 'array', items: roleUseSchema, description: 'in use: the 100 that were requested last' },
    tokenFileProfiles: {
      ...names,
      description: "hand-written profiles that need the access token in the AWS CLI's own token file",
    },
  },
} as const;

export type SessionStatusDocument = FromSchema<typeof sessionStatusSchema>;

const endpointSchema = {
  type: 'object',
  required: ['url', 'source'],
  properties: { url: text, source: { enum: ['settings', 'environment'] } },
} as const;

export const statusSchema = {
  type: 'object',
  required: ['version', 'pid', 'startedAt', 'store', 'endpoints', 'files', 'sessions', 'current', 'problems'],
  properties: {
    version: text,
    pid: { type: 'integer' },
    startedAt: time,
    clockAheadSeconds: {
      type: 'integer',
      description:
        "by how much this machine's clock is ahead of AWS's, or behind if negative, in whole minutes; absent up to two minutes. Times of sessions, tokens and keys are AWS's",
    },
    store: {
      type: 'object',
      required: ['driver', 'durable'],
      properties: { driver: { enum: ['keychain', 'file', 'memory'] }, durable: { type: 'boolean' } },
    },
    endpoints: {
      type: 'object',
      description: "custom endpoints in force; an absent one is AWS's own",
      properties: {
        ssoOidc: endpointSchema,
        sso: endpointSchema,
        sts: endpointSchema,
        switches: { ...names, description: "variables of the daemon that choose AWS's FIPS or dual-stack endpoints" },
      },
    },
    files: {
      type: 'object',
      required: ['settings', 'config', 'log', 'socket'],
      properties: { settings: text, config: text, log: text, audit: text, socket: text },
    },
    team: {
      type: 'object',
      description: 'the team file beneath the settings; absent without one',
      required: ['source'],
      properties: { source: text },
    },
    sessions: { type: 'array', items: sessionStatusSchema },
    current: { anyOf: [shownCurrentRoleSchema, { type: 'null' }] },
    problems: { type: 'array', items: problemSchema },
    notes: {
      type: 'array',
      items: problemSchema,
      description: 'worth knowing, and nothing to act on; shown by `rolecall doctor`; absent without one',
    },
    lock: { anyOf: [lockSchema, { type: 'null' }], description: 'null while rolecall is unlocked and no setting locks it' },
    approvals: { type: 'integer', description: 'how many approvals wait for a person; absent without one' },
    lastRefusals: {
      type: 'array',
      items: roleRefusalSchema,
      description:
        'the last refusal of each profile that got no keys, newest first, 100 at most; absent without one, and in events',
    },
  },
} as const;

export type StatusDocument = FromSchema<typeof statusSchema>;

const event = <T extends string, D>(type: T, data: D) =>
  ({
    type: 'object',
    required: ['type', 'data'],
    properties: { type: { const: type }, data },
  }) as const;

/** An event's `event:` and `data:` lines. An event of a type not listed here comes from a newer daemon. */
export const eventSchema = {
  anyOf: [
    // Replaces everything that the client knows.
    event('hello', {
      type: 'object',
      required: ['version', 'status'],
      properties: { version: text, status: statusSchema },
    } as const),
    event('session', sessionStatusSchema),
    // Without the new roles, which may be thousands: the sign-in route has them.
    event('sign-in', {
      type: 'object',
      required: ['session', 'signIn'],
      properties: { session: text, signIn: { anyOf: [signInSchema, { type: 'null' }] } },
    } as const),
    event('catalog', {
      type: 'object',
      required: ['session', 'catalog'],
      properties: { session: text, catalog: { anyOf: [catalogSummarySchema, { type: 'null' }] } },
    } as const),
    event('current', { anyOf: [shownCurrentRoleSchema, { type: 'null' }] } as const),
    event('problems', { type: 'array', items: problemSchema } as const),
    event('lock', { anyOf: [lockSchema, { type: 'null' }] } as const),
    // Replaces the approvals that the client knows. None are pending after a `hello` until it comes.
    event('approvals', approvalsSchema),
    // The list of roles has changed: request it again.
    event('roles', { type: 'object', required: ['asOf'], properties: { asOf: { type: ['string', 'null'] } } } as const),
  ],
} as const;

export type EventDocument = FromSchema<typeof eventSchema>;
