// Identifies the content of a file that may have megabytes, without keeping the event loop busy for long.
import { createHash } from 'node:crypto';

/** One or two milliseconds of work. */
const BYTES_PER_STEP = 512 * 1024;

/** The SHA-256 of the bytes; lets other work run in between. */
export async function digestBytes(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let start = 0; start < bytes.length; start += BYTES_PER_STEP) {
    hash.update(bytes.subarray(start, start + BYTES_PER_STEP));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return hash.digest('hex');
}
