// Checks the owner of a unix socket and of its folder before anything is sent to it.
import { readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { lstatSync, statSync } from '../files/stat-sync.ts';

export type SocketFinding =
  /** `path` names the socket itself, with no symlink as its last part. */
  | { readonly state: 'ours'; readonly path: string }
  /** Nothing is there, or something other than a socket. */
  | { readonly state: 'absent' }
  /** Another user may control it. `message` is a sentence that names the path, `hint` a command to type. */
  | { readonly state: 'foreign'; readonly message: string; readonly hint: string };

const ABSENT = { state: 'absent' } as const;
/** Errors of lstat after which no process can listen at this path. */
const NOTHING_THERE: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
  'EINVAL',
]);
const USE_OWN = 'unset XDG_RUNTIME_DIR ROLECALL_SOCKET';
const OF_ANOTHER_USER = { reason: 'is in a folder of another user', hint: USE_OWN } as const;

/**
 * Whether only `userId` controls who listens at `path`. Node cannot ask the kernel for the uid of the other end
 * (SO_PEERCRED), so ownership has to prove it: only a folder's owner can create, replace or rename what is in it.
 * A symlink in such a folder is followed once, and its target must pass the same checks. `homeDirectory` only makes the
 * message of a refusal more helpful.
 */
export function inspectSocket(path: string, userId: number, homeDirectory?: string): SocketFinding {
  const found = find(path, userId);
  return found.state === 'foreign' ? (explainSudo(path, userId, homeDirectory) ?? found) : found;
}

function find(path: string, userId: number): SocketFinding {
  try {
    return inspect(path, userId, true);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (NOTHING_THERE.has(code)) return ABSENT;
    if (code === 'EACCES' || code === 'EPERM') {
      // Our own folder, which we may not enter, as after a chmod: the daemon reports what to do about it.
      if (findOwner(foldersAbove(path)) === userId) return ABSENT;
      return foreign(path, { reason: 'belongs to another user', hint: USE_OWN });
    }
    throw error;
  }
}

export interface FolderFault {
  /** The end of a sentence about something in the folder. */
  readonly reason: string;
  readonly hint: string;
}

/** Why another user may control what is in `folder`; undefined if only `userId` does. Throws lstat's errors. */
export function findFolderFault(folder: string, userId: number): FolderFault | undefined {
  const found = lstatSync(folder);
  if (found.isSymbolicLink()) {
    return { reason: 'is in a folder that is a symbolic link', hint: `ls -ld ${quoteForShell(folder)}` };
  }
  if (found.uid !== userId) return OF_ANOTHER_USER;
  if ((found.mode & 0o022) !== 0) {
    return { reason: 'is in a folder that other users can write to', hint: `chmod 700 ${quoteForShell(folder)}` };
  }
  // The owner of the parent folder could replace this folder. In /tmp, which belongs to root, no other user can.
  const above = statSync(resolve(folder, '..')).uid;
  return above === userId || above === 0 ? undefined : OF_ANOTHER_USER;
}

function inspect(path: string, userId: number, mayBeAlias: boolean): SocketFinding {
  const found = lstatSync(path);
  const isAlias = found.isSymbolicLink();
  if (!found.isSocket() && !isAlias) return ABSENT;
  if (found.uid !== userId) return foreign(path, { reason: 'belongs to another user', hint: USE_OWN });
  const folder = dirname(path);
  const fault = findFolderFault(folder, userId);
  if (fault !== undefined) return foreign(path, fault);
  if (!isAlias) return { state: 'ours', path };
  return mayBeAlias ? inspect(resolve(folder, readlinkSync(path)), userId, false) : ABSENT;
}

function foreign(path: string, { reason, hint }: FolderFault): SocketFinding {
  return { state: 'foreign', message: `The socket ${path} ${reason}.`, hint };
}

/** Explains the finding to somebody who used sudo; undefined if there is no sign of that. */
function explainSudo(path: string, userId: number, homeDirectory: string | undefined): SocketFinding | undefined {
  const folders = foldersAbove(path);
  // What is in a folder of another user may not even show its owner.
  const owner = findOwner([path, ...folders]);
  if (owner === undefined || owner === userId) return undefined;
  if (homeDirectory !== undefined && ownerOf(homeDirectory) === owner) {
    return {
      state: 'foreign',
      message: `The socket ${path} belongs to ${describeUser(owner)}; this command runs as ${describeUser(userId)} but with HOME of that user.`,
      hint: `sudo -u '#${owner}' rolecall status`,
    };
  }
  // The outermost folder that belongs to root, if its parent is ours.
  const end = folders.findIndex((folder) => ![undefined, 0].includes(ownerOf(folder)));
  const [folder, above] = [folders[end - 1], folders[end]];
  if (owner !== 0 || folder === undefined || above === undefined || ownerOf(above) !== userId) return undefined;
  return {
    state: 'foreign',
    message: `The socket ${path} belongs to root although its folder is yours: the daemon was started with sudo.`,
    hint: `sudo fuser -k ${quoteForShell(path)}; sudo chown -R ${userId} ${quoteForShell(folder)}`,
  };
}

/** From the folder of `path` up to `/`. */
function foldersAbove(path: string): string[] {
  const folders = [dirname(resolve(path))];
  for (let each = folders[0] ?? '/'; each !== '/'; each = dirname(each)) folders.push(dirname(each));
  return folders;
}

/** The owner of the first path that can be inspected. */
function findOwner(paths: readonly string[]): number | undefined {
  return paths.map(ownerOf).find((owner) => owner !== undefined);
}

/** Undefined if the path does not exist or may not be inspected. */
function ownerOf(path: string): number | undefined {
  try {
    return lstatSync(path).uid;
  } catch {
    return undefined;
  }
}

const describeUser = (userId: number) => (userId === 0 ? 'root' : `user ${userId}`);
