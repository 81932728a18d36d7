// Keeps the state of the lock over a restart or a crash of the daemon, which must not unlock.
import type { Clock } from '../../core/clock.ts';
import type { StateFile, StateFileSchema } from '../state-files/state-file.ts';
import { isStoredLock, type LockState } from './lock-state.ts';

/** Schema of `lock.json`. */
export const LOCK_SCHEMA = {
  version: 1,
  isSound: isStoredLock,
  isReadOnce: true,
  loss: 'In case it was locked, it is now. To unlock: rolecall unlock',
} as const satisfies StateFileSchema;

/** A file that was damaged or can't be read locks: it exists only after a lock. */
export async function loadLockState(file: StateFile, clock: Pick<Clock, 'nowMs'>): Promise<LockState> {
  const unknown: LockState = { reason: 'command', sinceMs: clock.nowMs(), isScreenKnown: false };
  try {
    const content = await file.read();
    if (content !== undefined) return (content['locked'] as LockState | null) ?? undefined;
    return (await file.wasDamaged()) ? unknown : undefined;
  } catch {
    return unknown;
  }
}
