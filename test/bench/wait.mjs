// Waiting for a process or a socket, never without a deadline and a name for what was awaited.
import { setTimeout as sleep } from 'node:timers/promises';

/** The first truthy answer of `condition`; one that throws is "not yet". */
export async function waitFor(what, condition, { deadlineMs = 20_000, intervalMs = 10 } = {}) {
  const endsAtMs = performance.now() + deadlineMs;
  let lastThrown;
  while (performance.now() < endsAtMs) {
    try {
      const answer = await condition();
      if (answer) return answer;
    } catch (thrown) {
      lastThrown = thrown;
    }
    await sleep(intervalMs);
  }
  throw new Error(`waited ${deadlineMs} ms for ${what}`, { cause: lastThrown });
}
