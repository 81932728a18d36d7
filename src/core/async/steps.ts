// Work that may be long, written as steps: done at once, or with a turn for everybody else between two of them.

/** Yields wherever others may have their turn; its result is what it returns. */
export type Steps<T> = Generator<void, T, void>;

/** All of it at once. @throws what the work throws */
export function doSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** A step a turn of the event loop, so that nobody's keys wait for twenty thousand profiles. @throws what the work throws */
export async function doStepsInTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
