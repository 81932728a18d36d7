// Runs an update that is requested often: never twice at once, and once more if it was requested during a run.

/**
 * A function that runs `work`. Calls during a run share one further run, so every call resolves with a run that
 * started after it.
 */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const start = (): Promise<void> => {
    next = undefined;
    const run = (async () => work())().finally(() => {
      if (running === run) running = undefined;
    });
    running = run;
    return run;
  };

  return () => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
}
