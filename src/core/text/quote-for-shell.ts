// Quotes words for a POSIX shell.

export function quoteForShell(text: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command that opens a file in the user's editor, optionally at a line. */
export function editCommand(path: string, line?: number): string {
  return `\${EDITOR:-vi} ${line === undefined ? '' : `+${line} `}${quoteForShell(path)}`;
}
