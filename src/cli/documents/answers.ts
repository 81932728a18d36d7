// The documents of commands that show something, as JSON Schemas by the name of the command.
import { approvalsSchema } from '../../local-api/schemas/approvals.ts';
import { consoleSchema } from '../../local-api/schemas/credentials.ts';
import { passkeysSchema } from '../../local-api/schemas/passkeys.ts';
import { profilesSchema, refusalSchema } from '../../local-api/schemas/profiles.ts';
import { accountsSchema, chainSchema, rolesSchema } from '../../local-api/schemas/roles.ts';
import { sessionStatusSchema, statusSchema } from '../../local-api/schemas/status.ts';
import { accountId, names, orNull, permissionSet, sessionName, text, time } from '../../local-api/schemas/values.ts';
import { documentOf, deprecated, file, integer, integerOrNull, isTrue, listOf, textOrNull, yesOrNo } from './parts.ts';

const settingsFile = {
  path: file,
  exists: yesOrNo,
  teamPath: { ...textOrNull, description: 'the stored team file' },
} as const;

const settingsProblems = {
  problems: {
    ...listOf(documentOf({ code: text, message: text, hint: text })),
    description: 'warnings: what is wrong, but keeps nothing from working',
  },
} as const;

const whoami = documentOf(
  {
    source: { enum: ['profile', 'aws-login', 'keys', 'web-identity', 'container'] },
    why: { ...text, description: 'one sentence' },
    profile: textOrNull,
    session: orNull(sessionName),
    label: { ...textOrNull, description: "the session's label in the settings, else its name" },
    accountId: orNull(accountId),
    accountName: textOrNull,
    permissionSet: orNull(permissionSet),
    principal: { ...textOrNull, description: 'ARN of the one who signed in with `aws login`' },
    protected: yesOrNo,
    sessionState: textOrNull,
    sessionExpiresAt: orNull(time),
    sessionEndIs: { enum: ['configured', 'observed', null] },
    signedInAt: orNull(time),
    tokenExpiresAt: orNull(time),
    user: { ...textOrNull, description: 'who signed in' },
    startUrl: textOrNull,
    ssoRegion: textOrNull,
    keysExpireAt: textOrNull,
    nextRefreshAt: orNull(time),
    nextRetry: orNull(sessionStatusSchema.properties.nextRetry),
    problems: listOf(statusSchema.properties.problems.items),
    clockAheadSeconds: integer,
    lastRefusal: orNull(refusalSchema),
  },
  { chain: chainSchema },
);

const finding = documentOf({
  code: text,
  severity: { enum: ['problem', 'note'] },
  message: text,
  commands: { ...names, description: 'that fix it, in this order' },
  fixable: { ...yesOrNo, description: '`rolecall doctor --fix CODE` does the same' },
});

/** Lines of earlier versions have neither `seq` nor `hash`. */
const auditLine = documentOf(
  { at: text, event: text, surface: { enum: ['socket', 'web', 'container', 'daemon'] } },
  {
    session: text,
    accountId: text,
    permissionSet: text,
    via: documentOf(
      { roleArn: text, sourceAccountId: text, sourcePermissionSet: text },
      { policySha256: text, policyArns: names },
    ),
    current: isTrue,
    federated: yesOrNo,
    flow: text,
    processId: integer,
    program: documentOf(
      {},
      {
        processId: integer,
        executable: textOrNull,
        script: textOrNull,
        agent: textOrNull,
        confined: yesOrNo,
        isVerified: yesOrNo,
      },
    ),
    code: { ...text, description: 'why something was refused' },
    approvalId: text,
    by: text,
    subject: text,
    reason: text,
    label: text,
    purpose: text,
    rules: text,
    count: { ...integer, description: 'the line stands for this many events' },
    seq: integer,
    hash: text,
  },
);

export const ANSWERS: Readonly<Record<string, object>> = {
  status: statusSchema,
  'ls accounts': accountsSchema,
  'ls roles': rolesSchema,
  approvals: approvalsSchema,
  env: {
    ...documentOf({ AWS_ACCESS_KEY_ID: text, AWS_SECRET_ACCESS_KEY: text, AWS_SESSION_TOKEN: text }),
    description: 'a field for each variable',
    additionalProperties: text,
  },
  console: consoleSchema,
  whoami,
  'config path': documentOf({ path: file, exists: yesOrNo }),
  'config show': documentOf(
    {
      ...settingsFile,
      settings: listOf(
        documentOf(
          { key: text, value: {}, origin: { enum: ['default', 'file', 'team', 'environment'] } },
          { line: integer, variable: text },
        ),
      ),
    },
    settingsProblems,
  ),
  'config check': documentOf(
    {
      ...settingsFile,
      valid: isTrue,
      restartNeeded: { type: ['boolean', 'null'], description: 'null if no daemon runs' },
    },
    settingsProblems,
  ),
  'profiles list': profilesSchema,
  'passkey list': passkeysSchema,
  'service status': documentOf(
    {
      manager: { enum: ['systemd', 'launchd', null] },
      installed: yesOrNo,
      startsWithDesktop: yesOrNo,
      socketState: textOrNull,
      daemonState: textOrNull,
      pid: deprecated(integerOrNull, 'processId'),
      files: listOf(file),
      droppedVariables: names,
      problems: listOf(documentOf({ message: text, hint: text })),
    },
    { processId: integerOrNull },
  ),
  web: {
    anyOf: [
      documentOf({ url: { ...text, description: 'works once, within a minute' } }),
      { ...documentOf({ token: text }), description: 'with --token' },
    ],
  },
  'log line': auditLine,
  'log verify': documentOf(
    {
      isIntact: deprecated(yesOrNo, 'intact'),
      lines: documentOf({ intact: integer, withoutHash: integer, torn: integer }),
      from: textOrNull,
      to: textOrNull,
      files: listOf(file),
      head: orNull(documentOf({ seq: integer, hash: text })),
      fault: orNull(documentOf({ kind: text })),
    },
    { intact: { ...yesOrNo, description: 'no line was changed, and none is missing' } },
  ),
  doctor: documentOf({
    ok: yesOrNo,
    groups: listOf(
      documentOf(
        {
          name: text,
          state: { enum: ['ok', 'problem', 'note', 'skipped'] },
          summary: text,
          findings: listOf(finding),
        },
        { flows: listOf(documentOf({ session: sessionName, setting: text, flow: text, reason: text })) },
      ),
    ),
  }),
  emulator: documentOf({
    url: text,
    startUrl: text,
    region: text,
    portalUrl: text,
    deviceUrl: text,
    environment: { type: 'object', additionalProperties: text },
    controlToken: text,
    user: textOrNull,
    host: { ...text, description: 'the address on which it listens' },
    port: integer,
    controlUrl: text,
    caFile: { ...textOrNull, description: 'the certificate of its authority; null without TLS' },
  }),
  version: documentOf(
    {
      rolecall: deprecated(text, 'version'),
      node: text,
      daemon: orNull(documentOf({ version: text, pid: deprecated(integer, 'processId') }, { processId: integer })),
    },
    { version: { ...text, description: 'of this command' } },
  ),
};
