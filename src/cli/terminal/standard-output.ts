// Writes to the descriptors of this process, which spares loading Node's streams: a fifth of the time of a prompt.
import { writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';

/** Node's stream for standard output. A closed pipe, as of `rolecall ls | head`, is not an error, and ends the process. */
export function openStandardOutput(): WriteStream {
  const { stdout } = process;
  if (stdout.listenerCount('error', endOnClosedPipe) === 0) stdout.on('error', endOnClosedPipe);
  return stdout;
}

function endOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

/** Undefined if all is written; else what is left for Node's stream, which waits for room or fails. */
export function writeToDescriptor(descriptor: 1 | 2, text: string): Buffer | undefined {
  const bytes = Buffer.from(text);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    return undefined;
  } catch {
    return bytes.subarray(written);
  }
}
