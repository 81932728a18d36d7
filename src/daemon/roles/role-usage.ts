// Remembers which roles were ever used on this machine; `write = "used"` writes profiles only for them.
import { roleKey } from '../../aws-config/profiles/profile-names.ts';
import { isUnnamedChain } from '../../core/aws/chain-role.ts';
import { coalesced } from '../../core/async/coalesced.ts';
import { toRolecallError, type RolecallError } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import type { Log } from '../process/log.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';

export interface RoleUsage {
  /** @throws UnavailableError file-not-writable: the file could not be read, so a sync must not treat its roles as unused */
  has(role: Role): boolean;
  /** How many roles were added so far. */
  revision(): number;
  /** The roles that were added since then. */
  addedSince(revision: number): readonly Role[];
  /** Whether roles may be missing because the file was damaged. */
  haveGaps(): Promise<boolean>;
  /** Records a use. Cheap for a known role; a new one is written to the file soon after. */
  note(role: Role): void;
  /** Like `note`, but does not call the listeners. */
  add(role: Role): void;
  /** Calls `listener` once for each role that is used for the first time. */
  onFirstUse(listener: (role: Role) => void): void;
  /** Resolves when everything is written, or the failure is logged. */
  settled(): Promise<void>;
}

/** Above this the oldest roles are dropped. */
const MAX_ROLES = 50_000;

/** Schema of `used-roles.json`. */
export const ROLE_USAGE_SCHEMA = {
  version: 1,
  isReadOnce: true,
  entries: { list: 'roles', firstKey: 'sessionName', isSound: isRole },
  loss: 'Roles that have a profile still count as used.',
} as const satisfies StateFileSchema;

/**
 * Loads the store from `file`, which must use `ROLE_USAGE_SCHEMA`.
 * An unreadable file is logged and not overwritten.
 */
export async function loadRoleUsage(deps: { readonly file: StateFile; readonly log: Log }): Promise<RoleUsage> {
  const roles = new Map<string, Role>();
  let failure: RolecallError | undefined;
  const content = await deps.file.read().catch((error: unknown) => {
    failure = toRolecallError(error);
    deps.log('warn', `cannot read the used roles: ${failure.message}`);
    return undefined;
  });
  for (const role of parse(content)) roles.set(roleKey(role), role);
  const listeners: ((role: Role) => void)[] = [];
  let writing: Promise<void> = Promise.resolve();
  let revision = 0;

  const write = coalesced(async () => {
    try {
      await deps.file.write({ roles: [...roles.values()] });
    } catch (error) {
      deps.log('warn', `cannot save the used roles: ${(error as Error).message}`);
    }
  });

  /** False for a known role, for one that ends with its command, or when the file could not be read. */
  function add({ sessionName, accountId, permissionSet }: Role): boolean {
    const role = { sessionName, accountId, permissionSet };
    const key = roleKey(role);
    if (failure !== undefined || roles.has(key) || isUnnamedChain(role)) return false;
    roles.set(key, role);
    revision += 1;
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
    revision: () => revision,
    addedSince: (earlier) => (earlier === revision ? [] : [...roles.values()].slice(earlier - revision)),
    haveGaps: () => deps.file.wasDamaged(),
    note(role) {
      if (!add(role)) return;
      for (const listener of listeners) listener(role);
    },
    add: (role) => void add(role),
    onFirstUse: (listener) => void listeners.push(listener),
    settled: () => writing,
  };
}

function parse(content: Readonly<Record<string, unknown>> | undefined): Role[] {
  const stored = content?.['roles'];
  return (Array.isArray(stored) ? (stored as unknown[]) : []).filter(isRole);
}

/** Whether a value from a state file is a role. */
export function isRole(candidate: unknown): candidate is Role {
  const { sessionName, accountId, permissionSet } = (candidate ?? {}) as Partial<Role>;
  return (
    typeof sessionName === 'string' &&
    typeof permissionSet === 'string' &&
    typeof accountId === 'string' &&
    /^\d{12}$/.test(accountId)
  );
}
