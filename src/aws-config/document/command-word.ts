// Quotes one word of a credential_process line so that shells, Python's shlex and the comment rules of SDKs read it correctly.

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/u;
// A shell expands these inside double quotes, so they are put in single quotes.
const SINGLE_QUOTED = /[$`"\\]+/gu;

/**
 * The word itself if it needs no quotes, else in double quotes, with single quotes around what a shell would expand.
 * Puts `""` between a space and "#" or ";": the JS SDK reads " #" as a comment even inside quotes.
 */
export function quoteCommandWord(word: string): string {
  if (PLAIN.test(word)) return word;
  return `"${word.replace(SINGLE_QUOTED, `"'$&'"`).replace(/(?<=\s)(?=[#;])/gu, '""')}"`;
}
