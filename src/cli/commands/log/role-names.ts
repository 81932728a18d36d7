// The profile names of roles, from the daemon's file in the state folder, so that they are known while it is stopped.
import { join } from 'node:path';
import type { AuditLine } from '../../../local-api/schemas/audit.ts';
import { readBoundedFile } from '../../../platform/files/bounded-read.ts';

export interface RoleNames {
  /** The profile and its aliases, the profile first. */
  of(role: Pick<AuditLine, 'session' | 'accountId' | 'permissionSet'>): readonly string[];
  list(): readonly string[];
}

/** 20,000 roles with long names. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Never rejects: without the file the log shows account ids. */
export async function loadRoleNames(stateDirectory: string): Promise<RoleNames> {
  const byRole = new Map<string, readonly string[]>();
  for (const { key, names } of await readNames(join(stateDirectory, 'profile-names.json'))) byRole.set(key, names);
  return {
    of: ({ session = '', accountId = '', permissionSet = '' }) =>
      byRole.get(keyOf(session, accountId, permissionSet)) ?? [],
    list: () => [...byRole.values()].flat(),
  };
}

async function readNames(path: string): Promise<readonly { key: string; names: readonly string[] }[]> {
  try {
    const content = JSON.parse(await readBoundedFile(path, MAX_BYTES)) as Record<string, unknown>;
    return [content['profiles'], content['unwritten']]
      .flatMap((list) => (Array.isArray(list) ? (list as Record<string, unknown>[]) : []))
      .map(toEntry);
  } catch {
    return [];
  }
}

function toEntry(profile: Readonly<Record<string, unknown>>): { key: string; names: readonly string[] } {
  const { sessionName, accountId, permissionSet, profileName, aliases } = profile;
  const names = [profileName, ...(Array.isArray(aliases) ? (aliases as unknown[]) : [])];
  return {
    key: keyOf(String(sessionName), String(accountId), String(permissionSet)),
    names: names.filter((name) => typeof name === 'string'),
  };
}

const keyOf = (session: string, accountId: string, permissionSet: string) =>
  `${session}\n${accountId}\n${permissionSet}`;
