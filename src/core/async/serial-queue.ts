// Work on something that two must not be at once: a file that is read, thought about and written.

/** A function that runs each `work` once all before it have settled, whatever became of them; it settles as its work does. */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}
