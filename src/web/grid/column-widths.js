// Divides the width of the grid: what distinguishes two rows first, and only what is left to the rest.

/** Narrower than this, a profile says less than the room that it takes. */
const MIN_PROFILE_WIDTH = 160;

/**
 * @typedef {object} Widths
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
 * @param {Widths} needs at which nothing is cut
 * @param {number} badge what the permission set of the current role needs in addition
 * @returns {Widths}
 */
export function divideColumns(room, needs, badge) {
  const spare = room - needs.name - needs.set;
  if (spare < 0) return { ...shareTwo(room, needs), profile: 0 };
  const hasProfile = spare >= Math.min(needs.profile, MIN_PROFILE_WIDTH);
  const profile = hasProfile ? Math.min(needs.profile, spare) : 0;
  const forBadge = Math.min(badge, spare - profile);
  const share = (spare - profile - forBadge) / (hasProfile ? 3 : 2);
  return {
    name: needs.name + share,
    set: needs.set + forBadge + share,
    profile: hasProfile ? profile + share : 0,
  };
}

/** Not everything fits. @param {number} room @param {Pick<Widths, 'name' | 'set'>} needs @returns {Pick<Widths, 'name' | 'set'>} */
function shareTwo(room, needs) {
  const half = room / 2;
  if (needs.set <= half) return { name: room - needs.set, set: needs.set };
  if (needs.name <= half) return { name: needs.name, set: room - needs.name };
  return { name: half, set: half };
}
