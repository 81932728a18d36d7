// What can be read of a list in a JSON text that is cut off or has wrong bytes in it.

/** Ends of nested objects before the entry's own. */
const MOST_ENDS = 8;

/** The entries that are whole, each an object without line breaks whose first key is `firstKey`. */
export function salvageEntries(text: string, firstKey: string): unknown[] {
  const start = `{"${firstKey}":`;
  return text
    .split(start)
    .slice(1)
    .flatMap((rest) => parseFirst(start + rest));
}

/** The object that the text begins with, or nothing. */
function parseFirst(text: string): unknown[] {
  let end = -1;
  for (let tries = 0; tries < MOST_ENDS; tries += 1) {
    end = text.indexOf('}', end + 1);
    if (end === -1) return [];
    try {
      return [JSON.parse(text.slice(0, end + 1)) as unknown];
    } catch {
      // The end of an object within it, or damaged.
    }
  }
  return [];
}
