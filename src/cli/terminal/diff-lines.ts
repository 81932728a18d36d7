// Formats a unified diff for the terminal: additions green, removals red, control characters neutralized.
import type { Style } from './render.ts';
import { harmless } from './render.ts';

export function formatDiff(diff: string, paint: (style: Style, text: string) => string): string {
  return diff
    .split('\n')
    .map((text) => {
      // Without the CR of a Windows line ending.
      const line = text.replace(/\r$/, '');
      const clean = line.split('\t').map(harmless).join('\t');
      if (line.startsWith('+')) return paint('green', clean);
      if (line.startsWith('-')) return paint('red', clean);
      return clean;
    })
    .join('\n');
}
