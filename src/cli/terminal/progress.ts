// A progress line on stderr that changes in place; without a terminal only the first text is printed.
import { createNameShortener } from '../../core/text/short-names.js';
import type { CliContext } from '../context.ts';
import { displayWidth } from './display-width.ts';

/** What Ctrl-C does while the daemon works on its own. */
export const LEAVES_IT_TO_THE_DAEMON = ['Ctrl-C leaves it to the daemon', 'Ctrl-C: leave', 'Ctrl-C'] as const;

export interface ProgressLine {
  /** On a terminal followed by how to stop, in the longest of the wordings that fits. */
  show(text: string, howToStop?: readonly string[]): void;
  clear(): void;
}

export function createProgressLine(context: Pick<CliContext, 'stderr'>): ProgressLine {
  const isTerminal = context.stderr.isTTY === true;
  let shown = '';
  return {
    show(text, howToStop = []) {
      if (text === shown) return;
      if (isTerminal) {
        // Keeps the end, which says how to stop.
        const { columns = 0 } = context.stderr;
        const room = (columns === 0 ? 80 : columns) - 1;
        const stop = howToStop.find((each) => displayWidth(text) + 2 + displayWidth(each) <= room);
        const line = stop === undefined ? text : `${text}  ${stop}`;
        context.stderr.write(`\r\u001b[K${createNameShortener([], room, displayWidth)(line).text}`);
      } else if (shown === '') {
        // Does not fill a log with a countdown.
        context.stderr.write(`${text}\n`);
      }
      shown = text;
    },
    clear() {
      if (isTerminal && shown !== '') context.stderr.write('\r\u001b[K');
      shown = '';
    },
  };
}
