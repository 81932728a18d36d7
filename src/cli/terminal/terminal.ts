// The terminal that the picker has for itself while it is open: keys as they come, a screen of its own, everything put back at the end.
import type { ReadStream, WriteStream } from 'node:tty';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface PickerTerminal {
  size(): Size;
  write(text: string): void;
  /** From now on; what was typed before comes first. */
  listen(listeners: { readonly onInput: (text: string) => void; readonly onResize: () => void }): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

/** Another screen, so that this one is left as it was; pastes in brackets; no line that wraps. */
const OPEN = '\u001b[?1049h\u001b[?2004h\u001b[?7l';
const CLOSE = '\u001b[?7h\u001b[?2004l\u001b[?1049l';
const USUAL_SIZE = { columns: 80, rows: 24 } as const;

/** Keys come from `input`, the screen is drawn on `output`: standard input and standard error of a person's shell. */
export function openPickerTerminal(input: ReadStream, output: WriteStream): PickerTerminal {
  let remove: () => void = () => undefined;
  input.setRawMode(true);
  input.setEncoding('utf8');
  output.write(OPEN);
  return {
    size: () => ({ columns: output.columns || USUAL_SIZE.columns, rows: output.rows || USUAL_SIZE.rows }),
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
