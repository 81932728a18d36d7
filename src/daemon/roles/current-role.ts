// The current role, which `[profile current]` follows. Saved across restarts; its profile is always looked up.
import { NotFoundError } from '../../core/errors.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import type { Role } from '../../core/model.ts';
import type { CurrentRoleDocument } from '../../local-api/schemas.ts';
import type { RoleList } from './role-list.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';

/** The role as `current.json` has it. */
type StoredRole = Omit<CurrentRoleDocument, 'profile'>;

export interface CurrentRole {
  /** @throws UnavailableError file-not-writable: the state file can't be read */
  get(): Promise<Role | null>;
  /** @throws as `get`, and NotFoundError no-current-role */
  require(): Promise<Role>;
  /** Calls run one after another. @throws UnavailableError file-not-writable: the previous role stays current */
  set(role: Role | null): Promise<void>;
}

/** Schema of `current.json`. */
export const CURRENT_ROLE_SCHEMA = {
  version: 1,
  // A switch waits for this write. Losing it in a crash is acceptable: no current role is better than a wrong one.
  isDurable: false,
  isSound: (content) => content['role'] === null || parse(content) !== null,
  loss: 'No current role is set until you choose one with "rolecall use --current".',
} as const satisfies StateFileSchema;

/** `file` must use `CURRENT_ROLE_SCHEMA`. */
export function createCurrentRole(file: StateFile): CurrentRole {
  let loaded: Role | null | undefined;
  const inTurn = createSerialQueue();

  async function write(role: Role | null): Promise<void> {
    await file.write({ role: role === null ? null : format(role) });
    loaded = role;
  }

  async function get(): Promise<Role | null> {
    if (loaded !== undefined) return loaded;
    const kept = parse(await file.read());
    // `set` may have run during the read; its value, which may be null, wins.
    if (loaded === undefined) loaded = kept;
    return loaded;
  }

  return {
    get,
    async require() {
      const role = await get();
      if (role === null) throw new NotFoundError('no-current-role', 'No current role is set.');
      return role;
    },
    set: (role) => inTurn(() => write(role)),
  };
}

/** The document that every surface shows, with the profile that gives AWS clients exactly this role, or null. */
export async function describeCurrentRole(
  role: Role,
  roleList: Pick<RoleList, 'profileOf'>,
): Promise<CurrentRoleDocument> {
  const profile = await roleList.profileOf(role).catch(() => undefined);
  return { ...format(role), profile: profile ?? null };
}

function format({ sessionName, accountId, permissionSet }: Role): StoredRole {
  return { session: sessionName, accountId, permissionSet };
}

/** Unexpected content means no current role: a wrong account would be worse than none. */
function parse(content: Readonly<Record<string, unknown>> | undefined): Role | null {
  const role = content?.['role'];
  if (typeof role !== 'object' || role === null) return null;
  const { session, accountId, permissionSet } = role as Partial<StoredRole>;
  if (![session, accountId, permissionSet].every((field) => typeof field === 'string')) return null;
  return { sessionName: session, accountId, permissionSet } as Role;
}
