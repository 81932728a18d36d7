// Puts a whole file in place at once: written beside, synced, renamed; what a killed process left behind is cleared.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { link, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { isProcessAlive } from '../process/process-identity.ts';
import { errorCode } from './file-error.ts';

export interface AtomicWrite {
  /** Where the file itself is: a symlink here would be replaced, not followed. */
  readonly targetPath: string;
  readonly content: string;
  readonly mode: number;
  /** Given back to the file when it is not ours and the system lets us. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** True: fail with EEXIST when the target is there by then. */
  readonly mustBeNew: boolean;
  /** False: a power cut may leave an empty file, which its reader takes for none; saves waiting for the disk. */
  readonly isDurable?: boolean;
  /** Runs when everything is on disk and only the rename is missing; throwing abandons the write. */
  readonly beforeReplace?: () => Promise<void>;
}

/** Resolves when the new content is durable under the target's name; leaves no temporary file, whatever happens. */
export async function writeFileAtomically(write: AtomicWrite): Promise<void> {
  const { targetPath, mustBeNew, isDurable = true } = write;
  const temporaryPath = join(dirname(targetPath), temporaryName(targetPath));
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(temporaryPath, flags, write.mode);
    try {
      await file.writeFile(write.content, 'utf8');
      if (write.owner !== undefined) await giveTo(file, write.owner);
      // The umask took bits away, and chown may have.
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

/** The folder and its missing parents, 0700 when new; an existing one is left as it is. */
export async function ensureFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** Removes temporary files beside the target whose writer is dead; failing to is no failure. */
export async function removeLeftovers(targetPath: string): Promise<void> {
  await removeDeadWritersFiles(dirname(targetPath), basename(targetPath));
}

/** The same for every file in `folder`, which may be absent: one that is not written again keeps its leftovers else. */
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

// Process id and start time: in a container every run may have the same id.
const TEMPORARY_NAME = /^\.(?<target>.+)\.rolecall-(?<pid>\d+)-(?<started>[0-9a-z]+)-[0-9a-f]{12}\.tmp$/su;

function temporaryPrefix(targetPath: string): string {
  return `.${basename(targetPath)}.rolecall-`;
}

function temporaryName(targetPath: string): string {
  return `${temporaryPrefix(targetPath)}${process.pid}-${ownStart()}-${randomBytes(6).toString('hex')}.tmp`;
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

/** A hard link fails when the name is taken, a rename would replace it; where links do not exist, rename must do. */
async function linkOrRename(temporaryPath: string, targetPath: string): Promise<void> {
  try {
    await link(temporaryPath, targetPath);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error) ?? '')) throw error;
    await rename(temporaryPath, targetPath);
  }
}

/** Some file systems cannot sync a folder; the rename stands all the same. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
