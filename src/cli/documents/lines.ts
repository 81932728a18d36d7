// The lines of `login --json`, and those on standard error with --json, as JSON Schemas.
import { rolesSchema } from '../../local-api/schemas/roles.ts';
import { signInSchema, signInSetupSchema } from '../../local-api/schemas/sign-in.ts';
import { eventSchema } from '../../local-api/schemas/status.ts';
import {
  accountId,
  errorSchema,
  orNull,
  permissionSet,
  sessionName,
  text,
  time,
} from '../../local-api/schemas/values.ts';
import { documentOf, extend, integer, integerOrNull, listOf, textOrNull } from './parts.ts';

const { flow, flowReason, userCode, verificationUri, verificationUriComplete, openUri, leadsTo } =
  signInSchema.properties;

const namedRoles = listOf(documentOf({ accountId, accountName: textOrNull, permissionSet }));

const outcome = {
  session: sessionName,
  state: { enum: ['live', 'approved'] },
  setup: orNull(signInSetupSchema),
} as const;
const failed = { session: sessionName, error: errorSchema } as const;

export const LINES: Readonly<Record<string, object>> = {
  'login line': {
    oneOf: [
      documentOf(
        { type: { const: 'prompt' }, session: sessionName, flow, verificationUri, expiresAt: time },
        { flowReason, userCode, verificationUriComplete, openUri, leadsTo },
      ),
      documentOf(
        { type: { const: 'progress' }, session: sessionName, step: { enum: ['signed-in', 'listing', 'syncing'] } },
        { done: { ...integer, description: 'accounts that are listed' }, total: integer },
      ),
      documentOf(
        {
          type: { const: 'done' },
          ...outcome,
          user: { ...textOrNull, description: 'null if nobody has checked' },
          sessionExpiresAt: { ...orNull(time), description: 'null if unknown' },
          accounts: { ...integerOrNull, description: 'their number; null with --no-wait' },
          roles: { ...integerOrNull, description: 'their number; null with --no-wait' },
          new: namedRoles,
          removed: namedRoles,
        },
        { flow, flowReason },
      ),
      { ...documentOf({ type: { const: 'failed' }, ...failed }), description: 'with --all: the others go on' },
      {
        ...documentOf({
          type: { const: 'all-done' },
          sessions: listOf({
            anyOf: [documentOf(outcome, { user: text, flow, flowReason }), documentOf(failed)],
          }),
        }),
        description: 'with --all: the last line',
      },
    ],
  },
  'status line': {
    anyOf: [
      ...eventSchema.anyOf.map(({ properties: { event, data } }) => documentOf({ type: event, data })),
      {
        ...documentOf({ type: { enum: ['disconnected', 'connected'] } }),
        description: 'the daemon has ended, or answers again; a `hello` follows if it has restarted',
      },
    ],
    description: 'of `status --watch`',
  },
  'error line': {
    ...extend({ exitCode: integer }, errorSchema),
    description: 'the last line on standard error of a command that failed',
  },
  'note line': {
    ...documentOf(
      { type: { enum: ['note', 'warning', 'debug'] }, message: text },
      {
        code: text,
        hint: text,
        roles: {
          ...listOf(rolesSchema.properties.roles.items),
          description: 'the first of several roles that match your words',
        },
      },
    ),
    description: 'on standard error, before an error',
  },
};
