// A clock whose time passes as soon as nobody has anything else to do, so that hours of waiting take seconds.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** `passUntil(promise)` lets time pass until the promise settles, and gives what it resolves to. */
export function createVirtualClock() {
  const sleeping = new Set();
  let nowMs = Date.UTC(2026, 10, 24, 6, 0, 0);

  async function sleep(durationMs, signal) {
    signal?.throwIfAborted();
    await new Promise((resolve) => {
      const entry = { dueMs: nowMs + Math.max(0, durationMs), resolve };
      sleeping.add(entry);
      signal?.addEventListener('abort', () => {
        sleeping.delete(entry);
        resolve();
      });
    });
    signal?.throwIfAborted();
  }

  function wakeNext() {
    let next;
    for (const entry of sleeping) if (next === undefined || entry.dueMs < next.dueMs) next = entry;
    if (next === undefined) throw new Error('everybody waits for something that no time brings');
    sleeping.delete(next);
    nowMs = next.dueMs;
    next.resolve();
  }

  return {
    nowMs: () => nowMs,
    sleep,
    async passUntil(promise) {
      let isSettled = false;
      const settle = () => {
        isSettled = true;
      };
      promise.then(settle, settle);
      for (;;) {
        // One turn of the event loop drains every promise chain, however long.
        await nextTurn();
        if (isSettled) return promise;
        wakeNext();
      }
    },
  };
}
