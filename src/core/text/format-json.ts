// JSON output that is safe on a terminal: text from AWS cannot move the cursor or reorder the line.

/** Characters that JSON does not escape: DEL and C1 controls, which terminals execute, line separators and direction marks. */
const ACTIVE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Indented, with a newline at the end; parses to `value`. */
export function formatJson(value: unknown): string {
  return `${escapeActive(JSON.stringify(value, null, 2))}\n`;
}

/** The same on one line. */
export function formatJsonLine(value: unknown): string {
  return `${escapeActive(JSON.stringify(value))}\n`;
}

/** JSON is ASCII outside of strings, so every match is inside a string and can be escaped. */
function escapeActive(json: string): string {
  return json.replace(ACTIVE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
