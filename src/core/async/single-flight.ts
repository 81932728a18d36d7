// Runs one call per key at a time; callers that arrive meanwhile get the result of the running one.

export interface SingleFlight<T, K = string> {
  /** The result of `work`, or of the run for `key` that is already in flight; a failure is shared too. */
  run(key: K, work: () => Promise<T>): Promise<T>;
  isRunning(key: K): boolean;
}

/** Nothing is cached: a key is free again as soon as its run has settled. */
export function createSingleFlight<T, K = string>(): SingleFlight<T, K> {
  const running = new Map<K, Promise<T>>();
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
