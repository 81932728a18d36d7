// Waits for a condition in the real world, with a deadline and a description.
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitForOptions {
  /** How long to keep trying; 25 s when absent, for the first start of a program that was just installed takes its time. */
  readonly deadlineMs?: number;
  /** Pause between two tries; 20 ms when absent. */
  readonly intervalMs?: number;
}

/** Once more after the deadline: a machine that stood still until then has not had its time. */
const LAST_LOOK_MS = 100;

type Falsy = undefined | null | false | 0 | '';

/**
 * The first truthy answer of `condition`, asked again and again until the deadline. A condition that throws is
 * "not yet".
 * @throws Error "waited … ms for WHAT": deadline passed, a hanging condition included; `cause` is what it last threw.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Falsy | Promise<T | Falsy>,
  options: WaitForOptions = {},
): Promise<T> {
  const deadlineMs = options.deadlineMs ?? 25_000;
  const endsAtMs = Date.now() + deadlineMs;
  let lastThrown: unknown;
  for (;;) {
    const leftMs = endsAtMs - Date.now();
    const hung = new AbortController();
    try {
      const patienceMs = Math.max(leftMs, LAST_LOOK_MS);
      const answer = await Promise.race([condition(), sleep(patienceMs, undefined, { signal: hung.signal })]);
      if (answer) return answer;
      lastThrown = undefined;
    } catch (thrown) {
      lastThrown = thrown;
    } finally {
      hung.abort();
    }
    if (leftMs <= 0) {
      throw new Error(`waited ${deadlineMs} ms for ${what}`, lastThrown === undefined ? {} : { cause: lastThrown });
    }
    await sleep(Math.min(options.intervalMs ?? 20, Math.max(0, endsAtMs - Date.now())));
  }
}
