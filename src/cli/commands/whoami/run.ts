// `rolecall whoami`: which account and role this shell is, why, and for how long; asks the daemon and not AWS.
import { join } from 'node:path';
import { NotFoundError, RolecallError } from '../../../core/errors.ts';
import { quoteForShell } from '../../../core/text/quote-for-shell.ts';
import { formatJson } from '../../../core/text/format-json.ts';
import type { ProfileDocument, RefusalDocument } from '../../../local-api/schemas.ts';
import { readBoundedFile } from '../../../platform/files/bounded-read.ts';
import { awsFilePath, MAX_AWS_FILE_BYTES } from '../../../platform/files/aws-file-path.ts';
import type { CliContext } from '../../context.ts';
import { describeRole, protectedMark } from '../../picker/role-columns.ts';
import { formatMoment } from '../../refusal-lines.ts';
import { createPainter, formatDuration, formatTable, harmless } from '../../terminal/render.ts';
import { fetchStatus } from '../../sessions.ts';
import { findIdentitySource, type ProfileReason } from './shell-identity.ts';

export interface WhoamiOptions {
  readonly json?: boolean;
}

/** What is printed as JSON; what is not known is null. */
interface Whoami {
  readonly source: 'profile' | 'keys' | 'web-identity' | 'container';
  /** One sentence. */
  readonly why: string;
  readonly profile: string | null;
  readonly session: string | null;
  readonly label: string | null;
  readonly accountId: string | null;
  readonly accountName: string | null;
  readonly permissionSet: string | null;
  readonly protected: boolean;
  readonly sessionState: string | null;
  readonly sessionExpiresAt: string | null;
  readonly keysExpireAt: string | null;
  /** When and why a program got no keys of this role; null when it got some since. */
  readonly lastRefusal: RefusalDocument | null;
}

const NOBODY_KNOWN = {
  profile: null,
  session: null,
  label: null,
  accountId: null,
  accountName: null,
  permissionSet: null,
  protected: false,
  sessionState: null,
  sessionExpiresAt: null,
  keysExpireAt: null,
  lastRefusal: null,
} as const;

export async function runWhoami(options: WhoamiOptions, context: CliContext): Promise<number> {
  const whoami = await findOut(context);
  if (options.json === true) context.stdout.write(formatJson(whoami));
  else context.stdout.write(format(whoami, context));
  return 0;
}

const REASONS: Readonly<Record<ProfileReason, string>> = {
  exec: 'rolecall exec gave it to this shell',
  'exec-keys': 'rolecall exec gave its keys to this shell',
  AWS_PROFILE: 'AWS_PROFILE names it',
  AWS_DEFAULT_PROFILE: 'AWS_DEFAULT_PROFILE names it',
  default: 'nothing else is named, so it is [default]',
};

async function findOut(context: CliContext): Promise<Whoami> {
  const { environment } = context;
  const source = findIdentitySource(environment);
  const keysExpireAt = environment['AWS_CREDENTIAL_EXPIRATION'] ?? null;
  switch (source.kind) {
    case 'keys': {
      const beside = source.beside === undefined ? '' : `, before ${source.beside}`;
      const why = `keys in the environment win (AWS_ACCESS_KEY_ID)${beside}; rolecall does not know whose they are`;
      return { ...NOBODY_KNOWN, source: 'keys', why, keysExpireAt };
    }
    case 'web-identity': {
      const why = `a web identity in the environment wins (AWS_WEB_IDENTITY_TOKEN_FILE), for ${source.roleArn}`;
      return { ...NOBODY_KNOWN, source: 'web-identity', why };
    }
    case 'container':
      return {
        ...NOBODY_KNOWN,
        source: 'container',
        why: 'a container credentials endpoint in the environment counts, which is not rolecall’s',
      };
    case 'profile':
      return findOutProfile(source.profileName, source.because, context);
  }
}

async function findOutProfile(name: string, because: ProfileReason, context: CliContext): Promise<Whoami> {
  const { environment, client, signal } = context;
  const isOther = because === 'AWS_PROFILE' && (environment['AWS_DEFAULT_PROFILE'] ?? name) !== name;
  const why = isOther
    ? 'AWS_PROFILE names it (boto3 prefers AWS_DEFAULT_PROFILE, which names another)'
    : REASONS[because];
  const keysExpireAt = because === 'exec-keys' ? (environment['AWS_CREDENTIAL_EXPIRATION'] ?? null) : null;
  if (because !== 'exec' && because !== 'exec-keys' && (await hasStoredKeys(name, context))) {
    return {
      ...NOBODY_KNOWN,
      source: 'keys',
      profile: name,
      why: `keys of [${name}] in the credentials file win; rolecall does not know whose they are`,
    };
  }
  let profile: ProfileDocument;
  try {
    profile = await client.call('profile', { query: { name } }, { signal });
  } catch (error) {
    if (!(error instanceof RolecallError) || error.code !== 'profile-not-found') throw error;
    if (await isListed(name, context)) {
      const foreign = `${why}; it belongs to no sso-session, so rolecall does not know whose it is`;
      return { ...NOBODY_KNOWN, source: 'profile', profile: name, why: foreign };
    }
    if (because !== 'default') throw error;
    throw new NotFoundError('profile-not-found', 'Nothing names a profile in this shell, and there is no [default].', {
      hint: 'rolecall use',
    });
  }
  const { session, accountId, permissionSet } = profile;
  const [status, { roles }] = await Promise.all([
    fetchStatus(context),
    client.call('roles', { query: { session } }, { signal }),
  ]);
  const role = roles.find((other) => other.accountId === accountId && other.permissionSet === permissionSet);
  const known = status.sessions.find((other) => other.session === session);
  return {
    source: 'profile',
    why: profile.followsCurrent ? `${why}, which follows the current role` : why,
    profile: profile.profileName,
    session,
    label: role?.label ?? session,
    accountId,
    accountName: role?.accountName ?? null,
    permissionSet,
    protected: role?.protected ?? false,
    sessionState: known?.state ?? null,
    sessionExpiresAt: known?.sessionExpiresAt ?? null,
    keysExpireAt,
    lastRefusal: profile.lastRefusal ?? null,
  };
}

/** Keys under the profile's name in the credentials file come before what the config file says of it. */
async function hasStoredKeys(name: string, { environment, homeDirectory }: CliContext): Promise<boolean> {
  const path = awsFilePath('credentials', environment, homeDirectory);
  const text = await readBoundedFile(path, MAX_AWS_FILE_BYTES).catch(() => '');
  if (!text.includes(name)) return false;
  const [{ parseConfigDocument }, { isCredentialKey }] = await Promise.all([
    import('../../../aws-config/document/document.ts'),
    import('../../../aws-config/document/default-credentials.ts'),
  ]);
  return parseConfigDocument(text, path).sections.some(
    (section) => section.header.trim() === name && section.entries.some(({ key }) => isCredentialKey(key)),
  );
}

/** A profile of the config file that is none of an sso-session. */
async function isListed(name: string, { paths }: CliContext): Promise<boolean> {
  const text = await readBoundedFile(join(paths.switchDirectory, 'profiles'), MAX_AWS_FILE_BYTES).catch(() => '');
  return text.split('\n').includes(name);
}

const SESSION_STATES: Readonly<Record<string, string>> = {
  live: 'signed in',
  pending: 'waiting for approval',
  expired: 'its sign-in has ended',
  'signed-out': 'signed out',
};

function format(whoami: Whoami, context: CliContext): string {
  const paint = createPainter(context.stdout, context.environment);
  const nowMs = context.clock.nowMs();
  const until = (time: string) => `${formatDuration(Date.parse(time) - nowMs)} left`;
  const { accountId, permissionSet, session, profile } = whoami;
  if (accountId === null || permissionSet === null || session === null) {
    const keys = whoami.keysExpireAt === null ? '' : `, ${until(whoami.keysExpireAt)}`;
    const why = harmless(whoami.why);
    const sentence = profile === null ? why.charAt(0).toUpperCase() + why.slice(1) : `${harmless(profile)}: ${why}`;
    return `${sentence}${keys}.\n${paint('dim', `To be a role of rolecall's: rolecall use`)}\n`;
  }
  const { accountName, label } = whoami;
  const role = { accountName, accountId, permissionSet, label: label ?? session, protected: whoami.protected };
  const head = describeRole(role, protectedMark(context.environment), label !== null && label !== session);
  const state = SESSION_STATES[whoami.sessionState ?? ''] ?? 'not known any more';
  const left = whoami.sessionExpiresAt === null ? '' : `, ${until(whoami.sessionExpiresAt)}`;
  const next = whoami.sessionState === 'live' ? '' : `; rolecall login ${quoteForShell(harmless(session))}`;
  const rows = [
    ['Profile', `${harmless(profile ?? '')} (${harmless(whoami.why)})`],
    ['Session', `${harmless(session)}, ${state}${left}${next}`],
    ...(whoami.keysExpireAt === null ? [] : [['Keys', until(whoami.keysExpireAt)]]),
    ...(whoami.lastRefusal === null ? [] : [['Refused', describeRefusal(whoami.lastRefusal, nowMs)]]),
  ];
  const table = formatTable(rows.map(([name = '', text = '']) => [paint('dim', name), text]));
  return `${paint(whoami.protected ? 'red' : 'bold', head)}\n${table}`;
}

/** On one line, as the rest of the table. */
function describeRefusal({ at, message, hint }: RefusalDocument, nowMs: number): string {
  return `${formatMoment(at, nowMs)}: ${harmless(message)} Run: ${harmless(hint)}`;
}
