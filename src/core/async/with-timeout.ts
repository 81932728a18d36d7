// Waits for a promise, but not longer than a given time.
import type { Clock } from '../clock.ts';

/**
 * The result of `work` if it settles within `timeoutMs`, else undefined. The work itself goes on after the timeout;
 * a rejection that comes then is ignored.
 */
export async function withTimeout<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T | undefined> {
  const settled = new AbortController();
  const timeout = clock.sleep(timeoutMs, settled.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([work, timeout]);
  } finally {
    settled.abort(new Error('the work has settled'));
  }
}
