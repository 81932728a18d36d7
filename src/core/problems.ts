// The current problems, as data: raised where they are noticed, cleared when they are over, shown by `status`.
import type { ErrorBody } from './errors.ts';

export type Problem = ErrorBody & {
  /** The affected sso-session; absent if the whole daemon is affected. */
  readonly session?: string;
  /** The problem is in the team's file, not in the user's own settings. */
  readonly team?: true;
};

export interface Problems {
  /** Sets the problem for `key`, replacing an earlier one. */
  raise(key: string, problem: Problem): void;
  clear(key: string): void;
  /** All current problems, oldest first. */
  list(): readonly Problem[];
}

/** Calls `onChange` only if the list has changed, not when the same problem is raised again. */
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
