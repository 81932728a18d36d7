// Role credentials that were issued, by the portal and by AssumeRole, so that STS and the console know whose they are.
import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Directory } from '../directory/directory.ts';
import type { KnobBoard } from './knobs.ts';
import { type RandomBytes, randomBase32, randomOpaque } from '../http/random.ts';

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

/** A role in IAM, as `arn:PARTITION:iam::ACCOUNT:role/NAME` names it; its path is left out. */
export interface IamRole {
  readonly partition: string;
  readonly accountId: string;
  readonly roleName: string;
}

/** Whom keys of the portal are for, in the directory's words. */
export interface RoleSession {
  readonly userName: string;
  readonly accountId: string;
  readonly permissionSet: string;
  readonly expiresAtMs: number;
}

export interface RoleCredentialsDesk {
  /** New keys; whether the user may have them was decided before. */
  issue(userName: string, accountId: string, permissionSet: string): IssuedRoleCredentials;
  /** New keys of a role session; whether the caller may have them was decided before. */
  assumeRole(role: IamRole, sessionName: string, lifetimeSeconds: number): IssuedRoleCredentials & RoleIdentity;
  /** Who signs with this key: `unknown` too when the session token is another's. */
  identify(accessKeyId: string, sessionToken: string | undefined): RoleIdentity | 'expired' | 'unknown';
  /** The session of keys that are all three right, not over yet, and came from the portal. */
  openSession(keys: Omit<IssuedRoleCredentials, 'expiresAtMs'>): RoleSession | undefined;
}

interface IssuedRecord extends RoleIdentity {
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
  /** Absent for keys of AssumeRole. */
  readonly assignment?: Pick<RoleSession, 'userName' | 'permissionSet'>;
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

  function make(
    identity: RoleIdentity,
    lifetimeSeconds: number,
    assignment?: IssuedRecord['assignment'],
  ): IssuedRoleCredentials {
    const credentials = {
      accessKeyId: `ASIA${randomBase32(deps.random, 16)}`,
      secretAccessKey: Buffer.from(deps.random(30)).toString('base64'),
      sessionToken: `IQoJb3JpZ2luX2VjE${randomOpaque(deps.random, 480)}`,
      // AWS's role credentials end on a whole second.
      expiresAtMs: (Math.floor(deps.clock.nowMs() / 1000) + lifetimeSeconds) * 1000,
    };
    const { accessKeyId, secretAccessKey, sessionToken, expiresAtMs } = credentials;
    issued.set(accessKeyId, {
      ...identity,
      secretAccessKey,
      sessionToken,
      expiresAtMs,
      ...(assignment === undefined ? {} : { assignment }),
    });
    const oldest = issued.size > MAX_REMEMBERED_KEYS ? issued.keys().next().value : undefined;
    if (oldest !== undefined) issued.delete(oldest);
    return credentials;
  }

  return {
    issue(userName, accountId, permissionSet) {
      const lifetimeSeconds =
        deps.knobs.current.roleCredentialsLifetimeSeconds ??
        deps.directory.findPermissionSet(permissionSet)?.sessionDurationSeconds ??
        DEFAULT_DURATION_SECONDS;
      const roleName = reservedRoleName(accountId, permissionSet);
      const identity = identityOf({ partition: 'aws', accountId, roleName }, `${accountId}/${permissionSet}`, userName);
      return make(identity, lifetimeSeconds, { userName, permissionSet });
    },
    assumeRole(role, sessionName, lifetimeSeconds) {
      const identity = identityOf(role, `${role.accountId}/role/${role.roleName}`, sessionName);
      return { ...identity, ...make(identity, lifetimeSeconds) };
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
      const { accountId, assignment, expiresAtMs } = record;
      return assignment && { ...assignment, accountId, expiresAtMs };
    },
  };
}

/** What permission sets are called as roles of an account: nobody but Identity Center may assume them. */
export const RESERVED_ROLE_PREFIX = 'AWSReservedSSO_';

function reservedRoleName(accountId: string, permissionSet: string): string {
  return `${RESERVED_ROLE_PREFIX}${permissionSet}_${digestOf(`${accountId}/${permissionSet}`).toString('hex').slice(0, 16)}`;
}

/** The same for the same role and session, in every emulator; `seed` tells roles apart. */
function identityOf({ partition, accountId, roleName }: IamRole, seed: string, sessionName: string): RoleIdentity {
  const uniqueId = `AROA${randomBase32(() => digestOf(seed).subarray(0, 17), 17)}`;
  return {
    arn: `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`,
    userId: `${uniqueId}:${sessionName}`,
    accountId,
  };
}

const digestOf = (text: string) => createHash('sha256').update(text).digest();
