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
