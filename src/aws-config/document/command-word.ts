// Quotes one word of a credential_process line so that a shell, Python's shlex and the SDKs' comment rules all read it back.

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/u;
// A shell expands these inside double quotes, so they stand in single ones.
const SINGLE_QUOTED = /[$`"\\]+/gu;

/**
 * The word itself when it needs no quotes; else in double quotes, with single ones around what a shell would expand.
 * A quote always stands between a space and "#" or ";": the JS SDK takes " #" for a comment, quoted or not.
 */
export function quoteCommandWord(word: string): string {
  if (PLAIN.test(word)) return word;
  return `"${word.replace(SINGLE_QUOTED, `"'$&'"`).replace(/(?<=\s)(?=[#;])/gu, '""')}"`;
}
