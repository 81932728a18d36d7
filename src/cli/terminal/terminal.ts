// The terminal while the picker is open: raw keys and the alternate screen, restored when it closes.
import type { ReadStream, WriteStream } from 'node:tty';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface PickerTerminal {
  size(): Size;
  write(text: string): void;
  /** Starts to deliver input; text typed earlier comes first. */
  listen(listeners: { readonly onInput: (text: string) => void; readonly onResize: () => void }): void;
  /** Restores the terminal. */
  close(): void;
}

/** Alternate screen, bracketed paste, no line wrapping. */
const OPEN = '\u001b[?1049h\u001b[?2004h\u001b[?7l';
const CLOSE = '\u001b[?7h\u001b[?2004l\u001b[?1049l';
const DEFAULT_SIZE = { columns: 80, rows: 24 } as const;

/** Reads keys from `input` and draws on `output`: usually standard input and standard error. */
export function openPickerTerminal(input: ReadStream, output: WriteStream): PickerTerminal {
  let remove: () => void = () => undefined;
  input.setRawMode(true);
  input.setEncoding('utf8');
  output.write(OPEN);
  return {
    size: () => ({ columns: output.columns || DEFAULT_SIZE.columns, rows: output.rows || DEFAULT_SIZE.rows }),
    write: (text) => void output.write(text),
    listen({ onInput, onResize }) {
      input.on('data', onInput);
      output.on('resize', onResize);
      input.resume();
      remove = () => {
        input.off('data', onInput);
        output.off('resize', onResize);
      };
    },
    close() {
      remove();
      output.write(CLOSE);
      input.setRawMode(false);
      input.pause();
    },
  };
}
