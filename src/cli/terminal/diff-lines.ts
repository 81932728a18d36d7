// A unified diff on a terminal: what comes in green, what goes in red, and no control character of a file's.
import type { Style } from './render.ts';
import { harmless } from './render.ts';

export function formatDiff(diff: string, paint: (style: Style, text: string) => string): string {
  return diff
    .split('\n')
    .map((text) => {
      // The end of a line of Windows's is nothing to look at.
      const line = text.replace(/\r$/, '');
      const clean = line.split('\t').map(harmless).join('\t');
      if (line.startsWith('+')) return paint('green', clean);
      if (line.startsWith('-')) return paint('red', clean);
      return clean;
    })
    .join('\n');
}
