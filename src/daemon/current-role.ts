// The current role: what `[profile current]` follows, kept over restarts.
import { NotFoundError } from '../core/errors.ts';
import { createTurns } from '../core/in-turn.ts';
import type { CurrentRoleDocument } from '../local-api/schemas.ts';
import type { StateFile } from './state-file.ts';

export interface CurrentRole {
  /** @throws UnavailableError file-not-writable: its file can't be read */
  get(): Promise<CurrentRoleDocument | null>;
  /** @throws as `get`, and NotFoundError no-current-role */
  require(): Promise<CurrentRoleDocument>;
  /** Calls take their turn. @throws UnavailableError file-not-writable: the earlier role stays current */
  set(role: CurrentRoleDocument | null): Promise<void>;
}

/** `file` is of schema version 1. */
export function createCurrentRole(file: StateFile): CurrentRole {
  let loaded: CurrentRoleDocument | null | undefined;
  const inTurn = createTurns();

  async function write(role: CurrentRoleDocument | null): Promise<void> {
    await file.write({ role });
    loaded = role;
  }

  async function get(): Promise<CurrentRoleDocument | null> {
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

/** A file that is not one of ours means no current role: the wrong account would be worse than none. */
function parse(content: Readonly<Record<string, unknown>> | undefined): CurrentRoleDocument | null {
  const role = content?.['role'];
  if (typeof role !== 'object' || role === null) return null;
  const { session, accountId, permissionSet, profile = null } = role as Partial<CurrentRoleDocument>;
  if (![session, accountId, permissionSet, profile ?? ''].every((field) => typeof field === 'string')) return null;
  return { session, accountId, permissionSet, profile } as CurrentRoleDocument;
}
