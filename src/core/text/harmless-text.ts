// Makes text from AWS safe to show: no control characters, and one short line for notifications, menus and bars.

/** Characters without a special meaning in shells, prompts, bars and `grep`, as the inside of a bracket expression. */
export const INERT_CHARACTERS = 'A-Za-z0-9_.@/+=:,-';
/** A word of only these, which needs no quotes anywhere. */
export const INERT_WORD = new RegExp(`^[${INERT_CHARACTERS}]+$`);

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
// Not by their property, which V8 looks up when it loads the file: 0.2 ms of each start.
const LONE_SURROGATES = /[\ud800-\udfff]/gu;
/** They reorder the text around them, so that one name can look like another. */
const DIRECTION_MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Characters that terminals interpret: controls, line separators and direction marks. */
const ACTIVE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Free text from AWS for a terminal: control and direction characters, which could rewrite the screen, become `\ufffd`. */
export function harmless(text: string): string {
  return text.replace(ACTIVE, '\ufffd');
}

/** Escapes what a terminal obeys as JSON does, so that a logged event stays on one line and shows what it contains. */
export function escapeControls(text: string): string {
  return text.replace(ACTIVE, (character) => {
    const quoted = JSON.stringify(character).slice(1, -1);
    // JSON leaves DEL, C1 controls and marks of direction as they are.
    return quoted === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : quoted;
  });
}

/** `text` on one line without controls and direction marks, cut to `maxCharacters`. */
export function toHarmlessLine(text: string, maxCharacters: number): string {
  const line = text.replace(CONTROLS, ' ').replace(LONE_SURROGATES, '\ufffd').replace(DIRECTION_MARKS, '').trim();
  const characters = Array.from(line);
  return characters.length <= maxCharacters ? line : `${characters.slice(0, maxCharacters - 1).join('')}…`;
}

/** For notification servers, tooltips and bars, which interpret markup. */
export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
