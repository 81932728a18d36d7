// Reads and replaces a file that belongs to the user: its bytes, mode, owner and symbolic links stay, and a foreign file is refused.
import { lstat, realpath, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConflictError, UnavailableError } from '../../core/errors.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { ensureFolder, removeLeftovers, writeFileAtomically } from '../../platform/files/atomic-file.ts';
import { readBoundedBytes } from '../../platform/files/bounded-read.ts';
import { errorCode, moveAsideCommand, toFileError } from '../../platform/files/file-error.ts';
import { isWritableByOthers } from '../../platform/files/folders-above.ts';
import { checkFoldersAbove } from '../../platform/files/private-directory.ts';
import { MAX_START_FILE_BYTES } from './start-file.ts';

/** A planned change. Texts are latin1, one character per byte, so that bytes that are not UTF-8 stay; undefined: no file. */
export interface UserFileChange {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The bytes as latin1 text; undefined if there is no file. @throws UnavailableError file-not-writable */
export async function readUserFile(path: string): Promise<string | undefined> {
  try {
    return (await readBoundedBytes(path, MAX_START_FILE_BYTES)).toString('latin1');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw toFileError(error, path, 'read');
    if ((await lstat(path).catch(() => undefined)) === undefined) return undefined;
    throw new UnavailableError('file-not-writable', `${path} is a symbolic link to a file that does not exist.`, {
      hint: `ls -l ${quoteForShell(path)}`,
    });
  }
}

/**
 * Fails if the file cannot or should not be changed. `isExecutable`: a shell runs its whole content, so no other user may
 * be able to replace it.
 * @throws UnavailableError file-not-writable
 */
export async function checkUserFile(path: string, userId: number, isExecutable: boolean): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  const refuse = (reason: string, hint: string) =>
    new UnavailableError('file-not-writable', `${path} cannot be changed: ${reason}.`, { hint });
  if (found !== undefined) {
    if (!found.isFile()) throw refuse('it is not a regular file', moveAsideCommand(path));
    if (found.uid !== userId) throw refuse('it belongs to another user', `ls -lL ${quoteForShell(path)}`);
    // Root can write it all the same, but it was made read-only on purpose.
    if ((found.mode & 0o200) === 0) throw refuse('it is read-only', `chmod u+w ${quoteForShell(path)}`);
  }
  if (!isExecutable) return;
  checkFoldersAbove(path, userId);
  if (found === undefined) return;
  if (isWritableByOthers(found, userId)) throw refuse('other users can write it', `chmod go-w ${quoteForShell(path)}`);
  // It may be a link into a folder of others.
  checkFoldersAbove(await realpath(path), userId);
}

/**
 * Replaces or deletes the file, if it is still as it was read.
 * @throws ConflictError config-changed-meanwhile
 * @throws UnavailableError file-not-writable
 */
export async function applyUserFileChange({ path, before, after }: UserFileChange, hint: string): Promise<void> {
  const refuseChanged = async () => {
    if ((await readUserFile(path)) === before) return;
    throw new ConflictError('config-changed-meanwhile', `${path} was changed by another program at the same time.`, {
      hint,
    });
  };
  try {
    await refuseChanged();
    if (after === undefined) {
      await unlink(path);
      return;
    }
    const isNew = before === undefined;
    if (isNew) await ensureFolder(dirname(path));
    const targetPath = isNew ? path : await realpath(path);
    const found = isNew ? undefined : await stat(targetPath);
    await removeLeftovers(targetPath);
    await writeFileAtomically({
      targetPath,
      content: Buffer.from(after, 'latin1'),
      mode: found === undefined ? 0o600 : found.mode & 0o777,
      ...(found === undefined ? {} : { owner: { uid: found.uid, gid: found.gid } }),
      mustBeNew: isNew,
      beforeReplace: refuseChanged,
    });
  } catch (error) {
    throw toFileError(error, path, after === undefined ? 'deleted' : 'written');
  }
}

export const toBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
export const fromBytes = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
