// Highlights the parts of a text that match the query, in the picker and in lists.
import type { Style } from '../terminal/render.ts';

/** `text` with the characters at `marks` bold and underlined, and everything else as `base` paints it. */
export function paintMarks(
  text: string,
  marks: ReadonlySet<number> | undefined,
  paint: (style: Style, text: string) => string,
  base: (text: string) => string,
): string {
  if (marks === undefined || marks.size === 0) return base(text);
  const parts: { text: string; isMarked: boolean }[] = [];
  let index = 0;
  for (const character of text) {
    const isMarked = marks.has(index);
    index += character.length;
    const last = parts.at(-1);
    if (last?.isMarked === isMarked) last.text += character;
    else parts.push({ text: character, isMarked });
  }
  return parts.map((part) => (part.isMarked ? paint('bold', paint('underline', part.text)) : base(part.text))).join('');
}
