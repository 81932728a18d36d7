// Work that brings something up to date: asked for often, never run twice at once, and once more when asked for meanwhile.

/**
 * A function that runs `work`. A call while it runs asks for one more run, which all such calls share; each call
 * settles with a run that began after it.
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
