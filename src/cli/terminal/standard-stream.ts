// Standard output and standard error of this process, without Node's streams where a descriptor is all that is needed.
import { isatty, type WriteStream } from 'node:tty';
import type { OutputStream } from '../context.ts';
import { writeToDescriptor } from './standard-output.ts';

/**
 * The stream for the text of a command. `open` returns Node's stream, which takes a millisecond of each start: only for a
 * terminal, or for what a pipe has no room for and what cannot be written at all.
 */
export function createStandardStream(descriptor: 1 | 2, open: () => WriteStream): OutputStream {
  const isTTY = isatty(descriptor);
  let usesStream = isTTY;
  return {
    isTTY,
    write(text) {
      if (usesStream) return open().write(text);
      const rest = writeToDescriptor(descriptor, text);
      // What is written later must not overtake it.
      usesStream = rest !== undefined;
      return rest === undefined || open().write(rest);
    },
    get columns() {
      return isTTY ? open().columns : undefined;
    },
    get rows() {
      return isTTY ? open().rows : undefined;
    },
  };
}
