// The documents of commands that change something, as JSON Schemas by the name of the command.
import { approvalSchema } from '../../local-api/schemas/approvals.ts';
import { lockAnswerSchema } from '../../local-api/schemas/lock.ts';
import { adoptionSchema, profilesSchema } from '../../local-api/schemas/profiles.ts';
import { currentRoleSchema, roleSchema } from '../../local-api/schemas/roles.ts';
import { setupSchema, teamSchema } from '../../local-api/schemas/setup.ts';
import {
  accountId,
  errorSchema,
  names,
  permissionSet,
  sessionName,
  text,
  time,
} from '../../local-api/schemas/values.ts';
import {
  documentOf,
  deprecated,
  extend,
  file,
  integer,
  integerOrNull,
  isFalse,
  isTrue,
  listOf,
  textOrNull,
  yesOrNo,
} from './parts.ts';

const processId = { ...integer, description: 'of the daemon' } as const;
const pid = deprecated(integer, 'processId');

const runningDaemon = documentOf({ running: isTrue, pid }, { processId });

const passkeyChange = documentOf({
  passkey: documentOf({ label: text }, { id: { ...text, description: 'of one to remove' } }),
  approval: approvalSchema,
  opened: { ...yesOrNo, description: 'whether a browser shows the page' },
  url: { ...textOrNull, description: 'of the page, once; null if a browser has it' },
});

export const OUTCOMES: Readonly<Record<string, object>> = {
  logout: documentOf(
    { signedOut: { ...names, description: 'sso-sessions' } },
    { livesOn: { ...names, description: 'those that may still be active at AWS, which could not be reached' } },
  ),
  lock: documentOf({ locked: yesOrNo, scope: lockAnswerSchema.properties.scope }),
  unlock: documentOf({ locked: isFalse }),
  use: {
    description: 'with --current the current role, with --off null; else the role that a shell would switch to',
    anyOf: [currentRoleSchema, roleSchema, { type: 'null' }],
  },
  'container-env': {
    anyOf: [
      documentOf({
        id: { ...text, description: 'for --end' },
        session: sessionName,
        accountId,
        permissionSet,
        expiresAt: time,
        network: { enum: ['own', 'host'] },
        folder: file,
        envFile: file,
        variables: { type: 'object', additionalProperties: text },
      }),
      { ...documentOf({ ended: { ...names, description: 'ids' } }), description: 'with --end' },
    ],
  },
  setup: {
    description: 'with a team file the answer of /v1/team, else that of /v1/setup with the session',
    anyOf: [extend({ session: sessionName }, setupSchema), teamSchema],
  },
  'passkey add': passkeyChange,
  'passkey remove': passkeyChange,
  'profiles sync': profilesSchema,
  'profiles adopt': adoptionSchema,
  'service install': documentOf({ installed: isTrue, pid, files: listOf(file), variables: names }, { processId }),
  'service uninstall': documentOf({ installed: isFalse, removed: listOf(file) }),
  'daemon start': runningDaemon,
  'daemon restart': runningDaemon,
  'daemon stop': documentOf(
    { stopped: { ...yesOrNo, description: 'false if none ran' }, pid: deprecated(integerOrNull, 'processId') },
    { processId: { ...integerOrNull, description: 'of the daemon that was stopped' } },
  ),
  uninstall: documentOf({
    removed: { ...yesOrNo, description: 'false with --dry-run, and if a step failed' },
    profiles: listOf(documentOf({ path: file, profiles: integer })),
    adoptions: { ...integer, description: 'adoptions of profiles to undo' },
    serviceFiles: listOf(file),
    shellFiles: listOf(file),
    tokenFiles: listOf(file),
    keychain: text,
    stateFolders: listOf(documentOf({ path: file, files: integer })),
    settingsFiles: listOf(file),
    kept: listOf(documentOf({ path: file, reason: text }, { line: integer })),
    problems: listOf(errorSchema),
  }),
};
