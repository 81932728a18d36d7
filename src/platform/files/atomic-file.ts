// Replaces a whole file in one step: writes beside it, syncs, renames. Also removes what a killed process left behind.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { link, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isProcessAlive } from '../process/process-identity.ts';
import { errorCode } from './file-error.ts';

/*
 * Not `write-file-atomic` (npm): it does not sync the folder, refuse an existing target, reserve disk space, or remove
 * the temporary files of killed processes.
 */

export interface AtomicWrite {
  /** Where the file itself is: a symlink here would be replaced, not followed. */
  readonly targetPath: string;
  /** Text is written as UTF-8. */
  readonly content: string | Uint8Array;
  readonly mode: number;
  /** Restored if the file would get another owner and the system permits it. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** True: fails with EEXIST if the target exists by the time of the rename. */
  readonly mustBeNew: boolean;
  /** False: skips waiting for the disk. A power cut may leave an empty file, which its reader treats as missing. */
  readonly isDurable?: boolean;
  /** Runs when everything is on disk and only the rename is missing; throwing abandons the write. */
  readonly beforeReplace?: () => Promise<void>;
  /** A file beside the target whose disk space is reused for the content; a new file is created if absent. */
  readonly reservedPath?: string;
}

/** Resolves when the target durably has the new content. Leaves no temporary file, whatever happens. */
export async function writeFileAtomically(write: AtomicWrite): Promise<void> {
  const { targetPath, mustBeNew, isDurable = true, reservedPath } = write;
  const temporaryPath = reservedPath ?? join(dirname(targetPath), temporaryName(targetPath));
  try {
    const creation = reservedPath === undefined ? constants.O_CREAT | constants.O_EXCL : 0;
    const file = await open(temporaryPath, constants.O_WRONLY | constants.O_NOFOLLOW | creation, write.mode);
    try {
      await file.writeFile(write.content);
      if (reservedPath !== undefined) await file.truncate(Buffer.byteLength(write.content));
      if (write.owner !== undefined) await giveTo(file, write.owner);
      // The umask removed bits from the mode, and chown may have.
      await file.chmod(write.mode);
      if (isDurable) await file.sync();
    } finally {
      await file.close();
    }
    await write.beforeReplace?.();
    if (mustBeNew) await linkOrRename(temporaryPath, targetPath);
    else await rename(temporaryPath, targetPath);
  } finally {
    // After a rename there is nothing left to remove.
    await unlink(temporaryPath).catch(() => undefined);
  }
  if (isDurable) await syncFolder(dirname(targetPath));
}

/** Creates the folder and its missing parents with mode 0700; leaves an existing one as it is. */
export async function ensureFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** Removes the target's temporary files whose writer has ended. Never rejects. */
export async function removeLeftovers(targetPath: string): Promise<void> {
  await removeDeadWritersFiles(dirname(targetPath), basename(targetPath));
}

/** Does the same for every file in `folder`, which may be absent: otherwise a file that is not written again keeps its leftovers. */
export async function removeAllLeftovers(folder: string): Promise<void> {
  await removeDeadWritersFiles(folder);
}

async function removeDeadWritersFiles(folder: string, target?: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) {
    const writer = TEMPORARY_NAME.exec(name)?.groups;
    if (writer === undefined || (target !== undefined && writer['target'] !== target)) continue;
    if (isWriterAlive(Number(writer['pid']), writer['started'] ?? '')) continue;
    await unlink(join(folder, name)).catch(() => undefined);
  }
}

// Process id and start time: in a container the id may be the same in every run.
const TEMPORARY_NAME = /^\.(?<target>.+)\.rolecall-(?<pid>\d+)-(?<started>[0-9a-z]+)-[0-9a-f]{12}\.tmp$/su;

function temporaryName(targetPath: string): string {
  return `.${basename(targetPath)}.rolecall-${process.pid}-${ownStart()}-${randomBytes(6).toString('hex')}.tmp`;
}

function ownStart(): string {
  return Math.round(performance.timeOrigin).toString(36);
}

function isWriterAlive(processId: number, started: string): boolean {
  return processId === process.pid ? started === ownStart() : isProcessAlive(processId);
}

async function giveTo(file: FileHandle, owner: { readonly uid: number; readonly gid: number }): Promise<void> {
  const { uid, gid } = await file.stat();
  if (uid === owner.uid && gid === owner.gid) return;
  await file.chown(owner.uid, owner.gid).catch(() => undefined);
}

/** A hard link fails if the name is taken, where a rename would replace the file. File systems without links get a rename. */
async function linkOrRename(temporaryPath: string, targetPath: string): Promise<void> {
  try {
    await link(temporaryPath, targetPath);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error) ?? '')) throw error;
    await rename(temporaryPath, targetPath);
  }
}

/** Some file systems cannot sync a folder; the rename has happened all the same. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
