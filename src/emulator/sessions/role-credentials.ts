// Issues and remembers role credentials of the portal and AssumeRole, so that STS and the console can identify them.
import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Directory } from '../directory/directory.ts';
import type { KnobStore } from './knobs.ts';
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

/** An IAM role, as in `arn:PARTITION:iam::ACCOUNT:role/NAME`, without its path. */
export interface IamRole {
  readonly partition: string;
  readonly accountId: string;
  readonly roleName: string;
}

/** Whose credentials these are. */
export interface RoleSession {
  /** For keys from AssumeRole, the role session name. */
  readonly userName: string;
  readonly accountId: string;
  /** For keys from AssumeRole, the name of the role. */
  readonly permissionSet: string;
  readonly expiresAtMs: number;
  /** Whether the keys come from AssumeRole, called with keys of another role. */
  readonly isChained?: true;
}

export interface RoleCredentialsIssuer {
  /** Issues keys; the caller has checked that the user may have them. */
  issue(userName: string, accountId: string, permissionSet: string): IssuedRoleCredentials;
  /** Issues keys of a role session; the caller has checked that they are allowed. */
  assumeRole(role: IamRole, sessionName: string, lifetimeSeconds: number): IssuedRoleCredentials & RoleIdentity;
  /** The identity behind a key; `unknown` also when the session token does not belong to it. */
  identify(accessKeyId: string, sessionToken: string | undefined): RoleIdentity | 'expired' | 'unknown';
  /** The session of keys, if all three parts are valid and they have not expired. */
  openSession(keys: Omit<IssuedRoleCredentials, 'expiresAtMs'>): RoleSession | undefined;
}

interface IssuedRecord extends RoleIdentity {
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
  readonly shown: Pick<RoleSession, 'userName' | 'permissionSet' | 'isChained'>;
}

/** The oldest are forgotten first, so that long tests do not fill the memory. */
const MAX_REMEMBERED_KEYS = 50_000;
const DEFAULT_DURATION_SECONDS = 3600;

export function createRoleCredentialsIssuer(deps: {
  clock: Clock;
  random: RandomBytes;
  knobs: KnobStore;
  directory: Directory;
}): RoleCredentialsIssuer {
  const issued = new Map<string, IssuedRecord>();

  function make(identity: RoleIdentity, lifetimeSeconds: number, shown: IssuedRecord['shown']): IssuedRoleCredentials {
    const credentials = {
      accessKeyId: `ASIA${randomBase32(deps.random, 16)}`,
      secretAccessKey: Buffer.from(deps.random(30)).toString('base64'),
      sessionToken: `IQoJb3JpZ2luX2VjE${randomOpaque(deps.random, 480)}`,
      // AWS's role credentials expire on a whole second.
      expiresAtMs: (Math.floor(deps.clock.nowMs() / 1000) + lifetimeSeconds) * 1000,
    };
    const { accessKeyId, secretAccessKey, sessionToken, expiresAtMs } = credentials;
    issued.set(accessKeyId, { ...identity, secretAccessKey, sessionToken, expiresAtMs, shown });
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
      const shown = { userName: sessionName, permissionSet: role.roleName, isChained: true as const };
      const limitSeconds = deps.knobs.current.roleCredentialsLifetimeSeconds ?? lifetimeSeconds;
      return { ...identity, ...make(identity, Math.min(lifetimeSeconds, limitSeconds), shown) };
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
      const { accountId, shown, expiresAtMs } = record;
      return { ...shown, accountId, expiresAtMs };
    },
  };
}

/** The role names of permission sets; only Identity Center may assume these roles. */
export const RESERVED_ROLE_PREFIX = 'AWSReservedSSO_';

function reservedRoleName(accountId: string, permissionSet: string): string {
  return `${RESERVED_ROLE_PREFIX}${permissionSet}_${digestOf(`${accountId}/${permissionSet}`).toString('hex').slice(0, 16)}`;
}

/** Deterministic: the same for the same role and session in every emulator. */
function identityOf({ partition, accountId, roleName }: IamRole, seed: string, sessionName: string): RoleIdentity {
  const uniqueId = `AROA${randomBase32(() => digestOf(seed).subarray(0, 17), 17)}`;
  return {
    arn: `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`,
    userId: `${uniqueId}:${sessionName}`,
    accountId,
  };
}

const digestOf = (text: string) => createHash('sha256').update(text).digest();
