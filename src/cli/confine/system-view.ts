// Looks at what there is of the system's folders, and what in them only root may read.
import { readdirSync, readlinkSync, realpathSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { lstatSync } from '../../platform/files/stat-sync.ts';
import { KEY_LISTS, READ_ONLY_KERNEL_PATHS, SECRET_KERNEL_FILES, SYSTEM_FOLDERS } from './system-folders.ts';

export interface SystemView {
  /** `symlink`: the target, for folders like /bin that are links into /usr. */
  readonly folders: readonly { readonly path: string; readonly symlink?: string }[];
  /** Hidden although they are in a visible folder. */
  readonly secretFiles: readonly string[];
  readonly secretFolders: readonly string[];
  /** Of /proc. */
  readonly readOnlyKernelPaths: readonly string[];
  readonly secretKernelFiles: readonly string[];
  /** The file to which /etc/resolv.conf leads, often in /run; undefined if there is none. */
  readonly resolver: string | undefined;
}

const OTHERS_READ = 0o004;
const OTHERS_ENTER = 0o005;
/** About 0.2 s. Folders beyond the limit are hidden. */
const MAX_ENTRIES = 50_000;

/**
 * The system as this user sees it. For root it also lists what other users may not read, such as /etc/shadow: without
 * its capabilities root still reads its own files.
 */
export function viewSystem(userId: number): SystemView {
  const folders = SYSTEM_FOLDERS.flatMap((path) => describe(path));
  const secrets =
    userId === 0 ? findSecrets(['/opt', '/usr/local/etc', '/etc']) : { secretFiles: [], secretFolders: [] };
  const isThere = (path: string) => modeOf(path) !== undefined;
  return {
    folders,
    ...secrets,
    readOnlyKernelPaths: READ_ONLY_KERNEL_PATHS.filter(isThere),
    secretKernelFiles: [...KEY_LISTS, ...(userId === 0 ? SECRET_KERNEL_FILES : [])].filter(isThere),
    resolver: realPathOf('/etc/resolv.conf'),
  };
}

function describe(path: string): SystemView['folders'] {
  try {
    const stats = lstatSync(path);
    // A link into the store of Nix is bound as the folder to which it leads.
    if (stats.isSymbolicLink() && path.lastIndexOf('/') === 0) return [{ path, symlink: readlinkSync(path) }];
    return stats.isDirectory() || stats.isSymbolicLink() ? [{ path }] : [];
  } catch {
    return [];
  }
}

function findSecrets(roots: readonly string[]): Pick<SystemView, 'secretFiles' | 'secretFolders'> {
  const secretFiles: string[] = [];
  const secretFolders: string[] = [];
  const waiting = [...roots];
  let count = 0;
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (count > MAX_ENTRIES) {
      secretFolders.push(folder);
      continue;
    }
    for (const entry of list(folder)) {
      const path = join(folder, entry.name);
      count += 1;
      if (entry.isSymbolicLink()) continue;
      const mode = modeOf(path);
      if (mode === undefined) continue;
      if (!entry.isDirectory()) {
        if ((mode & OTHERS_READ) === 0) secretFiles.push(path);
      } else if ((mode & OTHERS_ENTER) === OTHERS_ENTER) {
        waiting.push(path);
      } else {
        secretFolders.push(path);
      }
    }
  }
  return { secretFiles, secretFolders };
}

function list(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function modeOf(path: string): number | undefined {
  try {
    return lstatSync(path).mode;
  } catch {
    return undefined;
  }
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
