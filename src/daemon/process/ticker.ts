// Work that comes due by the wall clock, looked at on a short tick: long timers sleep through a laptop's sleep.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../core/clock.ts';
import type { Log } from './log.ts';

export interface TickTask {
  readonly name: string;
  /** May give the time after which it wants to run again, to be sooner than the next tick. */
  run(): Promise<number | undefined | void>;
}

const TICK_MS = 15_000;
/** Credentials that live for seconds come due between two ticks; more often than this looks at nothing new. */
const SHORTEST_TICK_MS = 1000;
/** The first look comes soon after the start, but not before whoever started us has an answer. */
const FIRST_TICK_MS = 1000;

/**
 * Runs each task at every tick until `signal` aborts, then resolves once those under way have ended.
 * A slow task delays its own next run alone; one that fails is logged and runs again at the next tick.
 */
export async function runTicker(deps: {
  readonly clock: Clock;
  readonly tasks: readonly TickTask[];
  readonly log: Log;
  readonly signal: AbortSignal;
}): Promise<void> {
  // Each task listens to it once, which Node takes for a leak from the eleventh on.
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
      pauseMs = Math.min(TICK_MS, Math.max(SHORTEST_TICK_MS, (await task.run()) ?? TICK_MS));
    } catch (error) {
      deps.log('warn', `${task.name}: ${(error as Error).message}`);
    }
  }
}
