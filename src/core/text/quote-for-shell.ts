// Words and commands for a POSIX shell, whatever is in them.

export function quoteForShell(text: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Opens the person's editor on a file, at a line if one is given. */
export function editCommand(path: string, line?: number): string {
  return `\${EDITOR:-vi} ${line === undefined ? '' : `+${line} `}${quoteForShell(path)}`;
}
