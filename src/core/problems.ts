// What is wrong right now, as data: raised by whoever notices, cleared when it is over, read by `status`.
import type { ErrorBody } from './errors.ts';

export type Problem = ErrorBody & {
  /** The sso-session concerned; absent when it concerns the whole daemon. */
  readonly session?: string;
  /** The problem is in the team's file, not in the user's own settings. */
  readonly team?: true;
};

export interface Problems {
  /** Sets the problem under `key`, over an earlier one of that key. */
  raise(key: string, problem: Problem): void;
  clear(key: string): void;
  /** All that are raised, oldest first. */
  list(): readonly Problem[];
}

/** `onChange` is called when the list has become another one, not each time that something goes wrong as before. */
export function createProblems(onChange: () => void = () => undefined): Problems {
  const raised = new Map<string, Problem>();
  return {
    raise(key, problem) {
      const before = raised.get(key);
      raised.set(key, problem);
      if (before === undefined || !isSame(before, problem)) onChange();
    },
    clear(key) {
      if (raised.delete(key)) onChange();
    },
    list: () => [...raised.values()],
  };
}

function isSame(a: Problem, b: Problem): boolean {
  return a.code === b.code && a.message === b.message && a.hint === b.hint && a.session === b.session;
}
