// Runs tasks one at a time, for read-change-write work on a shared file.

/** Runs each task when all earlier ones have settled, failed or not; resolves or rejects with its result. */
export type SerialQueue = <T>(work: () => Promise<T>) => Promise<T>;

/** Builds a queue of its own; tasks start in the order of the calls. */
export function createSerialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}
