// Splits long synchronous work into steps, so that the event loop can answer requests between them.

/** A generator that yields wherever the event loop may run something else, and returns the result. */
export type Steps<T> = Generator<void, T, void>;

/** Items per step in `forEachInSlices`: usually one or two milliseconds of work. */
const SLICE_SIZE = 250;

/** Runs all steps without a break. @throws what a step throws */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Runs one step per turn of the event loop; 20,000 profiles must not delay a credential request. @throws what a step throws */
export async function runStepsYielding<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Calls `work` for every item in order, and yields to the event loop after every 250 items and at the end. */
export async function forEachInSlices<T>(items: readonly T[], work: (item: T) => void): Promise<void> {
  await runStepsYielding(slices(items, work));
}

function* slices<T>(items: readonly T[], work: (item: T) => void): Steps<void> {
  for (let start = 0; start < items.length; start += SLICE_SIZE) {
    for (const item of items.slice(start, start + SLICE_SIZE)) work(item);
    yield;
  }
}
