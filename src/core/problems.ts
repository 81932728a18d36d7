// What is wrong right now, as data: raised by whoever notices, cleared when it is over, read by `status`.
import type { ErrorBody } from './errors.ts';

export type Problem = ErrorBody & {
  /** The sso-session concerned; absent when it concerns the whole daemon. */
  readonly session?: string;
};

export interface Problems {
  /** Sets the problem under `key`, over an earlier one of that key. */
  raise(key: string, problem: Problem): void;
  clear(key: string): void;
  /** All that are raised, oldest first. */
  list(): readonly Problem[];
}

export function createProblems(): Problems {
  const raised = new Map<string, Problem>();
  return {
    raise: (key, problem) => void raised.set(key, problem),
    clear: (key) => void raised.delete(key),
    list: () => [...raised.values()],
  };
}
