// The entries of the cache of role credentials: found by session and role, valid for one definition of a chain.
import { oncePerObject } from '../../core/async/once.ts';
import type { Clock } from '../../core/clock.ts';
import type { Role, RoleCredentials, SsoSession } from '../../core/model.ts';
import { sessionKey } from '../issuer.ts';
import type { Chains, ChainStep } from './chains.ts';
import { isInUse, type RoleEntry } from './role-use.ts';

export interface RoleEntries {
  all(): readonly RoleEntry[];
  find(session: SsoSession, role: Role): RoleEntry | undefined;
  /** The entry of a role that is used now. */
  noteUse(session: SsoSession, role: Role): RoleEntry;
  /** Adds it, or replaces the one of the same role. */
  add(entry: RoleEntry): void;
  /** Its credentials, if they are valid. `step`: of a chain, as it was when the request came; else as it is now. */
  findValid(entry: RoleEntry, step?: ChainStep, nowMs?: number): RoleCredentials | undefined;
  /** Removes those of the role, and of the chains that start from it. */
  remove(session: SsoSession, role: Role): void;
  removeSession(sessionName: string): void;
  /** Removes what is neither in use nor valid. */
  removeUnused(): void;
}

/** More than anybody uses; roles beyond this that have no answer because of an outage are not kept. */
const MAX_UNANSWERED_ROLES = 1000;

export function createRoleEntries(deps: { readonly chains: Chains; readonly clock: Clock }): RoleEntries {
  const { chains, clock } = deps;
  const entries = new Map<string, RoleEntry>();
  /** A key is hashed once for the many requests by the same objects. */
  const keyOf = oncePerObject((session: SsoSession) => oncePerObject((role: Role) => entryKey(session, role)));

  function findValid(entry: RoleEntry, step?: ChainStep, nowMs = clock.nowMs()): RoleCredentials | undefined {
    const { issued } = entry;
    if (issued === undefined || issued.credentials.expiresAtMs <= nowMs) return undefined;
    return issued.version === (step?.version ?? chains.versionOf(entry.role)) ? issued.credentials : undefined;
  }

  return {
    all: () => [...entries.values()],
    find: (session, role) => entries.get(keyOf(session)(role)),
    noteUse(session, role) {
      const key = entryKey(session, role);
      const askedAtMs = clock.nowMs();
      const entry = entries.get(key);
      if (entry !== undefined) {
        entry.askedAtMs = askedAtMs;
        return entry;
      }
      const added: RoleEntry = { session, role, askedAtMs, issued: undefined, failures: undefined };
      if (entries.size < MAX_UNANSWERED_ROLES) entries.set(key, added);
      return added;
    },
    add: (entry) => void entries.set(entryKey(entry.session, entry.role), entry),
    findValid,
    remove(session, role) {
      const gone = entryKey(session, role);
      for (const [key, entry] of entries) {
        const sources = chains.sourcesOf(entry.role).map((source) => entryKey(entry.session, source));
        if (key === gone || sources.includes(gone)) entries.delete(key);
      }
    },
    removeSession(sessionName) {
      for (const [key, entry] of entries) if (entry.session.sessionName === sessionName) entries.delete(key);
    },
    removeUnused() {
      for (const [key, entry] of entries) {
        if (!isInUse(entry, clock.nowMs()) && findValid(entry) === undefined) entries.delete(key);
      }
    },
  };
}

export function entryKey(session: SsoSession, role: Role): string {
  return `${sessionKey(session)}\0${role.accountId}\0${role.permissionSet}`;
}
