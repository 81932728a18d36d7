// A progress line on stderr that changes in place; without a terminal only the first text is printed.
import type { CliContext } from '../context.ts';

export interface ProgressLine {
  show(text: string): void;
  clear(): void;
}

export function createProgressLine(context: Pick<CliContext, 'stderr'>): ProgressLine {
  const isTerminal = context.stderr.isTTY === true;
  let shown = '';
  return {
    show(text) {
      if (text === shown) return;
      if (isTerminal) {
        const width = context.stderr.columns ?? 80;
        context.stderr.write(`\r\u001b[K${text.slice(0, width - 1)}`);
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
