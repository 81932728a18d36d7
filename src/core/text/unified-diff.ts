// A unified diff of two texts in nearly linear time, for showing what a sync would write.

const CONTEXT_LINES = 3;

interface Step {
  readonly kind: ' ' | '-' | '+';
  readonly line: string;
}

/** The diff that `patch` takes, headed `--- PATH` and `+++ PATH`; empty when the texts are equal. */
export function unifiedDiff(before: string, after: string, path: string): string {
  if (before === after) return '';
  const steps = diffLines(splitKeepingNewlines(before), splitKeepingNewlines(after));
  const output = [`--- ${path}\n`, `+++ ${path}\n`];
  let lineBefore = 0;
  let lineAfter = 0;
  let index = 0;
  while (index < steps.length) {
    const next = findChange(steps, index);
    if (next === steps.length) break;
    const start = Math.max(index, next - CONTEXT_LINES);
    lineBefore += start - index;
    lineAfter += start - index;
    const end = endOfHunk(steps, next);
    const hunk = steps.slice(start, end);
    const countBefore = hunk.filter(({ kind }) => kind !== '+').length;
    const countAfter = hunk.filter(({ kind }) => kind !== '-').length;
    output.push(`@@ -${range(lineBefore, countBefore)} +${range(lineAfter, countAfter)} @@\n`);
    for (const { kind, line } of hunk) {
      output.push(kind, line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`);
    }
    lineBefore += countBefore;
    lineAfter += countAfter;
    index = end;
  }
  return output.join('');
}

function findChange(steps: readonly Step[], from: number): number {
  let index = from;
  while (index < steps.length && steps[index]?.kind === ' ') index += 1;
  return index;
}

/** Where the hunk with the change at `change` ends: after its context, unless the next change is close. */
function endOfHunk(steps: readonly Step[], change: number): number {
  let last = change;
  for (let index = change; index < steps.length && index - last <= 2 * CONTEXT_LINES; index += 1) {
    if (steps[index]?.kind !== ' ') last = index;
  }
  return Math.min(steps.length, last + 1 + CONTEXT_LINES);
}

/** An empty range names the line before it, as `diff` has it. */
function range(linesBefore: number, count: number): string {
  return `${count === 0 ? linesBefore : linesBefore + 1},${count}`;
}

function splitKeepingNewlines(text: string): string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline + 1;
    lines.push(text.slice(start, end));
    start = end;
  }
  return lines;
}

/** Patience diff: lines that occur once on each side are the fixed points, equal neighbours of these are kept too. */
function diffLines(before: readonly string[], after: readonly string[]): Step[] {
  const steps: Step[] = [];
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let tail = 0;
  const room = Math.min(before.length, after.length) - start;
  while (tail < room && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;

  const push = (kind: Step['kind'], lines: readonly string[]) => {
    for (const line of lines) steps.push({ kind, line });
  };
  push(' ', before.slice(0, start));
  let fromBefore = start;
  let fromAfter = start;
  const endBefore = before.length - tail;
  const endAfter = after.length - tail;
  for (const anchor of [
    ...findAnchors(before, after, start, endBefore, endAfter),
    { before: endBefore, after: endAfter },
  ]) {
    let same = 0;
    const limit = Math.min(anchor.before - fromBefore, anchor.after - fromAfter);
    while (same < limit && before[fromBefore + same] === after[fromAfter + same]) same += 1;
    let sameTail = 0;
    while (sameTail < limit - same && before[anchor.before - 1 - sameTail] === after[anchor.after - 1 - sameTail]) {
      sameTail += 1;
    }
    push(' ', before.slice(fromBefore, fromBefore + same));
    push('-', before.slice(fromBefore + same, anchor.before - sameTail));
    push('+', after.slice(fromAfter + same, anchor.after - sameTail));
    push(' ', before.slice(anchor.before - sameTail, anchor.before));
    // The anchor itself is the first equal line of the next gap.
    fromBefore = anchor.before;
    fromAfter = anchor.after;
  }
  push(' ', before.slice(endBefore));
  return steps;
}

interface Anchor {
  readonly before: number;
  readonly after: number;
}

interface LinkedAnchor extends Anchor {
  readonly previous: LinkedAnchor | undefined;
}

/** The longest row of lines unique on both sides that keeps its order. */
function findAnchors(
  before: readonly string[],
  after: readonly string[],
  start: number,
  endBefore: number,
  endAfter: number,
): Anchor[] {
  const placesAfter = uniquePlaces(after, start, endAfter);
  // Per length of row: the anchor that ends the row earliest in `after`, linked to the one before it.
  const ends: LinkedAnchor[] = [];
  for (const [line, placeBefore] of uniquePlaces(before, start, endBefore)) {
    const placeAfter = placesAfter.get(line);
    if (placeAfter === undefined) continue;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle]?.after ?? 0) < placeAfter) low = middle + 1;
      else high = middle;
    }
    ends[low] = { before: placeBefore, after: placeAfter, previous: ends[low - 1] };
  }
  const anchors: Anchor[] = [];
  for (let anchor = ends.at(-1); anchor !== undefined; anchor = anchor.previous) anchors.push(anchor);
  return anchors.toReversed();
}

function uniquePlaces(lines: readonly string[], start: number, end: number): Map<string, number> {
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  for (let index = start; index < end; index += 1) {
    const line = lines[index] ?? '';
    if (places.has(line)) repeated.add(line);
    else places.set(line, index);
  }
  for (const line of repeated) places.delete(line);
  return places;
}
