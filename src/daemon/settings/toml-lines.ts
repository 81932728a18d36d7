// Finds the line of a key in a TOML file; the parser gives lines for syntax errors only.

/** Parts of a key that are looked at. No settings go so deep, but a team file of somebody else may name a million. */
const MAX_DEPTH = 16;

/** The line of the key at `path` (table names, keys, and indexes of arrays of tables), or of the closest enclosing table. */
export function findTomlLine(text: string, path: readonly string[]): number {
  return findTomlLines(text, [path])[0] ?? 1;
}

/** As findTomlLine, for several paths in one pass. */
export function findTomlLines(text: string, paths: readonly (readonly string[])[]): number[] {
  const lines = indexLines(text);
  return paths.map((path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const line = lines.get(joinPath(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  });
}

/** The line on which each key and table starts. */
function indexLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const arrayLengths = new Map<string, number>();
  let table: readonly string[] = [];
  const note = (path: readonly string[], line: number) => {
    // `a.b = 1` defines `a` too.
    for (let length = 1; length <= path.length; length += 1) {
      const key = joinPath(path.slice(0, length));
      if (!lines.has(key)) lines.set(key, line);
    }
  };
  for (const [index, source] of text.split('\n').entries()) {
    const brackets = /^\s*(\[\[?)/.exec(source)?.[1];
    const { keys, rest } = readKey(source.trimStart().slice(brackets?.length ?? 0));
    if (brackets === undefined) {
      if (rest.startsWith('=')) note([...table, ...keys], index + 1);
      continue;
    }
    if (!rest.startsWith(']')) continue;
    const name = joinPath(keys);
    if (brackets === '[[') {
      const length = arrayLengths.get(name) ?? 0;
      arrayLengths.set(name, length + 1);
      table = [...keys, String(length)];
    } else {
      table = insideArray(keys, arrayLengths);
    }
    note(table, index + 1);
  }
  return lines;
}

/** `[role.extra]` after `[[role]]` belongs to the last element of the array. */
function insideArray(keys: readonly string[], arrayLengths: ReadonlyMap<string, number>): readonly string[] {
  const path: string[] = [];
  for (const [index, key] of keys.entries()) {
    path.push(key);
    const length = arrayLengths.get(joinPath(keys.slice(0, index + 1)));
    if (length !== undefined) path.push(String(length - 1));
  }
  return path;
}

/** The dotted key at the start of `source`, with bare or quoted parts, cut at MAX_DEPTH, and the rest after it. */
function readKey(source: string): { keys: readonly string[]; rest: string } {
  const keys: string[] = [];
  let rest = source.trimStart();
  for (;;) {
    const part = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*/.exec(rest);
    if (part === null) return { keys, rest };
    if (keys.length < MAX_DEPTH) keys.push(part[1] ?? part[2] ?? part[3] ?? '');
    rest = rest.slice(part[0].length);
    if (!rest.startsWith('.')) return { keys, rest };
    rest = rest.slice(1).trimStart();
  }
}

function joinPath(path: readonly string[]): string {
  return path.join('\0');
}
