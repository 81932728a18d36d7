// Turns positions in the published bundle into lines of the sources, for stack traces in the log.
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of a file of the bundle, without its folder. */
const POSITION = /^(?<name>[\w-]+\.js):(?<line>\d+):(?<column>\d+)/;

/**
 * The stack with `src/…` in place of each position that the source map beside its file knows; maps are read only here.
 * Only files of our own `folder` count: the message of an error may name any path.
 */
export function toSourceLines(stack: string, folder = dirname(fileURLToPath(import.meta.url))): string {
  const [message, ...others] = stack.split(`${folder}/`);
  const maps = new Map<string, SourceMap | undefined>();
  const lines = others.map((text) => {
    const [position = '', name = '', line, column] = POSITION.exec(text) ?? [];
    if (!maps.has(name)) maps.set(name, loadMap(join(folder, `${name}.map`)));
    const source = findSource(maps.get(name), Number(line), Number(column));
    return source === undefined ? `${folder}/${text}` : source + text.slice(position.length);
  });
  return [message, ...lines].join('');
}

/** Undefined in a clone, which has no maps. */
function loadMap(path: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, 'utf8')) as ConstructorParameters<typeof SourceMap>[0]);
  } catch {
    return undefined;
  }
}

/** Undefined for a line of another package. */
function findSource(map: SourceMap | undefined, line: number, column: number): string | undefined {
  const found = map?.findEntry(line - 1, column - 1);
  // An entry without a source is the end of one with a source.
  if (found === undefined || !('originalSource' in found) || !found.originalSource) return undefined;
  return `${found.originalSource}:${found.originalLine + 1}`;
}
