// The state of the lock and how it changes. Pure: what a change does is elsewhere.
import { isEpochMs } from '../../core/clock.ts';

/**
 * Why rolecall is locked. `screen`: the end of the screen lock unlocks it again. `sleep`: becomes `screen` if the screen
 * is locked as well.
 */
export type LockReason = 'command' | 'screen' | 'idle' | 'sleep';

export interface Locked {
  readonly reason: LockReason;
  readonly sinceMs: number;
  /** logind said that the screen is locked, so that it can also say that it no longer is. */
  readonly isScreenKnown: boolean;
}

/** Undefined: not locked. */
export type LockState = Locked | undefined;

export type LockEvent =
  | { readonly kind: 'lock'; readonly reason: LockReason }
  /** `isKnown`: logind says so. Programs can forge what the session bus says. */
  | { readonly kind: 'screen-locked'; readonly isKnown: boolean }
  /** logind says so. */
  | { readonly kind: 'screen-unlocked' }
  | { readonly kind: 'unlock' };

/** The state after `event`: the same object if nothing has changed. */
export function nextLockState(state: LockState, event: LockEvent, nowMs: number): LockState {
  switch (event.kind) {
    case 'unlock':
      return undefined;
    case 'screen-unlocked':
      return state?.reason === 'screen' && state.isScreenKnown ? undefined : state;
    case 'screen-locked':
      return lockWithScreen(state, event.isKnown, nowMs);
    case 'lock':
      if (state === undefined) return { reason: event.reason, sinceMs: nowMs, isScreenKnown: false };
      // A person wants it to stay locked.
      return event.reason === 'command' && state.reason !== 'command' ? { ...state, reason: 'command' } : state;
  }
}

function lockWithScreen(state: LockState, isKnown: boolean, nowMs: number): LockState {
  if (state === undefined) return { reason: 'screen', sinceMs: nowMs, isScreenKnown: isKnown };
  // Any other reason outlasts the screen's.
  const isOfScreen = state.reason === 'screen' || (state.reason === 'sleep' && isKnown);
  if (!isOfScreen || !isKnown || (state.reason === 'screen' && state.isScreenKnown)) return state;
  return { ...state, reason: 'screen', isScreenKnown: true };
}

const REASONS: ReadonlySet<unknown> = new Set(['command', 'screen', 'idle', 'sleep'] satisfies LockReason[]);

/** Whether the content of the state file is a state of the lock. */
export function isStoredLock({ locked }: Readonly<Record<string, unknown>>): boolean {
  if (locked === null) return true;
  if (typeof locked !== 'object') return false;
  const { reason, sinceMs, isScreenKnown } = locked as Partial<Locked>;
  return REASONS.has(reason) && isEpochMs(sinceMs) && typeof isScreenKnown === 'boolean';
}
