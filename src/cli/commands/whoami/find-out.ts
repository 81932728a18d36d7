// Finds out which account and role this shell uses, and why; asks the daemon, not AWS.
import { join } from 'node:path';
import { NotFoundError, RolecallError } from '../../../core/errors.ts';
import type { LoginProfile } from '../../../aws-config/document/login-session.ts';
import type {
  ChainDocument,
  ProfileDocument,
  RefusalDocument,
  SessionStatusDocument,
  StatusDocument,
} from '../../../local-api/schemas.ts';
import { awsFilePath, MAX_AWS_FILE_BYTES } from '../../../platform/files/aws-file-path.ts';
import { readBoundedFile } from '../../../platform/files/bounded-read.ts';
import type { DaemonAccess, Output, Places } from '../../context.ts';
import { fetchStatus } from '../../sessions.ts';
import { findIdentitySource, type ProfileReason } from './shell-identity.ts';

type Context = DaemonAccess & Places & Pick<Output, 'environment'>;

type Problem = StatusDocument['problems'][number];

/** The JSON output; what is unknown is null. */
export interface Whoami {
  readonly source: 'profile' | 'aws-login' | 'keys' | 'web-identity' | 'container';
  /** One sentence. */
  readonly why: string;
  readonly profile: string | null;
  readonly session: string | null;
  readonly label: string | null;
  readonly accountId: string | null;
  readonly accountName: string | null;
  readonly permissionSet: string | null;
  /** How a chained role is reached; absent for a permission set. */
  readonly chain?: ChainDocument;
  /** ARN of the one who signed in with `aws login`; null for every other source. */
  readonly principal: string | null;
  readonly protected: boolean;
  readonly sessionState: string | null;
  readonly sessionExpiresAt: string | null;
  /** Where `sessionExpiresAt` comes from. */
  readonly sessionEndIs: 'configured' | 'observed' | null;
  readonly signedInAt: string | null;
  readonly tokenExpiresAt: string | null;
  /** Who signed in. */
  readonly user: string | null;
  readonly startUrl: string | null;
  readonly ssoRegion: string | null;
  readonly keysExpireAt: string | null;
  /** When the daemon renews the keys; null while nothing uses them. */
  readonly nextRefreshAt: string | null;
  /** What delays renewals of the session. */
  readonly nextRetry: NonNullable<SessionStatusDocument['nextRetry']> | null;
  /** Of the session. */
  readonly problems: readonly Problem[];
  /** By how much this machine's clock is ahead of AWS's, whose times these are; 0 up to two minutes. */
  readonly clockAheadSeconds: number;
  /** When and why a program was last refused keys of this role; null if it has got some since. */
  readonly lastRefusal: RefusalDocument | null;
}

const UNKNOWN = {
  profile: null,
  session: null,
  label: null,
  accountId: null,
  accountName: null,
  permissionSet: null,
  principal: null,
  protected: false,
  sessionState: null,
  sessionExpiresAt: null,
  sessionEndIs: null,
  signedInAt: null,
  tokenExpiresAt: null,
  user: null,
  startUrl: null,
  ssoRegion: null,
  keysExpireAt: null,
  nextRefreshAt: null,
  nextRetry: null,
  problems: [],
  clockAheadSeconds: 0,
  lastRefusal: null,
} as const;

const REASONS: Readonly<Record<ProfileReason, string>> = {
  exec: 'set by rolecall exec',
  'exec-keys': 'rolecall exec put its keys into the environment',
  AWS_PROFILE: 'set by AWS_PROFILE',
  AWS_DEFAULT_PROFILE: 'set by AWS_DEFAULT_PROFILE',
  default: 'no profile is set, so [default] applies',
};

/** @throws NotFoundError profile-not-found: nothing names a profile, or the named one does not exist */
export async function findOut(context: Context): Promise<Whoami> {
  const { environment } = context;
  const source = findIdentitySource(environment);
  const keysExpireAt = environment['AWS_CREDENTIAL_EXPIRATION'] ?? null;
  switch (source.kind) {
    case 'keys': {
      const beside = source.beside === undefined ? '' : ` over ${source.beside}`;
      const why = `keys in the environment take precedence (AWS_ACCESS_KEY_ID)${beside}; rolecall does not know whose they are`;
      return { ...UNKNOWN, source: 'keys', why, keysExpireAt };
    }
    case 'web-identity': {
      const why = `a web identity in the environment takes precedence (AWS_WEB_IDENTITY_TOKEN_FILE), for ${source.roleArn}`;
      return { ...UNKNOWN, source: 'web-identity', why };
    }
    case 'container':
      return {
        ...UNKNOWN,
        source: 'container',
        why: 'a container credentials endpoint in the environment is used, which is not rolecall’s',
      };
    case 'profile':
      return findOutProfile(source.profileName, source.because, context);
  }
}

async function findOutProfile(name: string, because: ProfileReason, context: Context): Promise<Whoami> {
  const { environment, client, signal } = context;
  const isOther = because === 'AWS_PROFILE' && (environment['AWS_DEFAULT_PROFILE'] ?? name) !== name;
  const why = isOther
    ? 'set by AWS_PROFILE (boto3 prefers AWS_DEFAULT_PROFILE, which names another)'
    : REASONS[because];
  const keysExpireAt = because === 'exec-keys' ? (environment['AWS_CREDENTIAL_EXPIRATION'] ?? null) : null;
  const grantId = because === 'exec' || because === 'exec-keys' ? (environment['ROLECALL_GRANT'] ?? '') : '';
  if (grantId !== '') return describeProfile(await findGranted(grantId, name, context), why, keysExpireAt, context);
  if (because !== 'exec' && because !== 'exec-keys' && (await hasStoredKeys(name, context))) {
    return {
      ...UNKNOWN,
      source: 'keys',
      profile: name,
      why: `keys of [${name}] in the credentials file take precedence; rolecall does not know whose they are`,
    };
  }
  const login = because === 'exec' || because === 'exec-keys' ? undefined : await findLogin(name, context);
  if (login !== undefined) return describeLogin(login, why);
  let profile: ProfileDocument;
  try {
    profile = await client.call('profile', { query: { name } }, { signal });
  } catch (error) {
    if (!(error instanceof RolecallError) || error.code !== 'profile-not-found') throw error;
    if (await isListed(name, context)) {
      const foreign = `${why}; it belongs to no sso-session, so rolecall does not know whose it is`;
      return { ...UNKNOWN, source: 'profile', profile: name, why: foreign };
    }
    if (because !== 'default') throw error;
    throw new NotFoundError('profile-not-found', 'No profile is set in this shell, and there is no [default].', {
      hint: 'rolecall use',
    });
  }
  return describeProfile(profile, why, keysExpireAt, context);
}

/** The role of `exec --via`, which no profile has. @throws NotFoundError grant-not-found */
async function findGranted(id: string, name: string, { client, signal }: Context): Promise<ProfileDocument> {
  const { role, chain } = await client.call('grant', { id }, { signal });
  if (role === null || chain === undefined) {
    throw new NotFoundError('grant-not-found', `Grant ${id}, which ROLECALL_GRANT names, is not of exec --via.`);
  }
  return { profileName: name, ...role, chain, region: null, followsCurrent: false };
}

/** What is known of the profile's role. */
export async function describeProfile(
  profile: ProfileDocument,
  why: string,
  keysExpireAt: string | null,
  context: Context,
): Promise<Whoami> {
  const { client, signal } = context;
  const { session, accountId, permissionSet } = profile;
  const [status, { roles }] = await Promise.all([
    fetchStatus(context),
    client.call('roles', { query: { session } }, { signal }),
  ]);
  const role = roles.find((other) => other.accountId === accountId && other.permissionSet === permissionSet);
  const known = status.sessions.find((other) => other.session === session);
  const keys = known?.roles?.find((use) => use.accountId === accountId && use.permissionSet === permissionSet);
  return {
    source: 'profile',
    why: profile.followsCurrent ? `${why}, which follows the current role` : why,
    profile: profile.profileName,
    session,
    label: role?.label ?? session,
    accountId,
    accountName: role?.accountName ?? null,
    permissionSet,
    ...(profile.chain === undefined ? {} : { chain: profile.chain }),
    principal: null,
    protected: role?.protected ?? false,
    sessionState: known?.state ?? null,
    sessionExpiresAt: known?.sessionExpiresAt ?? null,
    sessionEndIs: known?.sessionEndIs ?? null,
    signedInAt: known?.signedInAt ?? null,
    tokenExpiresAt: known?.tokenExpiresAt ?? null,
    user: known?.user ?? null,
    startUrl: known?.startUrl ?? null,
    ssoRegion: known?.region ?? null,
    keysExpireAt: keysExpireAt ?? keys?.expiresAt ?? null,
    // Nobody renews keys that are in the environment.
    nextRefreshAt: keysExpireAt === null ? (keys?.nextRefreshAt ?? null) : null,
    nextRetry: known?.nextRetry ?? null,
    problems: status.problems.filter((problem) => problem.session === session),
    clockAheadSeconds: status.clockAheadSeconds ?? 0,
    lastRefusal: profile.lastRefusal ?? null,
  };
}

/** Keys under the profile's name in the credentials file take precedence over the config file. */
async function hasStoredKeys(name: string, { environment, homeDirectory }: Context): Promise<boolean> {
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

/** The profile of `aws login` with that name in this shell's config file, which may differ from the daemon's. */
export async function findLogin(
  name: string,
  { environment, homeDirectory }: Context,
): Promise<LoginProfile | undefined> {
  const path = awsFilePath('config', environment, homeDirectory);
  const text = await readBoundedFile(path, MAX_AWS_FILE_BYTES).catch(() => '');
  if (!text.toLowerCase().includes('login_session')) return undefined;
  const [{ parseConfigDocument }, { findLoginProfile }] = await Promise.all([
    import('../../../aws-config/document/document.ts'),
    import('../../../aws-config/document/login-session.ts'),
  ]);
  return findLoginProfile(parseConfigDocument(text, path), name);
}

export function describeLogin({ profileName, principal, otherKeys }: LoginProfile, why: string): Whoami {
  const besides =
    otherKeys.length === 0 ? '' : `; it has ${otherKeys.join(' and ')} too, which some AWS clients prefer`;
  const invalid = principal === undefined ? '; its login_session is not an ARN, so AWS clients refuse it' : '';
  return {
    ...UNKNOWN,
    source: 'aws-login',
    profile: profileName,
    accountId: principal?.accountId ?? null,
    principal: principal?.arn ?? null,
    why: `${why}${besides}${invalid}`,
  };
}

/** Whether the config file has this profile, though it belongs to no sso-session. */
async function isListed(name: string, { paths }: Context): Promise<boolean> {
  const text = await readBoundedFile(join(paths.switchDirectory, 'profiles'), MAX_AWS_FILE_BYTES).catch(() => '');
  return text.split('\n').includes(name);
}
