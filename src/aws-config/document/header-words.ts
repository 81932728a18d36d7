// Splits a section header into words by the rules of a POSIX shell, as botocore does to find the profile name.

/** The words of `text` with quotes and backslashes resolved; undefined for an unclosed quote or escape. */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (quote === undefined && /[ \t\r\n]/u.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === quote) {
      quote = undefined;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === '\\' && quote !== "'") {
      index += 1;
      if (index === text.length) return undefined;
      const escaped = text.charAt(index);
      // Inside double quotes a backslash is literal unless a quote or a backslash follows.
      const keepsBackslash = quote !== undefined && escaped !== quote && escaped !== '\\';
      word = (word ?? '') + (keepsBackslash ? `\\${escaped}` : escaped);
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}
