// JSON for programs, printed where a person may see it: text from AWS cannot move a terminal's cursor or reorder its line.

/** JSON leaves these as they are: DEL and C1 controls, which terminals obey, line separators, and marks of direction. */
const ACTIVE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Indented, with a line end; parses to `value`. */
export function formatJson(value: unknown): string {
  return `${escapeActive(JSON.stringify(value, null, 2))}\n`;
}

/** The same on one line. */
export function formatJsonLine(value: unknown): string {
  return `${escapeActive(JSON.stringify(value))}\n`;
}

/** Outside of strings JSON is ASCII, so whatever is found can be written as an escape. */
function escapeActive(json: string): string {
  return json.replace(ACTIVE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
