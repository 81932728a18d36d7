// Repeats the checks behind current problems, so that `status` does not show a problem that was just fixed.
import type { Clock } from '../../core/clock.ts';
import type { Problems } from '../../core/problems.ts';
import { withTimeout } from '../../core/async/with-timeout.ts';

export interface Recheck {
  /** While a problem with one of these codes is raised, `run` runs `task`, which raises or clears it. */
  add(codes: readonly string[], task: () => Promise<unknown>): void;
  /** Never rejects, and takes at most a second: a slow disk must not delay the answer. */
  run(): Promise<void>;
}

const DEADLINE_MS = 1000;

export function createRecheck(deps: { readonly problems: Problems; readonly clock: Clock }): Recheck {
  const { clock, problems } = deps;
  const tasks: { readonly codes: readonly string[]; readonly task: () => Promise<unknown> }[] = [];
  return {
    add: (codes, task) => void tasks.push({ codes, task }),
    async run() {
      const raised = problems.list();
      const due = tasks.filter(({ codes }) => raised.some(({ code }) => codes.includes(code)));
      if (due.length === 0) return;
      await withTimeout(clock, DEADLINE_MS, Promise.allSettled(due.map(({ task }) => task())));
    },
  };
}
