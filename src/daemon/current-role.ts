// The current role: what `[profile current]` follows, kept over restarts.
import type { CurrentRoleDocument } from '../local-api/schemas.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

export interface CurrentRole {
  /** @throws UnavailableError file-not-writable: its file can't be read */
  get(): Promise<CurrentRoleDocument | null>;
  /** Calls take their turn. @throws UnavailableError file-not-writable: the earlier role stays current */
  set(role: CurrentRoleDocument | null): Promise<void>;
}

const SCHEMA_VERSION = 1;

export function createCurrentRole(path: string): CurrentRole {
  let loaded: CurrentRoleDocument | null | undefined;
  let lastSet: Promise<unknown> = Promise.resolve();

  async function write(role: CurrentRoleDocument | null): Promise<void> {
    await writePrivateFile(path, JSON.stringify({ schemaVersion: SCHEMA_VERSION, role }));
    loaded = role;
  }

  return {
    async get() {
      if (loaded !== undefined) return loaded;
      const kept = parse(await readPrivateFile(path));
      // A role may have been set while the file was being read, and null is one that was.
      if (loaded === undefined) loaded = kept;
      return loaded;
    },
    set(role) {
      const written = lastSet.then(() => write(role));
      lastSet = written.catch(() => undefined);
      return written;
    },
  };
}

/** A file that is not one of ours means no current role: the wrong account would be worse than none. */
function parse(text: string | undefined): CurrentRoleDocument | null {
  if (text === undefined) return null;
  try {
    const file = JSON.parse(text) as { schemaVersion?: number; role?: Partial<CurrentRoleDocument> | null };
    if (file.schemaVersion !== SCHEMA_VERSION || file.role === null) return null;
    const { session, accountId, permissionSet, profile = null } = file.role ?? {};
    if (![session, accountId, permissionSet, profile ?? ''].every((field) => typeof field === 'string')) return null;
    return { session, accountId, permissionSet, profile } as CurrentRoleDocument;
  } catch {
    return null;
  }
}
