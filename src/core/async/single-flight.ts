// Many callers, one piece of work: the rule "one refresh, one GetRoleCredentials in flight".

export interface SingleFlight<T> {
  /** The result of `work` for `key`; callers that come while it runs share that one run, its failure included. */
  run(key: string, work: () => Promise<T>): Promise<T>;
  isRunning(key: string): boolean;
}

/** Builds a group of keyed runs; a key is free again as soon as its run has settled. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const running = new Map<string, Promise<T>>();
  return {
    isRunning: (key) => running.has(key),
    run(key, work) {
      const current = running.get(key);
      if (current !== undefined) return current;
      const started = (async () => work())().finally(() => running.delete(key));
      running.set(key, started);
      return started;
    },
  };
}
