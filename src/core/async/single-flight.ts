// Runs one call per key at a time; callers that arrive meanwhile get the result of the running one.

export interface SingleFlight<T, K = string> {
  /** The result of `work`, or of the run for `key` that is already in flight; a failure is shared too. */
  run(key: K, work: () => Promise<T>): Promise<T>;
  /** The result of a run that starts after this call; all calls during a run share the one that follows it. */
  runAnew(key: K, work: () => Promise<T>): Promise<T>;
  isRunning(key: K): boolean;
}

/** Nothing is cached: a key is free again as soon as its run has settled. */
export function createSingleFlight<T, K = string>(): SingleFlight<T, K> {
  const running = new Map<K, Promise<T>>();
  const following = new Map<K, Promise<T>>();

  function run(key: K, work: () => Promise<T>): Promise<T> {
    const current = running.get(key);
    if (current !== undefined) return current;
    const started = (async () => work())().finally(() => running.delete(key));
    running.set(key, started);
    return started;
  }

  return {
    isRunning: (key) => running.has(key),
    run,
    runAnew(key, work) {
      const current = running.get(key);
      if (current === undefined) return run(key, work);
      const planned = following.get(key);
      if (planned !== undefined) return planned;
      const start = () => {
        following.delete(key);
        // Joins a run that another caller has started since `current` ended.
        return run(key, work);
      };
      const next = current.then(start, start);
      following.set(key, next);
      return next;
    },
  };
}
