// The current role: what `[profile current]` follows, kept over restarts.
import type { CurrentRoleDocument } from '../local-api/schemas.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

export interface CurrentRole {
  get(): Promise<CurrentRoleDocument | null>;
  /** @throws UnavailableError file-not-writable: the earlier role stays current */
  set(role: CurrentRoleDocument | null): Promise<void>;
}

const SCHEMA_VERSION = 1;

export function createCurrentRole(path: string): CurrentRole {
  let loaded: CurrentRoleDocument | null | undefined;
  return {
    async get() {
      if (loaded === undefined) loaded = parse(await readPrivateFile(path));
      return loaded;
    },
    async set(role) {
      await writePrivateFile(path, JSON.stringify({ schemaVersion: SCHEMA_VERSION, role }));
      loaded = role;
    },
  };
}

/** A file that is not one of ours means no current role: the wrong account would be worse than none. */
function parse(text: string | undefined): CurrentRoleDocument | null {
  if (text === undefined) return null;
  try {
    const file = JSON.parse(text) as { schemaVersion?: number; role?: CurrentRoleDocument | null };
    return file.schemaVersion === SCHEMA_VERSION ? (file.role ?? null) : null;
  } catch {
    return null;
  }
}
