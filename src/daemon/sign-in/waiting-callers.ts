// The callers that are held for a sign-in: one bounded queue a sso-session, answered together.
import type { Clock } from '../../core/clock.ts';
import type { RolecallError } from '../../core/errors.ts';

/**
 * Why a wait is over: `signed-in` or signed out, so that asking again is worth it; an error that is the answer now;
 * `given-up`: too late, hung up, stopped, or not even begun because the queue is full.
 */
export type WaitOutcome = 'ask-again' | 'given-up' | RolecallError;

export interface WaitingCallers {
  /** Resolves when the wait is over, after `longestMs` at the latest; never rejects. */
  join(sessionName: string, longestMs: number, gone: AbortSignal): Promise<WaitOutcome>;
  /** Ends the wait of everybody in a session's queue. */
  answer(sessionName: string, outcome: WaitOutcome): void;
  /** Ends every wait; nobody is held any more. */
  close(): void;
  count(sessionName: string): number;
}

/** A shell loop gone wild gets its error at once instead of a file descriptor of ours. */
const LONGEST_QUEUE = 1000;

export function createWaitingCallers(clock: Clock): WaitingCallers {
  const queues = new Map<string, Set<(outcome: WaitOutcome) => void>>();
  let isClosed = false;

  function answer(sessionName: string, outcome: WaitOutcome): void {
    const queue = queues.get(sessionName);
    queues.delete(sessionName);
    for (const settle of queue ?? []) settle(outcome);
  }

  return {
    async join(sessionName, longestMs, gone) {
      const queue = queues.get(sessionName) ?? new Set();
      if (isClosed || gone.aborted || queue.size >= LONGEST_QUEUE) return 'given-up';
      queues.set(sessionName, queue);
      const over = new AbortController();
      try {
        return await new Promise<WaitOutcome>((resolve) => {
          const settle = (outcome: WaitOutcome) => {
            queue.delete(settle);
            if (queue.size === 0 && queues.get(sessionName) === queue) queues.delete(sessionName);
            resolve(outcome);
          };
          queue.add(settle);
          const giveUp = () => settle('given-up');
          gone.addEventListener('abort', giveUp, { signal: over.signal });
          void clock.sleep(longestMs, over.signal).then(giveUp, () => undefined);
        });
      } finally {
        over.abort(new Error('the wait is over'));
      }
    },
    answer,
    close() {
      isClosed = true;
      for (const sessionName of queues.keys()) answer(sessionName, 'given-up');
    },
    count: (sessionName) => queues.get(sessionName)?.size ?? 0,
  };
}
