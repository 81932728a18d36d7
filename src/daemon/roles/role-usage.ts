// Which roles were ever used on this machine: with `write = "used"` they are the ones that have a profile.
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import { coalesced } from '../../core/async/coalesced.ts';
import { toRolecallError, type RolecallError } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import type { Log } from '../process/log.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';

export interface RoleUsage {
  /** @throws UnavailableError file-not-writable: the file could not be read, and a sync must not take its roles for unused */
  has(role: Role): boolean;
  /** Whether some may be missing, because the file was damaged. */
  haveGaps(): Promise<boolean>;
  /** Notes a use, at the price of a look when it is known; it is in the file soon after. */
  note(role: Role): void;
  /** The same for who sees to the role's profile himself. */
  add(role: Role): void;
  /** Resolves once everything noted is in the file, or the log says why not. */
  settled(): Promise<void>;
}

/** More than anybody has roles; the earliest go first. */
const MAX_ROLES = 50_000;

/** Of `used-roles.json`. */
export const ROLE_USAGE_SCHEMA = {
  version: 1,
  isReadOnce: true,
  entries: { list: 'roles', firstKey: 'sessionName', isSound: isRole },
  loss: 'Roles that have a profile still count as used.',
} as const satisfies StateFileSchema;

/**
 * The store in `file`, of `ROLE_USAGE_SCHEMA`; `onFirstUse` hears of each role once. A file that can't be read is logged and
 * left as it is.
 */
export async function loadRoleUsage(deps: {
  readonly file: StateFile;
  readonly onFirstUse: (role: Role) => void;
  readonly log: Log;
}): Promise<RoleUsage> {
  const roles = new Map<string, Role>();
  let failure: RolecallError | undefined;
  const content = await deps.file.read().catch((error: unknown) => {
    failure = toRolecallError(error);
    deps.log('warn', `the roles in use: ${failure.message}`);
    return undefined;
  });
  for (const role of parse(content)) roles.set(roleKey(role), role);
  let writing: Promise<void> = Promise.resolve();

  const write = coalesced(async () => {
    try {
      await deps.file.write({ roles: [...roles.values()] });
    } catch (error) {
      deps.log('warn', `the roles in use: ${(error as Error).message}`);
    }
  });

  /** False when it was there, or when nothing can be kept. */
  function add({ sessionName, accountId, permissionSet }: Role): boolean {
    const role = { sessionName, accountId, permissionSet };
    const key = roleKey(role);
    if (failure !== undefined || roles.has(key)) return false;
    roles.set(key, role);
    const [oldest] = roles.keys();
    if (roles.size > MAX_ROLES && oldest !== undefined) roles.delete(oldest);
    writing = write();
    return true;
  }

  return {
    has(role) {
      if (failure !== undefined) throw failure;
      return roles.has(roleKey(role));
    },
    haveGaps: () => deps.file.wasDamaged(),
    note(role) {
      if (add(role)) deps.onFirstUse(role);
    },
    add: (role) => void add(role),
    settled: () => writing,
  };
}

function parse(content: Readonly<Record<string, unknown>> | undefined): Role[] {
  const stored = content?.['roles'];
  return (Array.isArray(stored) ? (stored as unknown[]) : []).filter(isRole);
}

/** Whether what a state file holds is a role. */
export function isRole(candidate: unknown): candidate is Role {
  const { sessionName, accountId, permissionSet } = (candidate ?? {}) as Partial<Role>;
  return (
    typeof sessionName === 'string' &&
    typeof permissionSet === 'string' &&
    typeof accountId === 'string' &&
    /^\d{12}$/.test(accountId)
  );
}
