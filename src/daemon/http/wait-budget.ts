// How long a caller can wait for a person: to sign in, or to approve a role.
import type { Clock } from '../../core/clock.ts';
import type { Caller } from './caller.ts';

/** How long a caller can wait. */
export type WaitBudget = Pick<Caller, 'waitBudgetMs' | 'gone'>;

/** For a caller that can't wait. */
export const NO_WAIT: Readonly<WaitBudget> = { waitBudgetMs: 0, gone: () => AbortSignal.abort() };

/** How long our own clients wait in total: Go's SDK kills a credential_process after 60 s. */
const DEFAULT_WAIT_BUDGET_MS = 55_000;
/** Time left for the answer, including fetching credentials once the person has acted. */
const ANSWER_MARGIN_MS = 2000;

/** How much longer a caller can wait that came at `arrivedAtMs`, by the wall clock; 0 or less: not at all. */
export function waitLeftMs(
  clock: Pick<Clock, 'nowMs'>,
  { waitBudgetMs = DEFAULT_WAIT_BUDGET_MS }: Pick<WaitBudget, 'waitBudgetMs'>,
  { waitSeconds, arrivedAtMs }: { readonly waitSeconds: number; readonly arrivedAtMs: number },
): number {
  const maxMs = Math.min(waitSeconds * 1000, waitBudgetMs - ANSWER_MARGIN_MS);
  // Setting the clock back must not lengthen the wait.
  return maxMs - Math.max(0, clock.nowMs() - arrivedAtMs);
}
