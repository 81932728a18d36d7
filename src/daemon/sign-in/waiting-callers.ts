// Callers that wait for a sign-in: one bounded queue per sso-session, answered together.
import type { Clock } from '../../core/clock.ts';
import type { RolecallError } from '../../core/errors.ts';

/**
 * Why a wait ended. `ask-again`: somebody signed in or out, or locked. An error: the answer to every caller.
 * `given-up`: timeout, the caller hung up, the daemon stops, or the queue was full.
 */
export type WaitOutcome = 'ask-again' | 'given-up' | RolecallError;

export interface WaitingCallers {
  /** Resolves when the wait ends, after `maxMs` at the latest; never rejects. */
  join(sessionName: string, maxMs: number, gone: AbortSignal): Promise<WaitOutcome>;
  /** Ends the wait of every caller of a session. */
  answer(sessionName: string, outcome: WaitOutcome): void;
  /** Ends the wait of every caller. */
  answerAll(outcome: WaitOutcome): void;
  /** Ends every wait; later callers do not wait. */
  close(): void;
  count(sessionName: string): number;
}

/** A shell loop that never stops gets errors instead of using up file descriptors. */
const MAX_QUEUE = 1000;

export function createWaitingCallers(clock: Clock): WaitingCallers {
  const queues = new Map<string, Set<(outcome: WaitOutcome) => void>>();
  let isClosed = false;

  function answer(sessionName: string, outcome: WaitOutcome): void {
    const queue = queues.get(sessionName);
    queues.delete(sessionName);
    for (const settle of queue ?? []) settle(outcome);
  }

  function answerAll(outcome: WaitOutcome): void {
    for (const sessionName of queues.keys()) answer(sessionName, outcome);
  }

  return {
    async join(sessionName, maxMs, gone) {
      const queue = queues.get(sessionName) ?? new Set();
      if (isClosed || gone.aborted || queue.size >= MAX_QUEUE) return 'given-up';
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
          void clock.sleep(maxMs, over.signal).then(giveUp, () => undefined);
        });
      } finally {
        over.abort(new Error('the wait is over'));
      }
    },
    answer,
    answerAll,
    close() {
      isClosed = true;
      answerAll('given-up');
    },
    count: (sessionName) => queues.get(sessionName)?.size ?? 0,
  };
}
