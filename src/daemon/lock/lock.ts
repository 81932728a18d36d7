// The lock: while it is closed, nothing is served of what it covers. Survives a restart.
import type { Clock } from '../../core/clock.ts';
import { formatUtcSeconds } from '../../core/clock.ts';
import { RefusedError, toRolecallError } from '../../core/errors.ts';
import type { Role } from '../../core/model.ts';
import type { Problems } from '../../core/problems.ts';
import { nameOfRole } from '../../core/text/role-title.js';
import type { LockDocument } from '../../local-api/schemas.ts';
import type { ChainSource } from '../../sso/ports.ts';
import type { ServingLock } from '../../sso/serving-lock.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Actor } from '../audit/audit-record.ts';
import type { Log } from '../process/log.ts';
import { createProtection } from '../settings/protection.ts';
import type { Settings } from '../settings/settings.ts';
import type { StateFile } from '../state-files/state-file.ts';
import { loadLockState } from './lock-file.ts';
import { nextLockState, type LockEvent, type LockState } from './lock-state.ts';

export interface Lock extends ServingLock {
  isLocked(): boolean;
  /** Whether it covers every role, not only the protected ones. */
  isAllLocked(): boolean;
  /** Takes effect before this returns; resolves once it is saved. Never rejects. */
  change(event: LockEvent, by: Actor): Promise<void>;
  /** Saves it again if that has failed. Never rejects. */
  flush(): Promise<void>;
  /** Null: open, and nothing in the settings closes it. */
  describe(): LockDocument | null;
  subscribe(listener: LockListener): void;
}

export interface LockListener {
  /** Called at once, in the order of subscription. Must not throw. */
  locked?(): void;
  unlocked?(): void;
}

const PROBLEM_KEY = 'lock file';

/** The lock as the last daemon left it. */
export async function openLock(deps: {
  readonly settings: Pick<Settings, 'lock' | 'lockWithScreen' | 'lockAfterMinutes' | 'protect'>;
  /** The definitions of chained roles. Absent: there are none. */
  readonly chains?: Pick<ChainSource, 'find'>;
  /** Of `LOCK_SCHEMA`. */
  readonly file: StateFile;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly problems: Pick<Problems, 'raise' | 'clear'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
}): Promise<Lock> {
  const { clock, file, settings } = deps;
  const { ruleFor } = createProtection(settings, deps.chains);
  const listeners: LockListener[] = [];
  let state = await loadLockState(file, clock);
  let isUnsaved = false;

  function refusal(role?: Role): RefusedError | undefined {
    if (state === undefined) return undefined;
    if (settings.lock === 'all') return new RefusedError('locked', 'rolecall is locked: programs get no credentials.');
    if (role === undefined || ruleFor(role) === undefined) return undefined;
    return new RefusedError(
      'locked',
      `rolecall is locked: programs get no credentials of protected roles, such as ${nameOfRole(role.permissionSet)} in account ${role.accountId}.`,
    );
  }

  async function save(): Promise<void> {
    isUnsaved = true;
    const saved = state;
    try {
      await file.write({ locked: saved ?? null });
      isUnsaved = state !== saved;
      deps.problems.clear(PROBLEM_KEY);
    } catch (thrown) {
      const error = toRolecallError(thrown).toBody();
      const loss = saved === undefined ? 'A restart of the daemon locks again.' : 'A restart of the daemon unlocks.';
      deps.problems.raise(PROBLEM_KEY, { ...error, message: `${error.message} ${loss}` });
    }
  }

  function report(before: LockState, by: Actor): void {
    if (state !== undefined && state.reason !== before?.reason) {
      deps.audit.record({ event: 'locked', surface: by, reason: state.reason });
      deps.log('info', `locked: ${state.reason}`);
    }
    if (state === undefined) {
      deps.audit.record({ event: 'unlocked', surface: by, reason: before?.reason });
      deps.log('info', 'unlocked');
    }
  }

  return {
    refusal,
    requireUnlocked(role) {
      const error = refusal(role);
      if (error !== undefined) throw error;
    },
    isLocked: () => state !== undefined,
    isAllLocked: () => state !== undefined && settings.lock === 'all',
    async change(event, by) {
      const before = state;
      state = nextLockState(state, event, clock.nowMs());
      if (state === before) return;
      report(before, by);
      if (before === undefined) for (const listener of listeners) listener.locked?.();
      if (state === undefined) for (const listener of listeners) listener.unlocked?.();
      await save();
    },
    flush: async () => (isUnsaved ? save() : undefined),
    describe() {
      const scope = settings.lock;
      if (state !== undefined) {
        return { isLocked: true, since: formatUtcSeconds(state.sinceMs), reason: state.reason, scope };
      }
      const locksItself = settings.lockWithScreen || settings.lockAfterMinutes > 0;
      return locksItself ? { isLocked: false, since: null, reason: null, scope } : null;
    },
    subscribe: (listener) => void listeners.push(listener),
  };
}
