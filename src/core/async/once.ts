// Functions that do their work at the first call only.

/** Calls `work` at the first call; later calls return the same result. What `work` references can be freed after that. */
export function once<A extends readonly unknown[], R>(work: (...args: A) => R): (...args: A) => R {
  let pending: ((...args: A) => R) | undefined = work;
  let result: R | undefined;
  return (...args) => {
    if (pending !== undefined) {
      const run = pending;
      pending = undefined;
      result = run(...args);
    }
    return result as R;
  };
}

/** Like `once` for a promise, except that the next call tries again after a failure. */
export function onceFulfilled<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return async () => {
    try {
      return await (loading ??= load());
    } catch (error) {
      loading = undefined;
      throw error;
    }
  };
}

/** A function that calls `create` once for each key and returns the same value for the key from then on. */
export function oncePerKey<V>(create: (key: string) => V): (key: string) => V {
  const values = new Map<string, V>();
  return (key) => {
    const value = values.get(key) ?? create(key);
    values.set(key, value);
    return value;
  };
}

/** As `oncePerKey`, for objects; a value is freed with its object. */
export function oncePerObject<K extends object, V>(create: (key: K) => V): (key: K) => V {
  const values = new WeakMap<K, V>();
  return (key) => {
    const known = values.get(key);
    if (known !== undefined) return known;
    const value = create(key);
    values.set(key, value);
    return value;
  };
}
