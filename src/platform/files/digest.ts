// Identifies the content of a file that may have megabytes, without having it in memory.
import { createHash } from 'node:crypto';
import { readWhole, tooLarge, type Bounds, type OpenFile } from './bounded-read.ts';

const BYTES_PER_PIECE = 256 * 1024;

/** The digest of a text in UTF-8. */
export function digestText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The digest of the bytes that `readBoundedBytes` would give. Fails as that does. */
export async function digestFile(path: string, maxBytes: number): Promise<string> {
  return (await readWhole(path, maxBytes, digestToEnd)) ?? digestText('');
}

async function digestToEnd(file: OpenFile, { path, size, maxBytes }: Bounds): Promise<string> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(Math.min(BYTES_PER_PIECE, size + 1));
  for (let length = 0; ;) {
    const { bytesRead } = await file.read(piece, 0, piece.length, null);
    if (bytesRead === 0) return hash.digest('hex');
    length += bytesRead;
    if (length > maxBytes) throw tooLarge(path, maxBytes);
    hash.update(piece.subarray(0, bytesRead));
  }
}
