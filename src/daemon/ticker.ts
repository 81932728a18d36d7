// Work that comes due by the wall clock, looked at on a short tick: long timers sleep through a laptop's sleep.
import type { Clock } from '../core/clock.ts';
import type { Log } from './log.ts';

export interface TickTask {
  readonly name: string;
  run(): Promise<void>;
}

const TICK_MS = 15_000;

/** Runs all tasks one after the other at each tick until `signal` aborts; a task that fails is logged and runs again at the next. */
export async function runTicker(deps: {
  readonly clock: Clock;
  readonly tasks: readonly TickTask[];
  readonly log: Log;
  readonly signal: AbortSignal;
}): Promise<void> {
  while (!deps.signal.aborted) {
    try {
      await deps.clock.sleep(TICK_MS, deps.signal);
    } catch {
      return;
    }
    for (const task of deps.tasks) {
      try {
        await task.run();
      } catch (error) {
        deps.log('warn', `${task.name}: ${(error as Error).message}`);
      }
    }
  }
}
