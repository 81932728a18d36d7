// The status document, and the events that report its changes.
import type { FromSchema } from 'json-schema-to-ts';
import { FLOW_SETTINGS } from '../../core/aws/sign-in-flow.ts';
import { accountId, errorSchema, names, orNull, permissionSet, sessionName, text, time } from './values.ts';
import { approvalsSchema } from './approvals.ts';
import { lockSchema } from './lock.ts';
import { refusalSchema } from './profiles.ts';
import { shownCurrentRoleSchema } from './roles.ts';
import { flowReasonSchema, flowSchema, signInSchema } from './sign-in.ts';

const problemSchema = {
  title: 'Problem',
  type: 'object',
  required: ['code', 'message', 'hint'],
  properties: {
    ...errorSchema.properties,
    session: sessionName,
    team: { const: true, description: "in the team's file, not in your own settings; absent otherwise" },
  },
} as const;

const roleRefusalSchema = {
  title: 'RoleRefusal',
  type: 'object',
  required: [...refusalSchema.required, 'profile', 'session', 'accountId', 'permissionSet'],
  properties: {
    ...refusalSchema.properties,
    profile: {
      type: ['string', 'null'],
      description: "rolecall's profile for the role; `current` when that was requested",
    },
    session: { ...orNull(sessionName), description: 'null if no role was current, like the next two' },
    accountId: orNull(accountId),
    permissionSet: orNull(permissionSet),
  },
} as const;

export type RoleRefusalDocument = FromSchema<typeof roleRefusalSchema>;

const catalogSummarySchema = {
  title: 'CatalogSummary',
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
  title: 'ListingProgress',
  type: 'object',
  required: ['accountsListed', 'accountsTotal'],
  properties: { accountsListed: { type: 'integer' }, accountsTotal: { type: 'integer' } },
} as const;

const upstreamSchema = {
  title: 'Upstream',
  type: 'object',
  required: ['service', 'circuit'],
  properties: {
    service: { ...text, description: 'oidc, portal, or sts. and a region that has failed since its last answer' },
    circuit: { enum: ['closed', 'open', 'half-open'], description: 'open: an outage, in which no calls are made' },
    nextTryAt: time,
  },
} as const;

const roleUseSchema = {
  title: 'RoleUse',
  type: 'object',
  required: ['accountId', 'permissionSet', 'state'],
  properties: {
    accountId,
    permissionSet,
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
  title: 'NextRetry',
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
  title: 'SignInFlowDecision',
  type: 'object',
  description: 'how a sign-in from the desktop, the tray or the page would work',
  required: ['setting', 'flow', 'reason'],
  properties: { setting: { enum: FLOW_SETTINGS }, flow: flowSchema, reason: flowReasonSchema },
} as const;

const sessionEndpointSchema = {
  title: 'SessionEndpoint',
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
  title: 'SessionStatus',
  type: 'object',
  required: ['session', 'startUrl', 'region', 'state', 'catalog', 'listing', 'tokenFileProfiles'],
  properties: {
    session: sessionName,
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
    endpoints: {
      type: 'array',
      items: sessionEndpointSchema,
      description:
        "its own endpoints that are not AWS's default ones, instead of those under `endpoints` of the document; absent without one",
    },
    upstreams: { type: 'array', items: upstreamSchema },
    nextRefreshAt: {
      ...time,
      description:
        'when the access token or the keys of a role in use are renewed next; absent while no role is in use',
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
  title: 'Endpoint',
  type: 'object',
  required: ['url', 'source'],
  properties: { url: text, source: { enum: ['settings', 'environment'] } },
} as const;

export const statusSchema = {
  title: 'Status',
  type: 'object',
  required: ['version', 'pid', 'startedAt', 'store', 'endpoints', 'files', 'sessions', 'current', 'problems'],
  properties: {
    version: text,
    processId: { type: 'integer', description: "the daemon's; absent in answers of version 0.1.0" },
    pid: { type: 'integer', deprecated: true, description: 'the same as `processId`' },
    startedAt: time,
    clockAheadSeconds: {
      type: 'integer',
      description:
        "by how much this machine's clock is ahead of AWS's, or behind if negative, rounded to minutes; absent up to two minutes. Times of sessions, tokens and keys are AWS's",
    },
    store: {
      title: 'StoreStatus',
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
      title: 'Files',
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
    lock: {
      anyOf: [lockSchema, { type: 'null' }],
      description: 'null while rolecall is unlocked and no setting locks it',
    },
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

const eventId = {
  title: 'EventId',
  type: 'string',
  pattern: '^[0-9]{1,15}-[0-9]{1,15}$',
  description: 'send that of the last event as Last-Event-ID to get what came after it',
  examples: ['1764581400000-17'],
} as const;

/** An event as it arrives: `id:`, `event:` and `data:` lines, with the JSON of `data` parsed. */
const event = <const N extends string, const T extends string, const D>(title: N, type: T, data: D) =>
  ({
    title,
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: { id: eventId, event: { const: type }, data },
  }) as const;

/** One event of the stream. An event of a type not listed here comes from a newer daemon. */
export const eventSchema = {
  title: 'Event',
  anyOf: [
    // Replaces everything that the client knows.
    event('HelloEvent', 'hello', {
      title: 'Hello',
      type: 'object',
      required: ['version', 'status'],
      properties: { version: text, status: statusSchema },
    }),
    event('SessionEvent', 'session', sessionStatusSchema),
    // Without the new roles, which may be thousands: the sign-in route has them.
    event('SignInEvent', 'sign-in', {
      title: 'SessionSignIn',
      type: 'object',
      required: ['session', 'signIn'],
      properties: { session: sessionName, signIn: orNull(signInSchema) },
    }),
    event('CatalogEvent', 'catalog', {
      title: 'SessionCatalog',
      type: 'object',
      required: ['session', 'catalog'],
      properties: { session: sessionName, catalog: orNull(catalogSummarySchema) },
    }),
    event('CurrentEvent', 'current', orNull(shownCurrentRoleSchema)),
    event('ProblemsEvent', 'problems', { type: 'array', items: problemSchema }),
    event('LockEvent', 'lock', orNull(lockSchema)),
    // Replaces the approvals that the client knows. None are pending after a `hello` until it comes.
    event('ApprovalsEvent', 'approvals', approvalsSchema),
    // The list of roles has changed: request it again.
    event('RolesEvent', 'roles', {
      title: 'RolesChange',
      type: 'object',
      required: ['asOf'],
      properties: { asOf: orNull(time) },
    }),
  ],
} as const;

type WireEvent = FromSchema<typeof eventSchema>;

/** What a client works with: `type` is the wire's `event`. */
export type EventDocument = {
  [T in WireEvent['event']]: { readonly type: T; readonly data: Extract<WireEvent, { event: T }>['data'] };
}[WireEvent['event']];
