// The current role: what `[profile current]` follows, kept over restarts. Its profile is looked up, never kept.
import { NotFoundError } from '../../core/errors.ts';
import { createSerialQueue } from '../../core/async/serial-queue.ts';
import type { CurrentRoleDocument } from '../../local-api/schemas.ts';
import type { RoleList } from './role-list.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';

export type KeptRole = Omit<CurrentRoleDocument, 'profile'>;

export interface CurrentRole {
  /** @throws UnavailableError file-not-writable: its file can't be read */
  get(): Promise<KeptRole | null>;
  /** @throws as `get`, and NotFoundError no-current-role */
  require(): Promise<KeptRole>;
  /** Calls take their turn. @throws UnavailableError file-not-writable: the earlier role stays current */
  set(role: KeptRole | null): Promise<void>;
}

/** Of `current.json`. */
export const CURRENT_ROLE_SCHEMA = {
  version: 1,
  // Whoever switches waits for it, and no current role is better than another one.
  isDurable: false,
  isSound: (content) => content['role'] === null || parse(content) !== null,
  loss: 'No role is the current one until you choose it again with "rolecall use --current".',
} as const satisfies StateFileSchema;

/** `file` is of `CURRENT_ROLE_SCHEMA`. */
export function createCurrentRole(file: StateFile): CurrentRole {
  let loaded: KeptRole | null | undefined;
  const inTurn = createSerialQueue();

  async function write(role: KeptRole | null): Promise<void> {
    await file.write({ role });
    loaded = role;
  }

  async function get(): Promise<KeptRole | null> {
    if (loaded !== undefined) return loaded;
    const kept = parse(await file.read());
    // A role may have been set while the file was being read, and null is one that was.
    if (loaded === undefined) loaded = kept;
    return loaded;
  }

  return {
    get,
    async require() {
      const role = await get();
      if (role === null) throw new NotFoundError('no-current-role', 'No role is the current one.');
      return role;
    },
    set: (role) => inTurn(() => write(role)),
  };
}

/** As every surface shows it: with the profile by which AWS clients get this very role, or none. */
export async function describeCurrentRole(
  { session, accountId, permissionSet }: KeptRole,
  roleList: Pick<RoleList, 'profileOf'>,
): Promise<CurrentRoleDocument> {
  const profile = await roleList.profileOf({ sessionName: session, accountId, permissionSet }).catch(() => undefined);
  return { session, accountId, permissionSet, profile: profile ?? null };
}

/** A file that is not one of ours means no current role: the wrong account would be worse than none. */
function parse(content: Readonly<Record<string, unknown>> | undefined): KeptRole | null {
  const role = content?.['role'];
  if (typeof role !== 'object' || role === null) return null;
  const { session, accountId, permissionSet } = role as Partial<KeptRole>;
  if (![session, accountId, permissionSet].every((field) => typeof field === 'string')) return null;
  return { session, accountId, permissionSet } as KeptRole;
}
