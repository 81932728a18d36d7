// Reads one line from the terminal, shown or hidden.
import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Undefined without a terminal. Ctrl-D aborts `interrupt`, and Ctrl-C raises the signal that does. */
export async function askLine(
  question: string,
  interrupt: AbortController,
  { isHidden }: { readonly isHidden: boolean },
): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const lines = isHidden ? openHidden(question) : createInterface({ input: process.stdin, output: process.stderr });
  const stop = () => interrupt.abort(new Error('interrupted'));
  try {
    // While reading a line, Ctrl-C reaches the reader instead of raising a signal; Ctrl-D closes it.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    lines.on('close', stop);
    return await lines.question(question, { signal: interrupt.signal });
  } finally {
    lines.off('close', stop).close();
    if (isHidden) process.stderr.write('\n');
  }
}

/** The reader's own echo goes nowhere. The question comes last, when the terminal no longer shows what is typed. */
function openHidden(question: string): Interface {
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  process.stderr.write(question);
  return lines;
}
