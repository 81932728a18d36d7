// Divides the width of the grid: what distinguishes two rows first, and only what is left to the rest.

/** Narrower than this, a profile says less than the room that it takes. */
const MIN_PROFILE_WIDTH = 160;

/**
 * @typedef {object} Needs widths at which nothing of a column is cut
 * @property {number} name
 * @property {number} set
 * @property {number} profile
 */

/**
 * The widths of the three columns, together at most `room`; `profile` is 0 when there is no room for that column.
 *
 * A profile's name repeats account and permission set, so it gives way first. The other two share what there is:
 * neither is cut while the other has room to spare.
 * @param {number} room without the gaps between the columns
 * @param {Needs} needs
 * @returns {Needs}
 */
export function divideColumns(room, needs) {
  const rest = room - needs.name - needs.set;
  if (rest < Math.min(needs.profile, MIN_PROFILE_WIDTH)) return { ...shareTwo(room, needs), profile: 0 };
  const profile = Math.min(needs.profile, rest);
  const spare = (rest - profile) / 3;
  return { name: needs.name + spare, set: needs.set + spare, profile: profile + spare };
}

/** @param {number} room @param {Pick<Needs, 'name' | 'set'>} needs @returns {Pick<Needs, 'name' | 'set'>} */
function shareTwo(room, needs) {
  const spare = room - needs.name - needs.set;
  if (spare >= 0) return { name: needs.name + spare / 2, set: needs.set + spare / 2 };
  const half = room / 2;
  if (needs.set <= half) return { name: room - needs.set, set: needs.set };
  if (needs.name <= half) return { name: needs.name, set: room - needs.name };
  return { name: half, set: half };
}
