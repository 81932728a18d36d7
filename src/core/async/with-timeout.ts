// A caller who has something valid at hand waits a moment for something newer, and no longer.
import type { Clock } from '../clock.ts';

/** What `work` gives if it settles within `patienceMs`, else undefined; the work goes on, and its late failure is nobody's. */
export async function withinPatience<T>(clock: Clock, patienceMs: number, work: Promise<T>): Promise<T | undefined> {
  const settled = new AbortController();
  const late = clock.sleep(patienceMs, settled.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    settled.abort(new Error('the work has settled'));
  }
}
