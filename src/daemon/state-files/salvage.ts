// Recovers the entries of a list from a JSON text that is truncated or contains wrong bytes.

/** How many closing braces to try: nested objects end before the entry does. */
const MAX_ENDS = 8;

/** The complete entries. Each is an object without line breaks whose first key is `firstKey`. */
export function salvageEntries(text: string, firstKey: string): unknown[] {
  const start = `{"${firstKey}":`;
  return text
    .split(start)
    .slice(1)
    .flatMap((rest) => parseFirst(start + rest));
}

/** The object at the start of the text, or nothing. */
function parseFirst(text: string): unknown[] {
  let end = -1;
  for (let tries = 0; tries < MAX_ENDS; tries += 1) {
    end = text.indexOf('}', end + 1);
    if (end === -1) return [];
    try {
      return [JSON.parse(text.slice(0, end + 1)) as unknown];
    } catch {
      // The end of a nested object, or a damaged entry.
    }
  }
  return [];
}
