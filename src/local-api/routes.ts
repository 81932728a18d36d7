// Every route of the local API on one page: its surfaces, its input and its answer.
import type { ErrorCode } from '../core/errors.ts';
import type { BrowserPlace } from '../core/aws/sign-in-flow.ts';
import type { SignInFlow } from '../core/model.ts';
import { accountId, permissionSet, sessionName } from './schemas/values.ts';
import {
  approvalRequestSchema,
  approvalSchema,
  approvalsSchema,
  terminalRequestSchema,
  type ApprovalDocument,
  type ApprovalRequestDocument,
  type ApprovalsDocument,
  type TerminalRequestDocument,
} from './schemas/approvals.ts';
import {
  consoleSchema,
  consoleRequestSchema,
  containerCredentialsSchema,
  credentialsSchema,
  grantSchema,
  grantRequestSchema,
  grantsSchema,
  issuedGrantSchema,
  type ConsoleDocument,
  type ConsoleRequestDocument,
  type ContainerCredentialsDocument,
  type CredentialsDocument,
  type GrantDocument,
  type GrantRequestDocument,
  type GrantsDocument,
  type IssuedGrantDocument,
} from './schemas/credentials.ts';
import { lockAnswerSchema, type LockAnswerDocument } from './schemas/lock.ts';
import {
  assertionSchema,
  challengeSchema,
  passkeyId,
  passkeyRequestSchema,
  passkeysSchema,
  registrationOptionsSchema,
  registrationSchema,
  type AssertionDocument,
  type ChallengeDocument,
  type PasskeyRequestDocument,
  type PasskeysDocument,
  type RegistrationDocument,
  type RegistrationOptionsDocument,
} from './schemas/passkeys.ts';
import {
  adoptionSchema,
  adoptionRequestSchema,
  profileSchema,
  profileRequestSchema,
  profilesSchema,
  type AdoptionDocument,
  type AdoptionRequestDocument,
  type ProfileDocument,
  type ProfilesDocument,
} from './schemas/profiles.ts';
import {
  accountsSchema,
  currentRoleSchema,
  newCurrentRoleSchema,
  rolesSchema,
  type AccountsDocument,
  type CurrentRoleDocument,
  type NewCurrentRole,
  type RolesDocument,
} from './schemas/roles.ts';
import {
  foundSessionsSchema,
  reachSchema,
  setupSchema,
  setupRequestSchema,
  startUrlSchema,
  teamSchema,
  teamRequestSchema,
  type FoundSessionsDocument,
  type ReachDocument,
  type SetupDocument,
  type SetupRequestDocument,
  type StartUrlDocument,
  type TeamDocument,
  type TeamRequestDocument,
} from './schemas/setup.ts';
import {
  browserPlaceSchema,
  flowSchema,
  signInSchema,
  signOutSchema,
  renewalOfferSchema,
  userCheckSchema,
  type SignInDocument,
  type SignOutDocument,
  type RenewalOfferDocument,
  type UserCheckDocument,
} from './schemas/sign-in.ts';
import { eventSchema, statusSchema, type StatusDocument } from './schemas/status.ts';
import {
  webCodeExchangeSchema,
  webCodeSchema,
  webTokenSchema,
  type WebCodeDocument,
  type WebTokenDocument,
} from './schemas/web-access.ts';

/** Where a route is available. Registration on a surface is the permission to use the route there. */
export type SurfaceName = 'socket' | 'web' | 'container';

type Schema = Readonly<Record<string, unknown>>;

/** Method and path of a route. */
export interface RouteAddress {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `:name` stands for a parameter. */
  readonly path: string;
}

export interface Route extends RouteAddress {
  readonly surfaces: readonly SurfaceName[];
  readonly summary: string;
  /** Schema of the parameters in the path. */
  readonly params?: Schema;
  readonly query?: Schema;
  /** Absent: a body is ignored. */
  readonly body?: Schema;
  /** A request may have no body, which means no options. Absent: it is refused. */
  readonly bodyIsOptional?: true;
  /** Fields of the body that request a secret: allowed on the socket only. */
  readonly socketOnly?: readonly string[];
  readonly successStatus: 200 | 201 | 202 | 204;
  /** By `state` in the answer: the status instead of `successStatus`. */
  readonly statusOfState?: Readonly<Record<string, 200>>;
  /** Waits as long as the caller asks for with `Prefer: wait=SECONDS`, and says so with `Preference-Applied`. */
  readonly honorsWait?: true;
  /** Has an ETag: a request whose If-None-Match names it is answered with 304. */
  readonly isConditional?: true;
  /** Absent for an empty answer. */
  readonly answer?: Schema;
  /** Codes of the errors that its handler can raise. Those of every route are not repeated. */
  readonly errors?: readonly ErrorCode[];
  /** The answer is a stream of server-sent events, each with data in the form of `answer`. */
  readonly isStream?: true;
}

/** What a route is like, without its schemas; see route-traits.ts. */
export interface RouteTraits extends Omit<Route, keyof RouteAddress | 'summary' | 'errors' | InputSchema | 'answer'> {
  /** False for an empty answer. */
  readonly hasAnswer: boolean;
  /** The parts of a request that have a schema. */
  readonly inputs: readonly InputSchema[];
}

type InputSchema = 'params' | 'query' | 'body';

const BOTH = ['socket', 'web'] as const;
const SOCKET = ['socket'] as const;
const WEB = ['web'] as const;
const CONTAINER = ['container'] as const;

const sessionInPath = { type: 'object', required: ['session'], properties: { session: sessionName } } as const;
const grantInPath = {
  type: 'object',
  required: ['id'],
  properties: { id: { title: 'GrantId', type: 'string', pattern: '^[0-9a-f]{16}$', description: '`id` of the grant' } },
} as const;
const approvalInPath = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { title: 'ApprovalId', type: 'string', pattern: '^[0-9a-f]{16}$', description: '`id` of the approval' },
  },
} as const;
const passkeyApprovalInPath = {
  type: 'object',
  required: ['approval'],
  properties: { approval: approvalInPath.properties.id },
} as const;
const nullable = (schema: Schema) => ({ anyOf: [schema, { type: 'null' }] });

/** Reading the shared config file and the settings. */
const READS_CONFIG = ['config-malformed', 'settings-invalid'] as const;
const WRITES_CONFIG = [
  ...READS_CONFIG,
  'config-section-not-ours',
  'config-key-not-ours',
  'config-changed-meanwhile',
  'profile-shadowed',
] as const;
const USES_SECRETS = ['secret-store-unavailable', 'secret-store-locked'] as const;
const ASKS_AWS = ['identity-center-unreachable', 'identity-center-throttled', 'unusable-response'] as const;
/** Needs a session at AWS. */
const USES_SESSION = [
  ...READS_CONFIG,
  ...USES_SECRETS,
  ...ASKS_AWS,
  'session-not-found',
  'sign-in-required',
  'sign-in-denied',
  'sign-in-expired',
  'sign-in-unconfirmed',
] as const;
const FINDS_ROLE = ['account-not-found', 'permission-set-not-assigned', 'chain-unavailable'] as const;
/** Hands out keys of a role. */
const ISSUES_KEYS = [
  ...USES_SESSION,
  ...FINDS_ROLE,
  'assume-role-refused',
  'approval-refused',
  'approval-required',
  'locked',
  'audit-unavailable',
] as const;
/** Writes a line of the audit log, without which it does nothing. */
const AUDITS = ['audit-unavailable'] as const;

export const routes = {
  status: {
    method: 'GET',
    path: '/v1/status',
    surfaces: BOTH,
    summary: 'The daemon, its secret store, the sessions with time left, the current role, and current problems',
    successStatus: 200,
    isConditional: true,
    answer: statusSchema,
    errors: READS_CONFIG,
  },
  openapi: {
    method: 'GET',
    path: '/v1/openapi.json',
    surfaces: BOTH,
    summary: 'This description of the API',
    successStatus: 200,
    isConditional: true,
    answer: { type: 'object', additionalProperties: true },
  },
  accounts: {
    method: 'GET',
    path: '/v1/accounts',
    surfaces: BOTH,
    summary: 'Accounts and permission sets; `refresh` lists them again first',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        session: sessionName,
        refresh: { type: 'boolean', description: 'lists at AWS again first, which can take minutes' },
      },
    },
    successStatus: 200,
    isConditional: true,
    answer: accountsSchema,
    errors: USES_SESSION,
  },
  roles: {
    method: 'GET',
    path: '/v1/roles',
    surfaces: BOTH,
    summary: 'One row for each account and permission set, as lists show them',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        session: sessionName,
        first: { type: 'boolean', description: 'only the roles for a first screen, with the total' },
      },
    },
    successStatus: 200,
    isConditional: true,
    answer: rolesSchema,
    errors: [...READS_CONFIG, 'session-not-found'],
  },
  credentials: {
    method: 'GET',
    path: '/v1/credentials',
    surfaces: SOCKET,
    summary: 'Credentials of one role, as a credential_process document',
    query: {
      type: 'object',
      additionalProperties: false,
      required: ['session', 'account', 'role'],
      properties: { session: sessionName, account: accountId, role: permissionSet },
    },
    successStatus: 200,
    honorsWait: true,
    answer: credentialsSchema,
    errors: ISSUES_KEYS,
  },
  currentCredentials: {
    method: 'GET',
    path: '/v1/credentials/current',
    surfaces: SOCKET,
    summary: 'Credentials of the current role, as a credential_process document',
    successStatus: 200,
    honorsWait: true,
    answer: credentialsSchema,
    errors: [...ISSUES_KEYS, 'no-current-role'],
  },
  startSignIn: {
    method: 'POST',
    path: '/v1/sessions/:session/sign-in',
    surfaces: BOTH,
    summary: 'Starts a sign-in, or answers 200 with `live` that none is needed',
    params: sessionInPath,
    body: {
      title: 'SignInRequest',
      type: 'object',
      additionalProperties: false,
      properties: {
        force: { type: 'boolean' },
        flow: { ...flowSchema, description: 'instead of the settings; replaces a pending sign-in with another flow' },
        browser: {
          ...browserPlaceSchema,
          description:
            'where the caller\'s browser is, which decides with flow = "auto"; absent: not-opened, and for the page the daemon\'s own',
        },
        acceptEndpoint: {
          type: 'boolean',
          description:
            "true: the user has seen the endpoints that are not AWS's and agreed; required for one on another machine",
        },
      },
    },
    bodyIsOptional: true,
    successStatus: 202,
    statusOfState: { live: 200 },
    answer: signInSchema,
    errors: [...USES_SESSION, 'endpoint-not-accepted', 'pkce-refused', 'no-callback-port'],
  },
  signIn: {
    method: 'GET',
    path: '/v1/sessions/:session/sign-in',
    surfaces: BOTH,
    summary: 'The pending sign-in, or the last outcome',
    params: sessionInPath,
    successStatus: 200,
    answer: nullable(signInSchema),
    errors: [...READS_CONFIG, 'session-not-found'],
  },
  cancelSignIn: {
    method: 'DELETE',
    path: '/v1/sessions/:session/sign-in',
    surfaces: BOTH,
    summary: 'Cancels the pending sign-in',
    params: sessionInPath,
    successStatus: 204,
    errors: [...READS_CONFIG, 'session-not-found'],
  },
  signOut: {
    method: 'POST',
    path: '/v1/sessions/:session/sign-out',
    surfaces: BOTH,
    summary: 'Ends the session: drops tokens and credentials at once, then tells AWS',
    params: sessionInPath,
    body: {
      title: 'SignOutRequest',
      type: 'object',
      additionalProperties: false,
      properties: {
        forgetKeychain: {
          type: 'boolean',
          description: 'true: signs out even though an unreachable keychain may still contain tokens',
        },
      },
    },
    bodyIsOptional: true,
    socketOnly: ['forgetKeychain'],
    successStatus: 200,
    answer: signOutSchema,
    errors: [...READS_CONFIG, ...USES_SECRETS, 'session-not-found'],
  },
  retrySecretStore: {
    method: 'POST',
    path: '/v1/secret-store/retry',
    surfaces: BOTH,
    summary:
      'Saves what is in memory only; a locked keychain may open its dialog, once. Call it only when a person acts',
    successStatus: 204,
    errors: USES_SECRETS,
  },
  checkUser: {
    method: 'POST',
    path: '/v1/sessions/:session/user',
    surfaces: SOCKET,
    summary: 'Finds out who signed in, and accepts another user than before',
    params: sessionInPath,
    body: {
      title: 'UserCheckRequest',
      type: 'object',
      additionalProperties: false,
      properties: { accept: { type: 'string', maxLength: 64 } },
    },
    successStatus: 200,
    answer: userCheckSchema,
    errors: USES_SESSION,
  },
  takeRenewal: {
    method: 'POST',
    path: '/v1/sessions/:session/renewal',
    surfaces: SOCKET,
    summary: 'Claims the offer to renew the session, which is made once a day, before asking a person',
    params: sessionInPath,
    successStatus: 200,
    answer: renewalOfferSchema,
    errors: [...READS_CONFIG, 'session-not-found'],
  },
  current: {
    method: 'GET',
    path: '/v1/current',
    surfaces: BOTH,
    summary: 'The current role, or null',
    successStatus: 200,
    isConditional: true,
    answer: nullable(currentRoleSchema),
    errors: READS_CONFIG,
  },
  setCurrent: {
    method: 'PUT',
    path: '/v1/current',
    surfaces: BOTH,
    summary: 'Sets the current role; null clears it',
    body: nullable(newCurrentRoleSchema),
    successStatus: 200,
    answer: nullable(currentRoleSchema),
    errors: [
      ...READS_CONFIG,
      ...FINDS_ROLE,
      ...AUDITS,
      'session-not-found',
      'profile-mismatch',
      'profile-not-found',
      'locked',
    ],
  },
  events: {
    method: 'GET',
    path: '/v1/events',
    surfaces: BOTH,
    summary: 'Server-sent events: hello, then every change of the status; Last-Event-ID resumes',
    successStatus: 200,
    answer: eventSchema,
    isStream: true,
    errors: [...READS_CONFIG, 'too-many-listeners'],
  },
  profiles: {
    method: 'GET',
    path: '/v1/profiles',
    surfaces: BOTH,
    summary: 'The profiles that a sync would write, with the diff',
    query: {
      type: 'object',
      additionalProperties: false,
      properties: { prune: { type: 'boolean', description: 'as a sync with prune would write them' } },
    },
    successStatus: 200,
    isConditional: true,
    answer: profilesSchema,
    errors: [...READS_CONFIG, 'config-section-not-ours', 'config-key-not-ours'],
  },
  syncProfiles: {
    method: 'POST',
    path: '/v1/profiles/sync',
    surfaces: BOTH,
    summary: 'Writes the profiles into the shared config file',
    body: {
      title: 'ProfileSyncRequest',
      type: 'object',
      additionalProperties: false,
      properties: {
        prune: {
          type: 'boolean',
          description: 'true: also removes the profiles of roles that a suspicious listing lost',
        },
      },
    },
    bodyIsOptional: true,
    successStatus: 200,
    answer: profilesSchema,
    errors: WRITES_CONFIG,
  },
  profile: {
    method: 'GET',
    path: '/v1/profile',
    surfaces: BOTH,
    summary: 'The role of one profile, of rolecall or a native one',
    query: {
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      properties: { name: { type: 'string', minLength: 1, maxLength: 512, description: 'the name of the profile' } },
    },
    successStatus: 200,
    answer: profileSchema,
    errors: [...READS_CONFIG, 'profile-not-found', 'chain-unavailable', 'no-current-role'],
  },
  writeProfile: {
    method: 'POST',
    path: '/v1/profile',
    surfaces: BOTH,
    summary: 'Writes one profile that is not in the shared config file yet (write = "used")',
    body: profileRequestSchema,
    successStatus: 200,
    answer: profileSchema,
    errors: [...WRITES_CONFIG, 'profile-not-found', 'chain-unavailable', 'no-current-role'],
  },
  approvalChallenge: {
    method: 'POST',
    path: '/v1/approvals/:id/challenge',
    surfaces: WEB,
    summary: 'A challenge for a passkey, valid for 60 seconds, once, and for this approval only',
    params: approvalInPath,
    successStatus: 200,
    answer: challengeSchema,
    errors: [...USES_SECRETS, 'approval-not-found', 'passkey-refused'],
  },
  approvalAssertion: {
    method: 'POST',
    path: '/v1/approvals/:id/assertion',
    surfaces: WEB,
    summary: 'Approves with the signature of a passkey over the challenge',
    params: approvalInPath,
    body: assertionSchema,
    successStatus: 200,
    answer: approvalSchema,
    errors: [...USES_SECRETS, 'approval-not-found', 'passkey-refused', 'approval-refused'],
  },
  passkeys: {
    method: 'GET',
    path: '/v1/passkeys',
    surfaces: BOTH,
    summary: 'The registered passkeys, and the address where they can be used',
    successStatus: 200,
    isConditional: true,
    answer: passkeysSchema,
    errors: USES_SECRETS,
  },
  addPasskey: {
    method: 'POST',
    path: '/v1/passkeys',
    surfaces: SOCKET,
    summary: 'Asks to add a passkey: a click approves the first, a registered passkey each further one',
    body: passkeyRequestSchema,
    successStatus: 200,
    answer: approvalSchema,
    errors: [...USES_SECRETS, 'approval-refused', 'passkey-refused'],
  },
  removePasskey: {
    method: 'DELETE',
    path: '/v1/passkeys/:id',
    surfaces: SOCKET,
    summary: 'Asks to remove a passkey, which a registered passkey approves',
    params: { type: 'object', required: ['id'], properties: { id: passkeyId } },
    successStatus: 200,
    answer: approvalSchema,
    errors: [...USES_SECRETS, 'passkey-not-found', 'approval-refused'],
  },
  passkeyPage: {
    method: 'POST',
    path: '/v1/passkey-page',
    surfaces: BOTH,
    summary: 'As `/v1/web-code`, at the address where passkeys can be used',
    successStatus: 200,
    answer: webCodeSchema,
    errors: ['web-unavailable'],
  },
  passkeyOptions: {
    method: 'POST',
    path: '/v1/passkeys/:approval/options',
    surfaces: WEB,
    summary: 'What the browser needs to register the passkey of an approval, valid for 60 seconds and once',
    params: passkeyApprovalInPath,
    successStatus: 200,
    answer: registrationOptionsSchema,
    errors: [...USES_SECRETS, 'approval-not-found', 'passkey-refused'],
  },
  registerPasskey: {
    method: 'POST',
    path: '/v1/passkeys/:approval/registration',
    surfaces: WEB,
    summary: 'Adds the passkey that the browser has made for an approval',
    params: passkeyApprovalInPath,
    body: registrationSchema,
    successStatus: 200,
    answer: passkeysSchema,
    errors: [...USES_SECRETS, 'approval-not-found', 'passkey-refused', 'approval-refused'],
  },
  console: {
    method: 'POST',
    path: '/v1/console',
    surfaces: BOTH,
    summary: "A link to the AWS console as one role: the access portal's shortcut, or a federated sign-in",
    body: consoleRequestSchema,
    socketOnly: ['federated'],
    successStatus: 200,
    honorsWait: true,
    answer: consoleSchema,
    errors: ISSUES_KEYS,
  },
  webCode: {
    method: 'POST',
    path: '/v1/web-code',
    surfaces: SOCKET,
    summary: 'A code for the page, valid for 60 seconds and one exchange',
    successStatus: 200,
    answer: webCodeSchema,
    errors: ['web-unavailable'],
  },
  webToken: {
    method: 'POST',
    path: '/v1/web-token',
    surfaces: WEB,
    summary: 'Exchanges a code for the bearer token of the web surface; needs no token',
    body: webCodeExchangeSchema,
    successStatus: 200,
    answer: webTokenSchema,
    errors: ['token-required'],
  },
  createGrant: {
    method: 'POST',
    path: '/v1/grants',
    surfaces: SOCKET,
    summary:
      'Creates a grant: a URL and a token for the credentials of one role, for AWS_CONTAINER_CREDENTIALS_FULL_URI',
    body: grantRequestSchema,
    successStatus: 201,
    honorsWait: true,
    answer: issuedGrantSchema,
    errors: [...ISSUES_KEYS, 'invalid-policy', 'no-current-role'],
  },
  grants: {
    method: 'GET',
    path: '/v1/grants',
    surfaces: SOCKET,
    summary: 'All valid grants, without their secrets',
    successStatus: 200,
    isConditional: true,
    answer: grantsSchema,
  },
  grant: {
    method: 'GET',
    path: '/v1/grants/:id',
    surfaces: SOCKET,
    summary: 'One grant, without its secrets',
    params: grantInPath,
    successStatus: 200,
    answer: grantSchema,
    errors: ['grant-not-found'],
  },
  revokeGrant: {
    method: 'DELETE',
    path: '/v1/grants/:id',
    surfaces: SOCKET,
    summary: 'Ends a grant at once',
    params: grantInPath,
    successStatus: 204,
    errors: ['grant-not-found'],
  },
  approvals: {
    method: 'GET',
    path: '/v1/approvals',
    surfaces: BOTH,
    summary: 'The approvals that wait for a person, oldest first; no route of the socket approves one',
    successStatus: 200,
    isConditional: true,
    answer: approvalsSchema,
  },
  approval: {
    method: 'GET',
    path: '/v1/approvals/:id',
    surfaces: BOTH,
    summary:
      'One approval, for ten minutes after it was settled; with `Prefer: wait=SECONDS` once it is settled or the time is over',
    params: approvalInPath,
    successStatus: 200,
    honorsWait: true,
    answer: approvalSchema,
    errors: ['approval-not-found'],
  },
  askApproval: {
    method: 'POST',
    path: '/v1/approvals',
    surfaces: SOCKET,
    summary: 'Asks for the approval that a role needs, even if it was refused a moment ago; does not wait',
    body: approvalRequestSchema,
    successStatus: 200,
    answer: approvalSchema,
    errors: [...ISSUES_KEYS, 'invalid-policy'],
  },
  refuseApproval: {
    method: 'POST',
    path: '/v1/approvals/:id/refuse',
    surfaces: BOTH,
    summary: 'Refuses an approval that waits; everybody may',
    params: approvalInPath,
    successStatus: 200,
    answer: approvalSchema,
    errors: ['approval-not-found'],
  },
  lock: {
    method: 'POST',
    path: '/v1/lock',
    surfaces: BOTH,
    summary: 'Locks: no credentials are served, and those in memory are forgotten',
    successStatus: 200,
    answer: lockAnswerSchema,
    errors: AUDITS,
  },
  unlock: {
    method: 'POST',
    path: '/v1/unlock',
    surfaces: BOTH,
    summary: 'Unlocks, or asks for the approval that the settings want; does not wait for it',
    successStatus: 200,
    answer: lockAnswerSchema,
    errors: [...AUDITS, 'approval-refused'],
  },
  approveOnTerminal: {
    method: 'POST',
    path: '/v1/approvals/:id/terminal',
    surfaces: SOCKET,
    summary:
      'Makes the daemon ask on a terminal where neither the program that asks nor what started it can type; answers afterwards',
    params: approvalInPath,
    body: terminalRequestSchema,
    successStatus: 200,
    answer: approvalSchema,
    errors: ['approval-not-found', 'approval-refused'],
  },
  containerCredentials: {
    method: 'GET',
    path: '/container/:grant',
    surfaces: CONTAINER,
    summary: "Credentials of the grant's role, for the container credentials provider of AWS SDKs",
    params: {
      type: 'object',
      required: ['grant'],
      properties: { grant: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$', description: "from the grant's `url`" } },
    },
    successStatus: 200,
    answer: containerCredentialsSchema,
    errors: [...ISSUES_KEYS, 'no-current-role', 'container-port-lost'],
  },
  adoptProfiles: {
    method: 'POST',
    path: '/v1/profiles/adopt',
    surfaces: SOCKET,
    summary: 'Converts native profiles, and those of other tools, under their own names, or undoes that',
    body: adoptionRequestSchema,
    successStatus: 200,
    answer: adoptionSchema,
    errors: [...WRITES_CONFIG, 'profile-not-found', 'session-not-found'],
  },
  startUrl: {
    method: 'GET',
    path: '/v1/start-url',
    surfaces: SOCKET,
    summary: 'Completes a start URL that a person typed, and finds its region if the start page has it',
    query: {
      type: 'object',
      additionalProperties: false,
      required: ['text'],
      properties: { text: { type: 'string', minLength: 1, maxLength: 2048, description: 'a start URL, or its alias' } },
    },
    successStatus: 200,
    answer: startUrlSchema,
    errors: READS_CONFIG,
  },
  foundSessions: {
    method: 'GET',
    path: '/v1/found-sessions',
    surfaces: SOCKET,
    summary: 'Start URLs in the files of the AWS CLI, aws-sso-cli, Granted and aws-vault that are not sso-sessions yet',
    successStatus: 200,
    answer: foundSessionsSchema,
    errors: READS_CONFIG,
  },
  setup: {
    method: 'POST',
    path: '/v1/setup',
    surfaces: SOCKET,
    summary: 'Adds an sso-session to the shared config file, and settings; keeps what exists',
    body: setupRequestSchema,
    successStatus: 200,
    answer: setupSchema,
    errors: [...WRITES_CONFIG, 'session-not-found'],
  },
  team: {
    method: 'POST',
    path: '/v1/team',
    surfaces: SOCKET,
    summary: 'Fetches a team file, checks it, saves it, and adds its sso-sessions to the shared config file',
    body: teamRequestSchema,
    successStatus: 200,
    answer: teamSchema,
    errors: [...WRITES_CONFIG, 'settings-too-new', 'signature-refused'],
  },
  reach: {
    method: 'GET',
    path: '/v1/reach',
    surfaces: SOCKET,
    summary: 'Asks each AWS endpoint in use whether it answers, and what time it is there',
    successStatus: 200,
    answer: reachSchema,
    errors: READS_CONFIG,
  },
  stop: {
    method: 'POST',
    path: '/v1/daemon/stop',
    surfaces: SOCKET,
    summary: 'Stops the daemon after it has finished its answers',
    successStatus: 202,
    answer: { title: 'Stop', type: 'object', required: ['pid'], properties: { pid: { type: 'integer' } } },
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;

/** The routes that answer once. */
export type CallableRouteName = Exclude<RouteName, 'events'>;

/** What each route answers, for client and daemon alike. */
export interface Answers {
  status: StatusDocument;
  openapi: Record<string, unknown>;
  accounts: AccountsDocument;
  roles: RolesDocument;
  credentials: CredentialsDocument;
  currentCredentials: CredentialsDocument;
  startSignIn: SignInDocument;
  signIn: SignInDocument | null;
  cancelSignIn: undefined;
  signOut: SignOutDocument;
  retrySecretStore: undefined;
  checkUser: UserCheckDocument;
  takeRenewal: RenewalOfferDocument;
  current: CurrentRoleDocument | null;
  setCurrent: CurrentRoleDocument | null;
  profiles: ProfilesDocument;
  syncProfiles: ProfilesDocument;
  profile: ProfileDocument;
  writeProfile: ProfileDocument;
  console: ConsoleDocument;
  webCode: WebCodeDocument;
  webToken: WebTokenDocument;
  createGrant: IssuedGrantDocument;
  grants: GrantsDocument;
  grant: GrantDocument;
  revokeGrant: undefined;
  approvals: ApprovalsDocument;
  approval: ApprovalDocument;
  askApproval: ApprovalDocument;
  refuseApproval: ApprovalDocument;
  lock: LockAnswerDocument;
  unlock: LockAnswerDocument;
  approvalChallenge: ChallengeDocument;
  approvalAssertion: ApprovalDocument;
  passkeys: PasskeysDocument;
  addPasskey: ApprovalDocument;
  removePasskey: ApprovalDocument;
  passkeyPage: WebCodeDocument;
  passkeyOptions: RegistrationOptionsDocument;
  registerPasskey: PasskeysDocument;
  approveOnTerminal: ApprovalDocument;
  containerCredentials: ContainerCredentialsDocument;
  adoptProfiles: AdoptionDocument;
  startUrl: StartUrlDocument;
  foundSessions: FoundSessionsDocument;
  setup: SetupDocument;
  team: TeamDocument;
  reach: ReachDocument;
  stop: { pid: number };
}

/** What each route takes; a route that is absent here takes nothing. */
export interface Inputs {
  accounts: { query: { session?: string; refresh?: boolean } };
  roles: { query: { session?: string; first?: boolean } };
  credentials: { query: { session: string; account: string; role: string } };
  startSignIn: {
    session: string;
    body?: { force?: boolean; flow?: SignInFlow; browser?: BrowserPlace; acceptEndpoint?: boolean } | undefined;
  };
  signIn: { session: string };
  cancelSignIn: { session: string };
  signOut: { session: string; body?: { forgetKeychain?: boolean } };
  checkUser: { session: string; body: { accept?: string } };
  takeRenewal: { session: string };
  setCurrent: { body: NewCurrentRole | null };
  profiles: { query?: { prune?: boolean } };
  syncProfiles: { body?: { prune?: boolean } | undefined };
  profile: { query: { name: string } };
  adoptProfiles: { body: AdoptionRequestDocument };
  writeProfile: { body: { name: string } };
  startUrl: { query: { text: string } };
  setup: { body: SetupRequestDocument };
  team: { body: TeamRequestDocument };
  console: { body: ConsoleRequestDocument };
  webToken: { body: { code: string } };
  createGrant: { body: GrantRequestDocument };
  grant: { id: string };
  revokeGrant: { id: string };
  approval: { id: string };
  askApproval: { body: ApprovalRequestDocument };
  refuseApproval: { id: string };
  approvalChallenge: { id: string };
  approvalAssertion: { id: string; body: AssertionDocument };
  addPasskey: { body: PasskeyRequestDocument };
  removePasskey: { id: string };
  passkeyOptions: { approval: string };
  registerPasskey: { approval: string; body: RegistrationDocument };
  approveOnTerminal: { id: string; body: TerminalRequestDocument };
  containerCredentials: { grant: string };
}

export type InputOf<R extends RouteName> = R extends keyof Inputs ? Inputs[R] : NoInput;

/** For a route that takes nothing. */
type NoInput = Readonly<Record<string, never>>;
