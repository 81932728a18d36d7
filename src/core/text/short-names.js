// Shortens names in the middle so that different names of one list stay different. JavaScript, because browsers load it too.

/** @typedef {{ from: number, to: number, at: number }} KeptPart `from` to `to` of the name is shown from `at` on */
/** @typedef {{ text: string, parts: readonly KeptPart[] }} ShortName positions are UTF-16 units, as in `findMarks` */
/** @typedef {(text: string) => number} WidthOf additive: the width of a text is at least that of each part */

const ELLIPSIS = '…';
/** How much of the room goes to the start of a name, in the order in which they are tried. */
const SHARES = Object.freeze([0.5, 0.25, 0.75]);
/** Narrower than this, a name with two gaps cannot be read. */
const MIN_WIDTH_FOR_TWO_GAPS = 5;

/**
 * Returns a function that shortens a name to `width`: "Payments platform prod 07" is "Payments…prod 07" in 16 columns.
 * No two different `names` get the same text if there is room for what distinguishes them.
 * @param {Iterable<string>} names the whole list @param {number} width @param {WidthOf} widthOf in any unit
 * @returns {(name: string) => ShortName}
 */
export function createNameShortener(names, width, widthOf) {
  const distinct = new Set(names);
  /** @type {Set<string>} */
  const taken = new Set();
  /** @type {string[]} */
  const tooLong = [];
  for (const name of distinct) {
    if (widthOf(name) > width) tooLong.push(name);
    else taken.add(name);
  }
  const choose = chooseShares(tooLong, width, widthOf, taken);
  return (name) => {
    if (widthOf(name) <= width) return { text: name, parts: [{ from: 0, to: name.length, at: 0 }] };
    return choose.different.get(name) ?? keepEnds(name, width, choose.shares.get(name) ?? SHARES[0] ?? 0, widthOf);
  };
}

/**
 * The highlighted positions of a name, as positions in its shortened text.
 * @param {ShortName} short @param {ReadonlySet<number> | undefined} marks @returns {ReadonlySet<number>}
 */
export function moveMarks({ parts }, marks) {
  /** @type {Set<number>} */
  const moved = new Set();
  for (const mark of marks ?? []) {
    const part = parts.find(({ from, to }) => mark >= from && mark < to);
    if (part !== undefined) moved.add(part.at + mark - part.from);
  }
  return moved;
}

/**
 * Tries each share of the room; names that still look the same are cut around what differs between them.
 * @param {readonly string[]} names @param {number} width @param {WidthOf} widthOf @param {Set<string>} taken
 */
function chooseShares(names, width, widthOf, taken) {
  /** @type {Map<string, number>} */
  const shares = new Map();
  /** @type {Map<string, ShortName>} */
  const different = new Map();
  let left = names;
  for (const share of SHARES) {
    const groups = groupByText(left, (name) => keepEnds(name, width, share, widthOf).text);
    /** @type {string[]} */
    const same = [];
    for (const [text, group] of groups) {
      if (typeof group !== 'string') {
        for (const name of group) same.push(name);
      } else if (taken.has(text)) {
        same.push(group);
      } else {
        taken.add(text);
        shares.set(group, share);
      }
    }
    left = same;
    if (left.length === 0) return { shares, different };
  }
  const groups = [...groupByText(left, (name) => keepEnds(name, width, SHARES[0] ?? 0, widthOf).text).values()];
  const several = groups.filter((group) => typeof group !== 'string');
  for (const [name, short] of keepDifferences(several, width, widthOf)) different.set(name, short);
  return { shares, different };
}

/** The names by their text; most are alone with it. @param {readonly string[]} names @param {(name: string) => string} shorten */
function groupByText(names, shorten) {
  /** @type {Map<string, string | string[]>} */
  const groups = new Map();
  for (const name of names) {
    const text = shorten(name);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, name);
    else if (typeof group === 'string') groups.set(text, [group, name]);
    else group.push(name);
  }
  return groups;
}

/**
 * Shortens each group by itself. Groups that then look the same are shortened again as one, if that helps.
 * @param {readonly string[][]} groups @param {number} width @param {WidthOf} widthOf @returns {Map<string, ShortName>}
 */
function keepDifferences(groups, width, widthOf) {
  const shortened = groups.map((group) => keepDifference(group, width, widthOf));
  const roots = groups.map((_, index) => index);
  const rootOf = (/** @type {number} */ index) => {
    let root = index;
    while (roots[root] !== root) root = roots[root] ?? 0;
    return root;
  };
  /** @type {Map<string, number>} */
  const owners = new Map();
  for (const [index, names] of shortened.entries()) {
    for (const { text } of names.values()) {
      const owner = owners.get(text);
      if (owner === undefined) owners.set(text, index);
      else roots[rootOf(index)] = rootOf(owner);
    }
  }
  const found = new Map(shortened.flatMap((names) => [...names]));
  /** @type {Map<number, string[][]>} */
  const clusters = new Map();
  for (const [index, group] of groups.entries()) {
    const root = rootOf(index);
    clusters.set(root, [...(clusters.get(root) ?? []), group]);
  }
  for (const cluster of clusters.values()) {
    if (cluster.length < 2) continue;
    const names = cluster.flat();
    const together = keepDifference(names, width, widthOf);
    const count = (/** @type {Map<string, ShortName>} */ all) => new Set(names.map((name) => all.get(name)?.text)).size;
    if (count(together) > count(found)) for (const [name, short] of together) found.set(name, short);
  }
  return found;
}

/**
 * Names that differ only in the middle: "Acme…west-1…prod", or only the middle if there is no room for both ends.
 * @param {readonly string[]} names with a common start and end @param {number} width @param {WidthOf} widthOf
 * @returns {Map<string, ShortName>}
 */
function keepDifference(names, width, widthOf) {
  const [first = ''] = names;
  const gap = widthOf(ELLIPSIS);
  const start = names.reduce((least, name) => Math.min(least, sharedStart(first, name)), first.length);
  const end = names.reduce((least, name) => Math.min(least, sharedEnd(first, name)), first.length);
  const isTooNarrow = width < MIN_WIDTH_FOR_TWO_GAPS * gap || start + end === 0;
  if (isTooNarrow) return new Map();
  const middles = names.map((name) => {
    const from = boundaryBefore(name, start);
    return { name, from, to: boundaryAfter(name, Math.max(from, name.length - end)) };
  });
  const longest = middles.reduce((most, { name, from, to }) => Math.max(most, widthOf(name.slice(from, to))), 0);
  const room = width - 2 * gap;
  const shorten = createNameShortener(
    middles.map(({ name, from, to }) => name.slice(from, to)),
    room,
    widthOf,
  );
  return new Map(
    middles.map(({ name, from, to }) => {
      // The rest of the room goes to what is before the difference, and to both ends.
      const side = Math.max(0, (room - longest) / 3);
      const before = fitEnd(name.slice(0, from), side, widthOf);
      const head = fitStart(name.slice(0, from - before), side, widthOf);
      const tail = fitEnd(name.slice(to), side, widthOf);
      const { parts } = shorten(name.slice(from, to));
      const short = join(name, [
        { from: 0, to: head },
        { from: from - before, to: from },
        ...parts.map((part) => ({ from: from + part.from, to: from + part.to })),
        { from: name.length - tail, to: name.length },
      ]);
      return [name, short];
    }),
  );
}

/** @param {string} name @param {number} width @param {number} share @param {WidthOf} widthOf @returns {ShortName} */
function keepEnds(name, width, share, widthOf) {
  const room = Math.max(0, width - widthOf(ELLIPSIS));
  const head = fitStart(name, Math.ceil(room * share), widthOf);
  const tail = fitEnd(name.slice(head), room - widthOf(name.slice(0, head)), widthOf);
  return join(name, [
    { from: 0, to: head },
    { from: name.length - tail, to: name.length },
  ]);
}

/**
 * Joins the kept ranges of a name; each gap is one ellipsis, without the spaces beside it.
 * @param {string} name @param {readonly { from: number, to: number }[]} ranges @returns {ShortName}
 */
function join(name, ranges) {
  /** @type {{ from: number, to: number }[]} */
  const merged = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (range.from >= range.to) continue;
    if (last !== undefined && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else merged.push({ ...range });
  }
  let text = '';
  let shownTo = 0;
  /** @type {KeptPart[]} */
  const parts = [];
  for (let { from, to } of merged) {
    if (from > shownTo) while (from < to && name.charAt(from) === ' ') from += 1;
    if (to < name.length) while (to > from && name.charAt(to - 1) === ' ') to -= 1;
    if (from > shownTo) text += ELLIPSIS;
    parts.push({ from, to, at: text.length });
    text += name.slice(from, to);
    shownTo = to;
  }
  return { text: shownTo < name.length ? text + ELLIPSIS : text, parts };
}

/** How many units of the start of `text` fit. @param {string} text @param {number} room @param {WidthOf} widthOf */
function fitStart(text, room, widthOf) {
  const ends = boundaries(text);
  return ends === undefined
    ? largest(text.length, (units) => widthOf(text.slice(0, units)) <= room, Math.floor(room))
    : (ends[largest(ends.length - 1, (index) => widthOf(text.slice(0, ends[index])) <= room)] ?? 0);
}

/** How many units of the end of `text` fit. @param {string} text @param {number} room @param {WidthOf} widthOf */
function fitEnd(text, room, widthOf) {
  const starts = boundaries(text)?.toReversed();
  return starts === undefined
    ? largest(text.length, (units) => widthOf(text.slice(text.length - units)) <= room, Math.floor(room))
    : text.length -
        (starts[largest(starts.length - 1, (index) => widthOf(text.slice(starts[index])) <= room)] ?? text.length);
}

/**
 * The largest number up to `most` that fits, by bisection from a first guess; 0 if none does.
 * @param {number} most @param {(amount: number) => boolean} fits @param {number} [guess]
 */
function largest(most, fits, guess = most) {
  let [low, high] = [0, most];
  let middle = Math.min(most, guess);
  while (low < high) {
    if (middle > low && !fits(middle)) high = middle - 1;
    else if (middle < high && fits(middle + 1)) low = middle + 1;
    else return middle;
    middle = Math.ceil((low + high) / 2);
  }
  return low;
}

/**
 * Where a text may be cut without splitting a character as users see it; undefined if it may be cut anywhere.
 * @param {string} text @returns {number[] | undefined}
 */
function boundaries(text) {
  if (/^[\u0020-\u007e]*$/.test(text)) return undefined;
  return [...Array.from(new Intl.Segmenter().segment(text), ({ index }) => index), text.length];
}

/** @param {string} text @param {number} position */
function boundaryBefore(text, position) {
  return boundaries(text)?.findLast((boundary) => boundary <= position) ?? position;
}

/** @param {string} text @param {number} position */
function boundaryAfter(text, position) {
  return boundaries(text)?.find((boundary) => boundary >= position) ?? position;
}

/** @param {string} one @param {string} other */
function sharedStart(one, other) {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

/** @param {string} one @param {string} other */
function sharedEnd(one, other) {
  let length = 0;
  while (length < one.length && length < other.length && one.at(-1 - length) === other.at(-1 - length)) length += 1;
  return length;
}
