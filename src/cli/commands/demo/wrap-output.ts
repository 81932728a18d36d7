// Wraps commands and their output in the demo, so that every command can be copied.
import { displayWidth, wrapWords } from '../../terminal/display-width.ts';

/** The lines of a command, joined by backslashes as a shell reads them. */
export function wrapCommand(command: string, columns: number): readonly string[] {
  const parts = wrapLine(command, columns - ' \\'.length);
  return parts.map((part, index) => (index < parts.length - 1 ? `${part} \\` : part));
}

/** The lines of output. A command that follows "Try:" or "Run:" and does not fit gets lines of its own. */
export function wrapOutput(line: string, columns: number): readonly string[] {
  const [, label, command] = /^(Try:|Run:) (.+)$/.exec(line) ?? [];
  if (label === undefined || command === undefined || displayWidth(line) <= columns) return wrapLine(line, columns);
  return [label, ...wrapCommand(command, columns - 2).map((part) => `  ${part}`)];
}

/** Wraps a line but keeps an option and its value together; unchanged if a word is too long for a line. */
function wrapLine(line: string, columns: number): readonly string[] {
  const joined = line.replace(/(--[a-z-]+) /g, '$1\u00a0');
  const parts = wrapWords(joined, columns).map((part) => part.replaceAll('\u00a0', ' '));
  return parts.some((part) => part.length > columns) ? [line] : parts;
}
