// Runs timed work on a short tick that compares with the wall clock: long timers stop while a laptop sleeps.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../core/clock.ts';
import type { Log } from './log.ts';

export interface TickTask {
  readonly name: string;
  /** May return the milliseconds until it wants to run again, if that is before the next tick. */
  run(): Promise<number | undefined | void>;
}

const TICK_MS = 15_000;
/** Credentials that live for seconds are due between two ticks. Running more often would find nothing new. */
const MIN_TICK_MS = 1000;
/** The first run comes soon after the start, but after the answer to the client that started the daemon. */
const FIRST_TICK_MS = 1000;

/**
 * Runs each task on every tick until `signal` aborts, and resolves once the running ones have ended.
 * A slow task delays only its own next run. A failure is logged, and the task runs again on the next tick.
 */
export async function runTicker(deps: {
  readonly clock: Clock;
  readonly tasks: readonly TickTask[];
  readonly log: Log;
  readonly signal: AbortSignal;
}): Promise<void> {
  // Each task adds a listener, and Node warns of a leak from the eleventh on.
  setMaxListeners(0, deps.signal);
  await Promise.all(deps.tasks.map((task) => repeat(task, deps)));
}

async function repeat(task: TickTask, deps: Omit<Parameters<typeof runTicker>[0], 'tasks'>): Promise<void> {
  let pauseMs = FIRST_TICK_MS;
  while (!deps.signal.aborted) {
    try {
      await deps.clock.sleep(pauseMs, deps.signal);
    } catch {
      return;
    }
    pauseMs = TICK_MS;
    try {
      pauseMs = Math.min(TICK_MS, Math.max(MIN_TICK_MS, (await task.run()) ?? TICK_MS));
    } catch (error) {
      deps.log('warn', `${task.name}: ${(error as Error).message}`);
    }
  }
}
