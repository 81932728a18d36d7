// The JSON Schemas of the control API, by the names that its OpenAPI document gives them.
import { OPERATION_NAMES } from '../http/operations.ts';
import { FAULT_KINDS } from './faults.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

const text = (description: string, more: JsonSchema = {}): JsonSchema => ({ type: 'string', description, ...more });
const count = (description: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'integer',
  minimum: 0,
  description,
  ...more,
});
const seconds = (description: string): JsonSchema => count(`${description}, in seconds.`);
const listOf = (name: string, description: string): JsonSchema => ({ type: 'array', items: ref(name), description });
const texts = (description: string): JsonSchema => ({ type: 'array', items: { type: 'string' }, description });
const time = (description: string): JsonSchema =>
  text(`${description} ISO 8601, UTC.`, { format: 'date-time', examples: ['2026-12-01T06:30:00.000Z'] });
const userCode = text('What the user compares.', { examples: ['BCDF-GHJK'] });
const accountId = text('Twelve digits; leading zeros count.', { pattern: '^\\d{12}$', examples: ['111111111111'] });
const permissionSet = text('Name of a permission set.', { examples: ['ReadOnly'] });
const userName = text('Name of a user.', { pattern: '^[\\w+=,.@-]{2,64}$', examples: ['taylor'] });
const startUrl = text('Of the access portal.', { examples: ['https://d-1234567890.awsapps.com/start'] });
const region = text('Of Identity Center.', { examples: ['us-east-1'] });
const operation = text('An AWS operation.', { enum: [...OPERATION_NAMES] });

/** An answer may get more fields in a later version; a request may not have others. */
const answer = (properties: JsonSchema, optional: readonly string[] = []): JsonSchema => ({
  type: 'object',
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});
const request = (properties: JsonSchema, required: readonly string[] = []): JsonSchema => ({
  type: 'object',
  ...(required.length === 0 ? {} : { required }),
  properties,
  additionalProperties: false,
});

const accountFacts = {
  accountName: text('Its name; may be empty or missing, as with AWS.'),
  emailAddress: text('Of its root user.'),
  kind: text('How the account joined the organization.', { enum: ['management', 'invited', 'created'] }),
} as const;
const timeOfEmulator = {
  now: time('The time of the emulator.'),
  advancedSeconds: { type: 'number', minimum: 0, description: 'How far it is ahead of the clock of the machine.' },
} as const;

export const SCHEMAS = {
  Error: answer({
    code: text('Stable; more may be added.', {
      enum: [
        'invalid-request',
        'caller-not-allowed',
        'account-not-found',
        'directory-entry-not-found',
        'route-not-found',
        'still-assigned',
        'request-too-large',
        'internal',
      ],
    }),
    message: text('One sentence.'),
    hint: text('A command to type.', { examples: ['rolecall emulator --help'] }),
  }),
  Health: answer({ status: text('Always the same: it answers.', { enum: ['ok'] }) }),
  Time: answer(timeOfEmulator),
  Advance: request(
    {
      seconds: {
        type: 'number',
        minimum: 0,
        maximum: 315_360_000,
        description: 'At most ten years in total.',
        examples: [3600],
      },
    },
    ['seconds'],
  ),
  Empty: request({}),
  ByUser: request({ userName: { ...userName, description: 'Only of this user; without it, of all.' } }),
  Approval: request({ userName: { ...userName, description: 'Signs in as this user; by default the first.' } }),
  Denial: request({
    error: text('OAuth error for the client.', { examples: ['access_denied'] }),
    description: text('Its description.'),
  }),
  Count: answer({ count: count('How many.') }),
  Location: answer({ location: text('What the browser would open.', { format: 'uri' }) }),
  Environment: {
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'The variables that point AWS clients to the emulator.',
    examples: [{ AWS_ENDPOINT_URL_SSO: 'http://127.0.0.1:4000' }],
  },
  Status: answer({
    url: text('Where the emulator listens.', { format: 'uri', examples: ['http://127.0.0.1:4000'] }),
    startUrl,
    region,
    environment: ref('Environment'),
    ...timeOfEmulator,
    deviceAuthorizations: listOf('DeviceAuthorization', 'Codes that wait for Allow or Deny.'),
    authorizations: listOf('Authorization', 'Browsers that wait for Allow or Deny.'),
    faults: listOf('Fault', 'The active faults.'),
    knobs: ref('Knobs'),
    calls: ref('Calls'),
  }),
  DeviceAuthorization: answer({
    userCode,
    clientName: text('Of the registration.'),
    expiresAt: time('When the code expires.'),
  }),
  DeviceAuthorizations: answer({ deviceAuthorizations: listOf('DeviceAuthorization', 'The oldest first.') }),
  Authorization: answer({
    requestId: text('For approve and deny.'),
    clientName: text('Of the registration.'),
    redirectUri: text('Where the browser goes with the code.', { format: 'uri' }),
    scopes: texts('What the client asks for.'),
    expiresAt: time('When the request expires.'),
  }),
  Authorizations: answer({ authorizations: listOf('Authorization', 'The oldest first.') }),
  Account: request({ accountId, ...accountFacts }, ['accountId']),
  AccountFacts: request(accountFacts),
  User: request({ userName, displayName: text('Shown on the pages.'), groups: texts('Names of groups.') }, [
    'userName',
  ]),
  Group: request({ name: text('Name of the group.', { minLength: 1 }) }, ['name']),
  PermissionSet: request(
    {
      name: { ...permissionSet, pattern: '^[\\w+=,.@-]{1,32}$' },
      sessionDurationSeconds: {
        type: 'integer',
        minimum: 900,
        maximum: 43_200,
        default: 3600,
        description: 'Lifetime of role credentials, in seconds.',
      },
    },
    ['name'],
  ),
  Assignment: request(
    {
      accountId,
      permissionSet,
      group: text('Name of a group; either this or `user`.'),
      user: text('Name of a user; either this or `group`.'),
    },
    ['accountId', 'permissionSet'],
  ),
  Role: request(
    {
      accountId,
      name: text('Name of the IAM role.', { pattern: '^[\\w+=,.@-]{1,64}$' }),
      trustedBy: texts('`ACCOUNT`, or `ACCOUNT/NAME` with a permission set or role; by default everybody.'),
      externalId: text('What AssumeRole has to send.'),
    },
    ['accountId', 'name'],
  ),
  Directory: request(
    {
      startUrl,
      region,
      organization: request({ managementAccountId: accountId }, ['managementAccountId']),
      accounts: listOf('Account', 'Of the organization.'),
      users: listOf('User', 'The first one is who signs in where no user is named.'),
      groups: listOf('Group', 'Of users.'),
      permissionSets: listOf('PermissionSet', 'In the order in which they are listed.'),
      assignments: listOf('Assignment', 'Who has which permission set in which account.'),
      roles: listOf('Role', 'IAM roles that do not trust everybody.'),
    },
    ['startUrl', 'organization'],
  ),
  Fault: request(
    {
      operation: text('An AWS operation, or `*` for all.', { enum: ['*', ...OPERATION_NAMES] }),
      kind: text('What the caller gets.', { enum: [...FAULT_KINDS] }),
      detail: text('Only calls with this grant, account, or `ACCOUNT/ROLE`.'),
      count: count('How many calls fail; without it, all.', { minimum: 1 }),
      skip: count('How many calls succeed first.', { minimum: 1 }),
      retryAfterSeconds: { type: 'number', description: 'Of `throttle`: the header Retry-After.' },
      status: { type: 'integer', minimum: 400, maximum: 599, description: 'Of `status`: the HTTP status.' },
      exception: text('Of `exception`: the name of the AWS error.', { examples: ['InvalidGrantException'] }),
      delayMs: { type: 'number', minimum: 0, description: 'Of `delay`: milliseconds of real time.' },
      fields: texts('Of `omit`: fields of the answer, as in `roleCredentials.expiration`.'),
    },
    ['operation', 'kind'],
  ),
  Faults: answer({ faults: listOf('Fault', 'With the counts that are left.') }),
  Knobs: request({
    autoApprove: {
      type: ['boolean', 'string'],
      description: '`true` or a user name: every sign-in is approved at once.',
    },
    pollIntervalSeconds: { type: 'number', minimum: 0, description: '`interval` of a device authorization.' },
    forgivenEarlyPolls: count('How many polls may come too early before `slow_down`.'),
    deviceCodeLifetimeSeconds: seconds('Lifetime of a device code'),
    completeUriHasUserCode: {
      type: 'boolean',
      description: '`false`: verificationUriComplete has an opaque request instead of the code.',
    },
    authorizationCodeLifetimeSeconds: seconds('How long a code from `/authorize` can be used'),
    accessTokenLifetimeSeconds: seconds('Lifetime of an access token'),
    sessionLifetimeSeconds: seconds('From sign-in until refresh tokens stop working'),
    registrationLifetimeSeconds: seconds('Lifetime of a client secret'),
    roleCredentialsLifetimeSeconds: {
      type: ['integer', 'null'],
      minimum: 0,
      description: '`null`: the session duration of the permission set.',
    },
    pageSize: { type: 'integer', minimum: 1, maximum: 100, description: 'Maximum number of entries of a page.' },
    lastPageToken: text('`nextToken` of the last page.', { enum: ['null', 'empty', 'absent'] }),
    portalCallsPerSecond: { type: ['integer', 'null'], minimum: 1, description: 'Limit of the portal.' },
  }),
  Calls: answer(Object.fromEntries(OPERATION_NAMES.map((name) => [name, count(`Calls of ${name}.`)]))),
  AssumeRoleRequest: answer(
    {
      roleArn: { type: ['string', 'null'], description: 'As it was sent.' },
      roleSessionName: { type: ['string', 'null'], description: 'As it was sent.' },
      policy: { type: ['string', 'null'], description: 'The session policy.' },
      policyArns: texts('Managed session policies.'),
      durationSeconds: text('As it was sent.'),
      externalId: text('As it was sent.'),
      sourceIdentity: text('As it was sent.'),
      tags: { type: 'object', additionalProperties: { type: 'string' }, description: 'Session tags.' },
      transitiveTagKeys: texts('Keys of transitive tags.'),
    },
    ['durationSeconds', 'externalId', 'sourceIdentity', 'tags', 'transitiveTagKeys'],
  ),
  RecordedRequest: answer(
    {
      at: time('When it came, by the time of the emulator.'),
      method: text('HTTP method.'),
      path: text('Without the query.'),
      host: text('The header Host.'),
      hasBearerToken: { type: 'boolean', description: 'Whether it had an access token of the portal.' },
      operation: { type: ['string', 'null'], enum: [...OPERATION_NAMES, null], description: 'Null for pages.' },
      detail: {
        type: ['string', 'null'],
        description: 'Grant of CreateToken and RegisterClient, account, or `ACCOUNT/ROLE`.',
      },
      assumeRole: ref('AssumeRoleRequest'),
      status: {
        type: ['integer', 'null'],
        description: 'Null until it is answered, and if the connection was closed.',
      },
    },
    ['assumeRole'],
  ),
  Requests: answer({ requests: listOf('RecordedRequest', 'The latest 10,000, the oldest first.') }),
  OpenApi: { type: 'object', description: 'This document.' },
} as const satisfies Record<string, JsonSchema>;

export type SchemaName = keyof typeof SCHEMAS;

/** The query parameters of the control API. */
export const QUERY_SCHEMAS = {
  operation,
  since: time('Only requests from then on, by the time of the emulator.'),
} as const satisfies Record<string, JsonSchema>;

/** The parameters in the paths of the control API. */
export const PATH_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  accountId,
  userName,
  name: text('As in the directory.'),
  userCode,
  requestId: text('From the list of authorizations.'),
};

function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
