// Role credentials that were issued, so that STS and the console know whose they are.
import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Directory } from './directory.ts';
import type { KnobBoard } from './knobs.ts';
import { type RandomBytes, randomBase32, randomOpaque } from './random.ts';

export interface RoleIdentity {
  readonly arn: string;
  readonly userId: string;
  readonly accountId: string;
}

export interface IssuedRoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

/** Whom keys are for, in the directory's words. */
export interface RoleSession {
  readonly userName: string;
  readonly accountId: string;
  readonly permissionSet: string;
  readonly expiresAtMs: number;
}

export interface RoleCredentialsDesk {
  /** New keys; whether the user may have them was decided before. */
  issue(userName: string, accountId: string, permissionSet: string): IssuedRoleCredentials;
  /** Who signs with this key: `unknown` too when the session token is another's. */
  identify(accessKeyId: string, sessionToken: string | undefined): RoleIdentity | 'expired' | 'unknown';
  /** The session of keys that are all three right and not over yet. */
  openSession(keys: Omit<IssuedRoleCredentials, 'expiresAtMs'>): RoleSession | undefined;
}

interface IssuedRecord extends RoleIdentity, RoleSession {
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** More than any test asks for; the oldest are forgotten first, so that a soak test does not fill the memory. */
const MAX_REMEMBERED_KEYS = 50_000;
const DEFAULT_DURATION_SECONDS = 3600;

export function createRoleCredentialsDesk(deps: {
  clock: Clock;
  random: RandomBytes;
  knobs: KnobBoard;
  directory: Directory;
}): RoleCredentialsDesk {
  const issued = new Map<string, IssuedRecord>();
  return {
    issue(userName, accountId, permissionSet) {
      const lifetimeSeconds =
        deps.knobs.current.roleCredentialsLifetimeSeconds ??
        deps.directory.findPermissionSet(permissionSet)?.sessionDurationSeconds ??
        DEFAULT_DURATION_SECONDS;
      const credentials = {
        accessKeyId: `ASIA${randomBase32(deps.random, 16)}`,
        secretAccessKey: Buffer.from(deps.random(30)).toString('base64'),
        sessionToken: `IQoJb3JpZ2luX2VjE${randomOpaque(deps.random, 480)}`,
        // AWS's role credentials end on a whole second.
        expiresAtMs: (Math.floor(deps.clock.nowMs() / 1000) + lifetimeSeconds) * 1000,
      };
      issued.set(credentials.accessKeyId, {
        ...identityOf(userName, accountId, permissionSet),
        userName,
        permissionSet,
        secretAccessKey: credentials.secretAccessKey,
        sessionToken: credentials.sessionToken,
        expiresAtMs: credentials.expiresAtMs,
      });
      const oldest = issued.size > MAX_REMEMBERED_KEYS ? issued.keys().next().value : undefined;
      if (oldest !== undefined) issued.delete(oldest);
      return credentials;
    },
    identify(accessKeyId, sessionToken) {
      const record = issued.get(accessKeyId);
      if (record === undefined || record.sessionToken !== sessionToken) return 'unknown';
      if (deps.clock.nowMs() >= record.expiresAtMs) return 'expired';
      return { arn: record.arn, userId: record.userId, accountId: record.accountId };
    },
    openSession({ accessKeyId, secretAccessKey, sessionToken }) {
      const record = issued.get(accessKeyId);
      if (record?.secretAccessKey !== secretAccessKey || record.sessionToken !== sessionToken) return undefined;
      if (deps.clock.nowMs() >= record.expiresAtMs) return undefined;
      const { userName, accountId, permissionSet, expiresAtMs } = record;
      return { userName, accountId, permissionSet, expiresAtMs };
    },
  };
}

/** The same for the same account, permission set and user, in every emulator. */
function identityOf(userName: string, accountId: string, permissionSet: string): RoleIdentity {
  const digest = createHash('sha256').update(`${accountId}/${permissionSet}`).digest();
  const roleName = `AWSReservedSSO_${permissionSet}_${digest.toString('hex').slice(0, 16)}`;
  const uniqueId = `AROA${randomBase32(() => digest.subarray(0, 17), 17)}`;
  return {
    arn: `arn:aws:sts::${accountId}:assumed-role/${roleName}/${userName}`,
    userId: `${uniqueId}:${userName}`,
    accountId,
  };
}
