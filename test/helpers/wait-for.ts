// Waits for a condition in the real world, with a deadline and a description.
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface WaitForOptions {
  /** How long to keep trying; 25 s when absent, for the first start of a program that was just installed takes its time. */
  readonly deadlineMs?: number;
  /** Pause between two tries; 20 ms when absent. */
  readonly intervalMs?: number;
  /** What makes the condition true: if it ends first, the wait fails at once and says how it ended. */
  readonly during?: Promise<unknown>;
}

/** Once more after the deadline: a machine that stood still until then has not had its time. */
const LAST_LOOK_MS = 100;

type Falsy = undefined | null | false | 0 | '';

/**
 * The first truthy answer of `condition`, asked again and again until the deadline. A condition that throws is
 * "not yet".
 * @throws Error "waited … ms for WHAT": deadline passed, a hanging condition included; `cause` is what it last threw.
 * @throws Error "no WHAT: …": `during` ended first
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Falsy | Promise<T | Falsy>,
  options: WaitForOptions = {},
): Promise<T> {
  const deadlineMs = options.deadlineMs ?? 25_000;
  const endsAtMs = Date.now() + deadlineMs;
  let lastThrown: unknown;
  let end: string | undefined;
  options.during?.then(
    (result) => void (end = inspect(result)),
    (error: unknown) => void (end = inspect(error)),
  );
  for (;;) {
    const endBefore = end;
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
    // The condition was asked once more after the end.
    if (endBefore !== undefined) throw new Error(`no ${what}: what should cause it has ended with ${endBefore}`);
    if (leftMs <= 0) {
      throw new Error(`waited ${deadlineMs} ms for ${what}`, lastThrown === undefined ? {} : { cause: lastThrown });
    }
    await sleep(Math.min(options.intervalMs ?? 20, Math.max(0, endsAtMs - Date.now())));
  }
}
