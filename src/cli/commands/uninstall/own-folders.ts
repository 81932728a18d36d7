// Which files in rolecall's folders are its own, and how they are removed: nothing else, and never through a symbolic link.
import { lstat, readdir, readlink, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { resolvePaths, type PathSources, type RuntimePaths } from '../../../local-api/paths.ts';
import { errorCode, toFileError } from '../../../platform/files/file-error.ts';

export interface OwnFolder {
  readonly path: string;
  /** Names in the folder that are rolecall's. A folder of that name is removed with its content. */
  readonly own: RegExp;
  /** Whether the folder above is rolecall's too. */
  readonly isNested?: boolean;
}

export interface FolderContent {
  readonly own: readonly string[];
  readonly foreign: readonly ForeignFile[];
}

/** What stays, and why: `belongs to another user`. */
export interface ForeignFile {
  readonly path: string;
  readonly reason: string;
}

const STATE =
  /^(?:daemon\.(?:lock|log(?:\.1)?)|audit\.log(?:\.1|\.head)?|election|(?:web|grants|current|profile-names|used-roles|users|secrets)\.json|secrets\.json\.room|container-port\.(?:json|pipe(?:\.secret)?)|keychain-used|service\.env|launchd\.log|grants|catalog|switch|adoptions|run)(?:\.damaged-[\dTZ-]+)?$/;
const STATE_WITHOUT_ADOPTIONS = new RegExp(STATE.source.replace('adoptions|', ''));
const SETTINGS = /^(?:config\.toml|team\.toml|environment|passphrase)$/;
const RUNTIME = /^(?:daemon\.sock|pages)$/;
/** Kept on request, so they are not named as foreign. */
const KEPT = new RegExp(`${SETTINGS.source}|^adoptions$`);
/** What a write leaves that was killed. */
const UNFINISHED = /^\..+\.rolecall-\d+-[0-9a-z]+-[0-9a-f]{12}\.tmp$/;

/** The folders for this environment, whatever ROLECALL_SOCKET and ROLECALL_CONFIG say: those name files of the user. */
export function findOwnFolders(
  sources: PathSources,
  keeps: { readonly settings: boolean; readonly adoptions: boolean },
): { readonly state: readonly OwnFolder[]; readonly settings: readonly OwnFolder[] } {
  const { ROLECALL_SOCKET: _socket, ROLECALL_CONFIG: _config, ...environment } = sources.environment;
  const paths = resolvePaths({ ...sources, environment });
  const settingsFolder = dirname(paths.settingsFile);
  const copyFolders = new Set(
    [paths.credentialProcessPath, paths.usualCredentialProcessPath].map((path) => dirname(path)),
  );
  const stateNames = keeps.adoptions ? STATE_WITHOUT_ADOPTIONS : STATE;
  return {
    state: [
      ...[...copyFolders].map((path) => ({ path, own: /^rolecall-credential-process$/, isNested: true })),
      ...findRuntimeFolders(paths).map((path) => ({ path, own: RUNTIME })),
      { path: paths.stateDirectory, own: stateNames },
    ],
    // On macOS they are in the state folder, which is removed once it is empty.
    settings: keeps.settings ? [] : [{ path: settingsFolder, own: SETTINGS }],
  };
}

function findRuntimeFolders({ pageDirectory, socketCandidates, stateDirectory }: RuntimePaths): readonly string[] {
  const folders = new Set([...socketCandidates, pageDirectory].map((path) => dirname(path)));
  return [...folders].filter((path) => basename(path) === 'rolecall' && path !== stateDirectory);
}

/** What is in the folder; undefined if there is nothing at its path. */
export async function readOwnFolder({ path, own }: OwnFolder, userId: number): Promise<FolderContent | undefined> {
  const fault = await findFault(path, userId, 'folder');
  if (fault === 'absent') return undefined;
  if (fault !== undefined) return { own: [], foreign: [{ path, reason: fault }] };
  const found: { own: string[]; foreign: ForeignFile[] } = { own: [], foreign: [] };
  for (const name of (await readdir(path)).toSorted()) {
    const file = join(path, name);
    const isOwn = own.test(name) || UNFINISHED.test(name);
    const reason = isOwn ? await findFault(file, userId, 'file') : "is not rolecall's";
    if (reason === undefined) found.own.push(file);
    else if (reason !== 'absent' && (isOwn || !KEPT.test(name))) found.foreign.push({ path: file, reason });
  }
  return found;
}

/** Why the path must not be removed. A link in place of a file of ours is removed itself; what it leads to stays. */
async function findFault(path: string, userId: number, kind: 'folder' | 'file'): Promise<string | undefined> {
  try {
    const found = await lstat(path);
    if (found.uid !== userId) return 'belongs to another user';
    if (kind === 'file') return undefined;
    if (found.isSymbolicLink()) return `is a symbolic link to ${await readlink(path)}`;
    return found.isDirectory() ? undefined : 'is not a folder';
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return 'absent';
    return `cannot be read (${errorCode(error) ?? 'unknown'})`;
  }
}

/** Removes what is ours at this moment, and the folder if it is then empty. @throws UnavailableError file-not-writable */
export async function removeOwnFolder(folder: OwnFolder, userId: number): Promise<void> {
  const content = await readOwnFolder(folder, userId);
  for (const file of content?.own ?? []) {
    try {
      await rm(file, { recursive: true, force: true });
    } catch (error) {
      throw toFileError(error, file, 'deleted');
    }
  }
  if (content === undefined) return;
  for (const path of folder.isNested === true ? [folder.path, dirname(folder.path)] : [folder.path]) {
    await rmdir(path).catch(() => undefined);
  }
}
