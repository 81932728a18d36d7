// The JSON Schemas of the local API's documents; types, validation and OpenAPI all follow from these literals.
import type { FromSchema } from 'json-schema-to-ts';
import { CONSOLE_SERVICE } from '../core/aws/console-service.ts';

/** A name of the user's own, in a selector or a label: any text without control characters. */
const plainText = { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' } as const;
export const sessionName = { ...plainText, minLength: 1, maxLength: 256 } as const;
export const accountId = { type: 'string', pattern: '^[0-9]{12}$' } as const;
export const permissionSet = { type: 'string', pattern: '^[A-Za-z0-9_+=,.@-]{1,32}$' } as const;

const time = { type: 'string', description: 'UTC, whole seconds, ending in Z' } as const;
const text = { type: 'string' } as const;
const names = { type: 'array', items: { type: 'string' } } as const;

export const errorSchema = {
  type: 'object',
  required: ['code', 'message', 'hint'],
  properties: {
    code: { type: 'string', description: 'stable' },
    message: { type: 'string', description: 'one sentence' },
    hint: { type: 'string', description: 'a command to type' },
  },
} as const;

const problemSchema = {
  type: 'object',
  required: ['code', 'message', 'hint'],
  properties: {
    ...errorSchema.properties,
    session: text,
    team: { const: true, description: "in the team's file, not in your own settings; absent otherwise" },
  },
} as const;

export const currentRoleSchema = {
  type: 'object',
  required: ['session', 'accountId', 'permissionSet', 'profile'],
  additionalProperties: false,
  properties: {
    session: sessionName,
    accountId,
    permissionSet,
    profile: {
      anyOf: [{ ...plainText, maxLength: 512 }, { type: 'null' }],
      description: 'the profile of ours by which AWS clients get the role, if there is one',
    },
  },
} as const;

/** What makes a role the current one. */
export const newCurrentRoleSchema = {
  ...currentRoleSchema,
  required: ['session', 'accountId', 'permissionSet'],
  properties: {
    ...currentRoleSchema.properties,
    profile: {
      ...currentRoleSchema.properties.profile,
      description: 'may be left out; a name that is not one of that role is refused',
    },
  },
} as const;

/** The current role as a person is shown it. */
const shownCurrentRoleSchema = {
  type: 'object',
  required: [...currentRoleSchema.required, 'accountName', 'protected'],
  properties: {
    ...currentRoleSchema.properties,
    accountName: { type: ['string', 'null'] },
    protected: { type: 'boolean', description: 'a [[protect]] of the settings matches' },
  },
} as const;

/** The last time that a program asked for keys and got none; it is forgotten when keys are given again. */
const refusalSchema = {
  type: 'object',
  required: ['at', ...errorSchema.required],
  properties: { at: time, ...errorSchema.properties },
} as const;

const roleRefusalSchema = {
  type: 'object',
  required: [...refusalSchema.required, 'profile', 'session', 'accountId', 'permissionSet'],
  properties: {
    ...refusalSchema.properties,
    profile: { type: ['string', 'null'], description: 'of ours for the role; `current` when it was asked for as that' },
    session: { type: ['string', 'null'], description: 'null, as the next two, when no role was current' },
    accountId: { type: ['string', 'null'] },
    permissionSet: { type: ['string', 'null'] },
  },
} as const;

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

const browserProperties = {
  browser: { type: ['string', 'null'], description: "the session's command template in the settings" },
  browserLine: { type: 'integer', description: 'of that template in the settings file' },
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
    service: { enum: ['oidc', 'portal'] },
    circuit: { enum: ['closed', 'open', 'half-open'], description: 'open in an outage: no call goes out' },
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
      description: 'unused: not asked for within a lifetime, so not renewed any more',
    },
    expiresAt: time,
    nextRefreshAt: time,
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
    signedInAt: time,
    tokenExpiresAt: time,
    sessionExpiresAt: time,
    user: { type: 'string', description: 'who signed in, by GetCallerIdentity; absent while nobody has checked' },
    sessionEndIs: { enum: ['configured', 'observed'], description: 'how sessionExpiresAt is known' },
    catalog: { anyOf: [catalogSummarySchema, { type: 'null' }] },
    listing: { anyOf: [listingSchema, { type: 'null' }] },
    waiting: { type: 'integer', description: 'callers that are held for a sign-in (on_expired)' },
    upstreams: { type: 'array', items: upstreamSchema },
    roles: { type: 'array', items: roleUseSchema, description: 'in use, the 100 that were asked for last' },
    tokenFileProfiles: {
      ...names,
      description: "hand-written profiles for whose sake the access token is in the AWS CLI's own token file",
    },
  },
} as const;

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
    store: {
      type: 'object',
      required: ['driver', 'durable'],
      properties: { driver: { enum: ['keychain', 'file', 'memory'] }, durable: { type: 'boolean' } },
    },
    endpoints: {
      type: 'object',
      description: "custom endpoints in force; an absent one is AWS's own",
      properties: { ssoOidc: endpointSchema, sso: endpointSchema, sts: endpointSchema },
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
    lastRefusals: {
      type: 'array',
      items: roleRefusalSchema,
      description:
        'of each profile that got no keys when it last asked, the last 100, newest first; absent without one, and in events',
    },
  },
} as const;

export const accountsSchema = {
  type: 'object',
  required: ['asOf', 'complete', 'accounts'],
  properties: {
    asOf: { type: ['string', 'null'], description: 'the oldest of the lists shown; null when nothing was ever listed' },
    complete: { type: 'boolean' },
    accounts: {
      type: 'array',
      items: {
        type: 'object',
        required: ['session', 'accountId', 'accountName', 'emailAddress', 'permissionSets'],
        properties: {
          session: text,
          accountId: { type: 'string', description: 'twelve digits' },
          accountName: { type: ['string', 'null'] },
          emailAddress: { type: ['string', 'null'] },
          permissionSets: names,
        },
      },
    },
  },
} as const;

/** AWS's credential_process document. */
export const credentialsSchema = {
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

const namedRoleSchema = {
  type: 'object',
  required: ['accountId', 'accountName', 'permissionSet'],
  properties: { accountId: text, accountName: { type: ['string', 'null'] }, permissionSet: text },
} as const;

/** What the daemon does by itself once a session is signed in: list, then write the profiles. */
const inCredentialsFileSchema = {
  type: 'object',
  description: 'names that the shared credentials file has, so that no profile of ours gets them; absent without any',
  required: ['file', 'names'],
  properties: {
    file: text,
    names: {
      type: 'array',
      items: {
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

export const signInSetupSchema = {
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

export const signInSchema = {
  type: 'object',
  required: ['state'],
  properties: {
    state: { enum: ['live', 'pending', 'approved', 'denied', 'expired', 'cancelled'] },
    flow: { enum: ['device'] },
    userCode: text,
    verificationUri: text,
    verificationUriComplete: text,
    openUri: {
      type: 'string',
      description: 'the page to open, without the code in it; absent when it is not on a trusted host',
    },
    ...browserProperties,
    expiresAt: time,
    error: errorSchema,
    setup: signInSetupSchema,
  },
} as const;

export const signOutSchema = {
  type: 'object',
  required: ['endedAtAws'],
  properties: {
    endedAtAws: {
      type: 'boolean',
      description: 'false: nothing is served here any more, but the session lives on at AWS',
    },
    note: { type: 'string', description: 'why it lives on, for a person' },
  },
} as const;

export const userCheckSchema = {
  type: 'object',
  required: ['state'],
  properties: {
    state: {
      enum: ['confirmed', 'unconfirmed', 'unchecked'],
      description: 'unconfirmed: another user than before, and nothing is served until a person agrees',
    },
    user: text,
    previousUser: text,
    reason: { type: 'string', description: 'why nobody knows' },
  },
} as const;

const event = <T extends string, D>(type: T, data: D) =>
  ({
    type: 'object',
    required: ['type', 'data'],
    properties: { type: { const: type }, data },
  }) as const;

/** An event's `event:` and `data:` lines; one that is of a type that is not here is from a newer daemon. */
export const eventSchema = {
  anyOf: [
    // Whoever gets this forgets what he knew.
    event('hello', {
      type: 'object',
      required: ['version', 'status'],
      properties: { version: text, status: statusSchema },
    } as const),
    event('session', sessionStatusSchema),
    // Without what was new, which may be thousands of names: the sign-in's own route has them.
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
    // The list of roles is another one now: ask again.
    event('roles', { type: 'object', required: ['asOf'], properties: { asOf: { type: ['string', 'null'] } } } as const),
  ],
} as const;

export const profilesSchema = {
  type: 'object',
  required: ['configFile', 'written', 'profiles', 'added', 'removed', 'changed', 'skipped', 'diff'],
  properties: {
    configFile: text,
    written: { type: 'boolean', description: 'true when this call changed the file' },
    profiles: {
      type: 'array',
      items: {
        type: 'object',
        required: ['profileName', 'session', 'accountId', 'accountName', 'permissionSet', 'region'],
        properties: {
          profileName: text,
          session: text,
          accountId: text,
          accountName: { type: ['string', 'null'] },
          permissionSet: text,
          region: text,
          aliases: { ...names, description: 'further names, each a profile as well' },
        },
      },
    },
    write: { enum: ['used', 'auto'], description: 'the setting; absent when every profile is written' },
    unwritten: { type: 'integer', description: 'profiles that are written once somebody uses them' },
    added: names,
    removed: names,
    changed: names,
    kept: {
      ...names,
      description: 'profiles that stay though a suspicious listing lost their roles; absent without any',
    },
    skipped: {
      type: 'array',
      items: {
        type: 'object',
        required: ['profileName', 'reason'],
        properties: { profileName: text, reason: text },
      },
    },
    inCredentialsFile: inCredentialsFileSchema,
    diff: { type: 'string', description: 'unified' },
    conflict: {
      ...errorSchema,
      description: 'why a sync writes nothing: somebody added keys or profiles to the block, which it would delete',
    },
  },
} as const;

/** One profile of the shared config file that belongs to a role. */
export const profileSchema = {
  type: 'object',
  required: ['profileName', 'followsCurrent', 'session', 'accountId', 'permissionSet', 'region'],
  properties: {
    profileName: text,
    followsCurrent: { type: 'boolean', description: 'the role is what is current now' },
    session: text,
    accountId: text,
    permissionSet: text,
    region: { type: ['string', 'null'] },
    unwritten: { type: 'boolean', description: 'true: it is not in the file; POST /v1/profile writes it' },
    lastRefusal: { ...refusalSchema, description: 'absent when its keys were given since, or never asked for' },
  },
} as const;

export const profileWishSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name: { ...plainText, minLength: 1, maxLength: 512 } },
} as const;

const grantTerms = {
  lifetimeSeconds: { type: 'integer', minimum: 1, maximum: 7 * 24 * 3600, description: '24 hours when absent' },
  processId: { type: 'integer', minimum: 1, description: 'the grant ends with this process' },
} as const;

/** What a grant is asked for: one role, or whatever role is the current one. */
export const grantWishSchema = {
  anyOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['session', 'accountId', 'permissionSet'],
      properties: { session: sessionName, accountId, permissionSet, ...grantTerms },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['current'],
      properties: { current: { const: true }, ...grantTerms },
    },
  ],
} as const;

const grantProperties = {
  id: text,
  current: { type: 'boolean', description: 'the grant follows the current role; the role is null then' },
  role: {
    anyOf: [
      {
        type: 'object',
        required: ['session', 'accountId', 'permissionSet'],
        properties: { session: text, accountId: text, permissionSet: text },
      },
      { type: 'null' },
    ],
  },
  createdAt: time,
  expiresAt: time,
  processId: { type: ['integer', 'null'] },
} as const;
const grantRequired = ['id', 'current', 'role', 'createdAt', 'expiresAt', 'processId'] as const;

export const grantSchema = { type: 'object', required: grantRequired, properties: grantProperties } as const;

export const grantsSchema = {
  type: 'object',
  required: ['grants'],
  properties: { grants: { type: 'array', items: grantSchema } },
} as const;

/** A grant with its secrets, which are told once. */
export const issuedGrantSchema = {
  type: 'object',
  required: [...grantRequired, 'url', 'token', 'directory'],
  properties: {
    ...grantProperties,
    url: { type: 'string', description: 'for AWS_CONTAINER_CREDENTIALS_FULL_URI' },
    token: { type: 'string', description: 'for AWS_CONTAINER_AUTHORIZATION_TOKEN' },
    directory: { type: 'string', description: "0700, for the caller's own files; gone with the grant" },
  },
} as const;

/** What the container credentials provider of AWS's SDKs reads. */
export const containerCredentialsSchema = {
  type: 'object',
  required: ['AccessKeyId', 'SecretAccessKey', 'Token', 'Expiration', 'AccountId'],
  properties: { AccessKeyId: text, SecretAccessKey: text, Token: text, Expiration: time, AccountId: text },
} as const;

/** One row of what a person chooses from: an account with one of its permission sets, and what it is called here. */
export const roleSchema = {
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
    session: text,
    label: { type: 'string', description: "the session's label in the settings, else its name" },
    accountId: { type: 'string', description: 'twelve digits' },
    accountName: { type: ['string', 'null'] },
    permissionSet: text,
    profile: { type: ['string', 'null'], description: 'null when no profile of ours has this role' },
    aliases: { ...names, description: 'further profile names of ours; absent without any' },
    unwritten: { type: 'boolean', description: 'true: the profile comes into the file with POST /v1/profile' },
    shadowed: { type: 'boolean', description: 'true: AWS clients take that name from the shared credentials file' },
    protected: { type: 'boolean', description: 'a [[protect]] of the settings matches' },
    pinned: { type: 'boolean' },
    score: { type: 'number', description: 'how often and how lately it was switched to; 0: never' },
    lastUsedAt: time,
  },
} as const;

export const rolesSchema = {
  type: 'object',
  required: ['asOf', 'complete', 'roles'],
  properties: {
    asOf: { type: ['string', 'null'], description: 'as in the list of accounts' },
    complete: { type: 'boolean' },
    total: { type: 'integer', description: 'how many there are, when only the first were asked for' },
    leading: { type: 'integer', description: 'how many of the first are the beginning of the whole list' },
    roles: {
      type: 'array',
      items: roleSchema,
      description:
        'by account name, account id, permission set, session: the order of every list that a person sees; ' +
        'of the first ones alone, some are pinned or used most, and the others are the beginning of the list',
    },
  },
} as const;

/** What the AWS console is asked for. */
export const consoleWishSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['session', 'accountId', 'permissionSet'],
  properties: {
    session: sessionName,
    accountId,
    permissionSet,
    service: { type: 'string', pattern: CONSOLE_SERVICE.source, description: 'as in the console URL: ec2, s3, …' },
    region: { type: 'string', pattern: '^[a-z0-9-]{1,63}$' },
    federated: { type: 'boolean', description: 'a sign-in URL with a token in it; on the socket only' },
  },
} as const;

export const consoleSchema = {
  type: 'object',
  required: ['url', 'secret', 'session', 'accountId', 'accountName', 'permissionSet', 'protected', 'browser'],
  properties: {
    url: text,
    secret: { type: 'boolean', description: 'true: whoever has the URL is signed in; keep it off argv and logs' },
    endsAt: { ...time, description: 'of a secret one: when the console session ends, which is when its keys do' },
    session: text,
    accountId: text,
    accountName: { type: ['string', 'null'] },
    permissionSet: text,
    protected: { type: 'boolean', description: 'a [[protect]] of the settings matches' },
    ...browserProperties,
  },
} as const;

/** A code of 60 seconds, good for one exchange, which the page gets in its fragment. */
export const webCodeSchema = {
  type: 'object',
  required: ['url', 'code', 'expiresAt'],
  properties: {
    url: {
      type: 'string',
      description: 'to open, with the code as its fragment; with a fixed web_port the name in it is new at each start',
    },
    code: text,
    expiresAt: time,
  },
} as const;

export const webCodeExchangeSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['code'],
  properties: { code: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' } },
} as const;

export const webTokenSchema = { type: 'object', required: ['token'], properties: { token: text } } as const;

/** Whether AWS's endpoints answer the daemon: by its proxy and its CAs, which need not be the caller's. */
export const reachSchema = {
  type: 'object',
  required: ['nodeVersion', 'endpoints'],
  properties: {
    nodeVersion: { type: 'string', description: "the daemon's" },
    droppedVariables: { ...names, description: 'of its environment, which the daemon took out at its start' },
    endpoints: {
      type: 'array',
      items: {
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

/** A start URL as it was typed, made into the one to write, with its region where that can be had. */
export const startUrlSchema = {
  type: 'object',
  required: ['startUrl', 'isAws', 'region', 'regionIs'],
  properties: {
    startUrl: text,
    isAws: { type: 'boolean', description: "false: a host that is none of AWS's" },
    region: { type: ['string', 'null'] },
    regionIs: { enum: ['in-the-url', 'on-the-page', null], description: 'how it is known' },
  },
} as const;

/** What the first run asks for; an absent part stays as it is. */
export const setupWishSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    session: {
      type: 'object',
      additionalProperties: false,
      required: ['name', 'startUrl', 'region'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 64 },
        startUrl: { type: 'string', minLength: 1, maxLength: 2048 },
        region: { type: 'string', minLength: 1, maxLength: 64 },
      },
    },
    nameTemplate: { type: 'string', minLength: 1, maxLength: 256 },
    secretStore: { enum: ['keychain', 'file', 'memory'] },
    dryRun: { type: 'boolean', description: 'write nothing' },
  },
} as const;

const editedFile = {
  path: text,
  written: { type: 'boolean' },
  diff: { type: 'string', description: 'unified; empty when nothing changes' },
} as const;

export const setupSchema = {
  type: 'object',
  required: ['config', 'settings', 'preview'],
  properties: {
    config: { type: 'object', required: ['path', 'written', 'diff'], properties: editedFile },
    settings: {
      type: 'object',
      required: ['path', 'written', 'diff', 'kept'],
      properties: { ...editedFile, kept: { ...names, description: 'keys that say something else already' } },
      description: 'in force from the next start of the daemon on',
    },
    preview: {
      type: 'array',
      description: 'what the profiles of two made-up accounts would be called',
      items: {
        type: 'object',
        required: ['accountName', 'accountId', 'permissionSet', 'profileName'],
        properties: { accountName: text, accountId: text, permissionSet: text, profileName: text },
      },
    },
  },
} as const;

/** A team file to take over: from where, or from where the last one came. */
export const teamWishSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    source: { ...plainText, minLength: 1, maxLength: 2048, description: 'an https URL or an absolute path' },
    digest: {
      type: 'string',
      pattern: '^[0-9a-f]{64}$',
      description: 'of the file that was looked at: no other is taken',
    },
    dryRun: { type: 'boolean', description: 'write nothing' },
  },
} as const;

export const teamSchema = {
  type: 'object',
  required: ['source', 'digest', 'team', 'config', 'sessions', 'kept', 'foreignStartUrls'],
  properties: {
    source: text,
    redirectedTo: { ...text, description: 'where the source leads and the file was loaded from' },
    digest: { type: 'string', description: 'SHA-256 of the file' },
    team: { type: 'object', required: ['path', 'written', 'diff'], properties: editedFile },
    config: { type: 'object', required: ['path', 'written', 'diff'], properties: editedFile },
    sessions: { ...names, description: 'sso-sessions of the file' },
    kept: { ...names, description: "what a person's own settings say differently, which stays" },
    foreignStartUrls: { ...names, description: "start URLs on hosts that are none of AWS's" },
  },
} as const;

export type TeamWishDocument = FromSchema<typeof teamWishSchema>;
export type TeamDocument = FromSchema<typeof teamSchema>;
export type StartUrlDocument = FromSchema<typeof startUrlSchema>;
export type SetupWishDocument = FromSchema<typeof setupWishSchema>;
export type SetupDocument = FromSchema<typeof setupSchema>;
const adoptionSource = { enum: ['aws', 'aws-sso', 'granted', 'aws-vault', 'leapp'] } as const;

/** Which profiles are to be led to rolecall; undo puts back the file of before the latest time. */
export const adoptionWishSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    from: { type: 'array', items: adoptionSource, minItems: 1, maxItems: 5, description: 'all of them when absent' },
    undo: { type: 'boolean' },
    dryRun: { type: 'boolean', description: 'write nothing' },
  },
} as const;

export const adoptionSchema = {
  type: 'object',
  required: ['configFile', 'written', 'adopted', 'left', 'newSessions', 'notes', 'diff', 'backup'],
  properties: {
    configFile: text,
    written: { type: 'boolean', description: 'true when this call changed the file' },
    adopted: {
      type: 'array',
      items: {
        type: 'object',
        required: ['profileName', 'line', 'source', 'session', 'accountId', 'permissionSet'],
        properties: {
          profileName: text,
          line: { type: 'integer' },
          source: adoptionSource,
          session: text,
          accountId: text,
          permissionSet: text,
        },
      },
    },
    left: {
      type: 'array',
      description: 'profiles of these sources that stay as they are',
      items: {
        type: 'object',
        required: ['profileName', 'line', 'source', 'reason'],
        properties: { profileName: text, line: { type: 'integer' }, source: adoptionSource, reason: text },
      },
    },
    newSessions: {
      type: 'array',
      items: {
        type: 'object',
        required: ['session', 'startUrl', 'region'],
        properties: { session: text, startUrl: text, region: text },
      },
    },
    notes: names,
    diff: { type: 'string', description: 'unified' },
    backup: {
      type: ['string', 'null'],
      description: 'where the file of before is kept; null when nothing was written',
    },
  },
} as const;

export type AdoptionWishDocument = FromSchema<typeof adoptionWishSchema>;
export type AdoptionDocument = FromSchema<typeof adoptionSchema>;
export type ReachDocument = FromSchema<typeof reachSchema>;
export type StatusDocument = FromSchema<typeof statusSchema>;
export type RefusalDocument = FromSchema<typeof refusalSchema>;
export type RoleRefusalDocument = FromSchema<typeof roleRefusalSchema>;
export type SessionStatusDocument = FromSchema<typeof sessionStatusSchema>;
export type RoleUseDocument = FromSchema<typeof roleUseSchema>;
export type NewCurrentRole = FromSchema<typeof newCurrentRoleSchema>;
export type CurrentRoleDocument = FromSchema<typeof currentRoleSchema>;
export type ShownCurrentRoleDocument = FromSchema<typeof shownCurrentRoleSchema>;
export type AccountsDocument = FromSchema<typeof accountsSchema>;
export type CredentialsDocument = FromSchema<typeof credentialsSchema>;
export type UserCheckDocument = FromSchema<typeof userCheckSchema>;
export type SignInDocument = FromSchema<typeof signInSchema>;
export type SignOutDocument = FromSchema<typeof signOutSchema>;
export type SignInSetupDocument = FromSchema<typeof signInSetupSchema>;
export type ProfilesDocument = FromSchema<typeof profilesSchema>;
export type ProfileDocument = FromSchema<typeof profileSchema>;
export type GrantWishDocument = FromSchema<typeof grantWishSchema>;
export type GrantDocument = FromSchema<typeof grantSchema>;
export type GrantsDocument = FromSchema<typeof grantsSchema>;
export type IssuedGrantDocument = FromSchema<typeof issuedGrantSchema>;
export type ContainerCredentialsDocument = FromSchema<typeof containerCredentialsSchema>;
export type RoleDocument = FromSchema<typeof roleSchema>;
export type RolesDocument = FromSchema<typeof rolesSchema>;
export type EventDocument = FromSchema<typeof eventSchema>;
export type ConsoleWishDocument = FromSchema<typeof consoleWishSchema>;
export type ConsoleDocument = FromSchema<typeof consoleSchema>;
export type WebCodeDocument = FromSchema<typeof webCodeSchema>;
export type WebTokenDocument = FromSchema<typeof webTokenSchema>;
