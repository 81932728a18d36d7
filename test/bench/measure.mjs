// The arithmetic of the bench: medians, and two sides measured turn by turn so that the machine's noise hits both.

/** The middle value, or the mean of the two in the middle; of nothing it is an error and not a number. */
export function median(values) {
  if (values.length === 0) throw new RangeError('there is no median of nothing');
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The smallest value that `share` (0 to 1) of all values do not exceed. */
export function percentile(values, share) {
  if (values.length === 0) throw new RangeError('there is no percentile of nothing');
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/**
 * Two sides that were measured in turn, value by value: the median of the floor, the median of the ratios of each pair,
 * and what the other side is by these. In a pair both have seen the same machine, in the medians of each side maybe not.
 */
export function comparePairs(floors, measureds) {
  const floor = median(floors);
  return { floor, measured: floor * median(ratiosOf(floors, measureds)) };
}

/** How far the pairs are apart, in words. */
export function describeSpread(floors, measureds) {
  const ratios = ratiosOf(floors, measureds);
  const [least, low, high, most] = [0, 0.25, 0.75, 1].map((share) => percentile(ratios, share).toFixed(2));
  return `the ratio of a pair from ${least} to ${most}, half of them from ${low} to ${high}, the median is what counts`;
}

function ratiosOf(floors, measureds) {
  if (floors.length !== measureds.length) throw new RangeError('a side without its other side is no pair');
  return measureds.map((measured, index) => measured / floors[index]);
}

/**
 * The medians of both sides after `rounds` of floor, measured, floor, measured, …
 * A side gives one number or a list of them; its first round warms files and caches up and does not count.
 */
export async function interleave(rounds, { floor, measured }) {
  const floors = [];
  const measureds = [];
  await floor();
  await measured();
  for (let round = 0; round < rounds; round += 1) {
    floors.push(await floor());
    measureds.push(await measured());
  }
  return { floor: median(floors.flat()), measured: median(measureds.flat()) };
}
