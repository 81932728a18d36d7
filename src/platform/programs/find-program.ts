// Finds programs by name, only in folders to which nobody but the user and the system can write.
import { accessSync, constants, existsSync, realpathSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { isAdminGroup, isWritableByOthers } from '../files/folders-above.ts';
import { lstatSync, statSync } from '../files/stat-sync.ts';

export interface ProgramSearch {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly userId: number;
  readonly platform: NodeJS.Platform;
}

/** Always searched last, whether or not they are in PATH. */
const SYSTEM_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'] as const;
/** On Apple silicon Homebrew's folder belongs to the user, and is a git working tree. */
const MAC_FOLDERS = [...SYSTEM_FOLDERS, '/opt/homebrew/bin'] as const;
const WORKING_TREE_MARKS = ['.git', '.hg', '.svn', '.jj'] as const;

/**
 * The path of a program in the trusted folders of PATH, or else in the system's folders; undefined if there is none.
 * With `pathOnly` the system's folders are searched only if they are in PATH.
 */
export function findProgram(
  name: string,
  search: ProgramSearch,
  { pathOnly = false }: { readonly pathOnly?: boolean } = {},
): string | undefined {
  const folders = pathOnly ? pathFolders(search) : [...pathFolders(search), ...systemFolders(search)];
  const folder = folders.find((each) => isProgram(join(each, name)) && isTrustedFolder(each, search));
  return folder === undefined ? undefined : join(folder, name);
}

/**
 * As `findProgram`, but only a program that root alone can replace: for those whose answers decide what a program of the
 * same user gets, who could put another one into `~/bin`.
 */
export function findSystemProgram(name: string, search: ProgramSearch): string | undefined {
  const folders = [...pathFolders(search), ...systemFolders(search)];
  return folders.map((folder) => join(folder, name)).find((path) => isProgram(path) && isKeptByRoot(path));
}

/** PATH without untrusted folders and with the system's folders at the end, for the programs that rolecall starts. */
export function trustedPath(search: ProgramSearch): string {
  const trusted = pathFolders(search).filter((folder) => isTrustedFolder(folder, search));
  return [...new Set([...trusted, ...systemFolders(search)])].join(':');
}

const pathFolders = ({ environment }: ProgramSearch) => (environment['PATH'] ?? '').split(':').filter(isAbsolute);

const systemFolders = ({ platform }: ProgramSearch): readonly string[] =>
  platform === 'darwin' ? MAC_FOLDERS : SYSTEM_FOLDERS;

/**
 * Whether only this user and root can write to the folder, and it is not inside a checkout or package: the folder and its parents
 * belong to one of the two, nobody else may write to them, and no part of the path is a working tree or `node_modules`.
 * The home and its parents are not checked, nor is a working tree in a hidden folder of the home (~/.fzf).
 */
function isTrustedFolder(folder: string, search: ProgramSearch): boolean {
  if (systemFolders(search).includes(folder)) return true;
  try {
    const home = realpathIfThere(search.homeDirectory);
    let path = realpathSync(folder);
    if (path.split('/').includes('node_modules')) return false;
    if (!isKeptByOwner(statSync(path), search)) return false;
    while (path !== home) {
      const above = dirname(path);
      const isHiddenInHome = above === home && path.startsWith(`${home}/.`);
      if (!isHiddenInHome && isWorkingTree(path)) return false;
      if (above === path) return true;
      // In a sticky folder, such as /tmp, users can't replace each other's files.
      const stats = statSync(above);
      const isSticky = stats.uid === 0 && (stats.mode & 0o1000) !== 0;
      if (above !== home && !isSticky && !isKeptByOwner(stats, search)) return false;
      path = above;
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * Stricter than for the folders above a state file, because a program found here is run: a private group counts only if
 * its number is the user's. Users of a directory service, on macOS all of them, are in groups without being in the
 * system's files.
 */
function isKeptByOwner(stats: Stats, { userId, platform }: ProgramSearch): boolean {
  const { uid, gid, mode } = stats;
  if ((uid !== userId && uid !== 0) || isWritableByOthers(stats, userId)) return false;
  return (mode & 0o020) === 0 || gid === userId || isAdminGroup(gid, platform);
}

/** Whether the path, its parents and what its links lead to belong to root, and nobody else may write there. */
function isKeptByRoot(path: string): boolean {
  try {
    return [path, dirname(path), realpathSync(dirname(path)), realpathSync(path)].every(isChainOfRoot);
  } catch {
    return false;
  }
}

function isChainOfRoot(path: string): boolean {
  const stats = lstatSync(path);
  // Links have no mode of their own, and in a sticky folder users can't replace root's files.
  const isClosed = stats.isSymbolicLink() || (stats.mode & 0o022) === 0 || (stats.mode & 0o1000) !== 0;
  return stats.uid === 0 && isClosed && (path === '/' || isChainOfRoot(dirname(path)));
}

const isWorkingTree = (folder: string) => WORKING_TREE_MARKS.some((mark) => existsSync(`${folder}/${mark}`));

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function realpathIfThere(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
