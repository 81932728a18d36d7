// "Did you mean": finds the known word with the fewest edits.

/** The nearest of `candidates`, undefined if none is similar enough. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  return nearestFew(word, candidates, 1)[0];
}

/** At most `maxCount` of the `candidates` that are similar enough, the nearest first. */
export function nearestFew(word: string, candidates: readonly string[], maxCount: number): readonly string[] {
  const farthest = Math.max(2, word.length / 3);
  return (
    candidates
      // At least so many edits are needed. The word may be megabytes, in a file of somebody else.
      .filter(({ length }) => Math.abs(word.length - length) < 0.6 * Math.max(word.length, length))
      .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
      // Fewer than six letters in ten may differ: two edits would turn "up" into "ls".
      .filter(
        ({ candidate, distance }) => distance <= farthest && distance < 0.6 * Math.max(word.length, candidate.length),
      )
      .toSorted((a, b) => a.distance - b.distance)
      .slice(0, maxCount)
      .map(({ candidate }) => candidate)
  );
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
