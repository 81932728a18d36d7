// The state of the lock: what closes it, and what opens it again.
import { describe, expect, it } from 'vitest';
import { isStoredLock, nextLockState, type LockEvent, type LockState } from '../../../src/daemon/lock/lock-state.ts';

const LOCK = { kind: 'lock', reason: 'command' } as const;
const IDLE = { kind: 'lock', reason: 'idle' } as const;
const SLEEP = { kind: 'lock', reason: 'sleep' } as const;
const SCREEN = { kind: 'screen-locked', isKnown: true } as const;
/** What any program of the session bus can claim. */
const CLAIM = { kind: 'screen-locked', isKnown: false } as const;
const SCREEN_OPEN = { kind: 'screen-unlocked' } as const;
const UNLOCK = { kind: 'unlock' } as const;

function after(...events: readonly LockEvent[]): LockState {
  let nowMs = 0;
  return events.reduce<LockState>((state, event) => nextLockState(state, event, (nowMs += 1000)), undefined);
}

describe('the lock', () => {
  it.each([
    ['is closed by a command', [LOCK], 'command'],
    ['is closed when nobody is there', [IDLE], 'idle'],
    ['is closed with the screen', [SCREEN], 'screen'],
    ['is closed when any program says that the screen is locked', [CLAIM], 'screen'],
    ['is closed before the machine sleeps', [SLEEP], 'sleep'],
    ['is opened by an unlock, whatever closed it', [SCREEN, LOCK, UNLOCK], undefined],
    ['is opened with the screen', [SCREEN, SCREEN_OPEN], undefined],
    ['is opened with a screen that was locked before or after the sleep', [SLEEP, SCREEN, SCREEN_OPEN], undefined],
    ['is opened with the screen after a claim that turned out true', [CLAIM, SCREEN, SCREEN_OPEN], undefined],
    ['stays closed after a sleep without a screen lock', [SLEEP, SCREEN_OPEN], 'sleep'],
    ['stays closed after a claim that logind never confirmed', [CLAIM, SCREEN_OPEN], 'screen'],
    ['stays closed after a command, whatever the screen does', [LOCK, SCREEN, SCREEN_OPEN], 'command'],
    ['stays closed by a command that comes after the screen', [SCREEN, LOCK, SCREEN_OPEN], 'command'],
    ['stays closed when nobody was there before the screen was locked', [IDLE, SCREEN, SCREEN_OPEN], 'idle'],
    ['belongs to the screen, however long that stays locked', [SCREEN, IDLE, SLEEP, SCREEN_OPEN], undefined],
    ['is not made the screen’s by a claim', [SLEEP, CLAIM, SCREEN_OPEN], 'sleep'],
  ] as const)('%s', (_what, events, reason) => {
    expect(after(...events)?.reason).toBe(reason);
  });

  it('keeps the time of the first reason', () => {
    expect(after(SCREEN, IDLE, LOCK)).toEqual({ reason: 'command', sinceMs: 1000, isScreenKnown: true });
  });

  it('is the same object when nothing has changed', () => {
    const locked = after(LOCK);
    for (const event of [LOCK, IDLE, SLEEP, SCREEN, CLAIM, SCREEN_OPEN]) {
      expect(nextLockState(locked, event, 9000)).toBe(locked);
    }
  });
});

it.each([
  [{ locked: null }, true],
  [{ locked: after(SCREEN) }, true],
  [{}, false],
  [{ locked: 'yes' }, false],
  [{ locked: { reason: 'fun', sinceMs: 1, isScreenKnown: true } }, false],
  [{ locked: { reason: 'idle', sinceMs: -1, isScreenKnown: true } }, false],
])('recognizes a stored state: %j', (content, isSound) => {
  expect(isStoredLock(content)).toBe(isSound);
});
