// Shortens a line in the middle: a label comes first, and a path ends with the name of its file.

/** `text` with at most `maxCharacters` characters (2 or more). */
export function cutMiddle(text: string, maxCharacters: number): string {
  const characters = Array.from(text);
  if (characters.length <= maxCharacters) return text;
  const end = Math.floor((maxCharacters - 1) / 2);
  return `${characters.slice(0, maxCharacters - 1 - end).join('')}…${characters.slice(-end).join('')}`;
}
