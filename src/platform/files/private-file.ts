// State files: read and replaced as a whole, with mode 0600 from the first byte.
import { dirname } from 'node:path';
import { ensureFolder, removeLeftovers, writeFileAtomically } from './atomic-file.ts';
import { readBoundedFile } from './bounded-read.ts';
import { errorCode, toFileError } from './file-error.ts';
import { checkFoldersAbove } from './private-directory.ts';

/** A catalog of 20,000 roles takes a few megabytes; the record of an adoption contains the whole shared config file. */
const MAX_STATE_BYTES = 128 * 1024 * 1024;

/**
 * The text of a file, or undefined if there is none.
 * @throws UnavailableError file-not-writable: it can't be read, is not a file, or is larger than `maxBytes`
 */
export async function readPrivateFile(path: string, maxBytes = MAX_STATE_BYTES): Promise<string | undefined> {
  try {
    return await readBoundedFile(path, maxBytes);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw toFileError(error, path, 'read');
  }
}

/**
 * Replaces the file with `text` in one step. If not durable, a power cut may leave it empty.
 * @throws UnavailableError file-not-writable: the earlier file is untouched; also if another user could replace its folder
 */
export async function writePrivateFile(
  path: string,
  text: string,
  { isDurable = true }: { readonly isDurable?: boolean } = {},
): Promise<void> {
  try {
    checkFoldersAbove(path, process.getuid?.() ?? -1);
    await ensureFolder(dirname(path));
    await removeLeftovers(path);
    await writeFileAtomically({ targetPath: path, content: text, mode: 0o600, mustBeNew: false, isDurable });
  } catch (error) {
    throw toFileError(error, path, 'written');
  }
}
