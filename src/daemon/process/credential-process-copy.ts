// Installs the copy of rolecall-credential-process that profiles name: at a fixed path, with the paths of Node and this installation.
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensureFolder, removeLeftovers, writeFileAtomically } from '../../platform/files/atomic-file.ts';
import { toFileError } from '../../platform/files/file-error.ts';
import { readBoundedFile } from '../../platform/files/bounded-read.ts';

const COPY_MODE = 0o700;
const MAX_COPY_BYTES = 1024 * 1024;

export interface CredentialProcessSources {
  /** `bin/rolecall-credential-process` of this installation. */
  readonly templatePath: string;
  readonly copyPath: string;
  readonly nodePath: string;
  /** `dist/cli/main.js`, the script's fallback. */
  readonly clientPath: string;
}

/** Updates the copy if it differs, and resolves whether it did. @throws UnavailableError file-not-writable: the old copy stays */
export async function refreshCredentialProcessCopy(sources: CredentialProcessSources): Promise<boolean> {
  const { copyPath } = sources;
  const template = await readFile(sources.templatePath, 'utf8');
  const wanted = template
    .replace(/^node=.*$/m, () => `node=${quoteForShell(sources.nodePath)}`)
    .replace(/^client=.*$/m, () => `client=${quoteForShell(sources.clientPath)}`);
  if (await isThere(copyPath, wanted)) return false;
  try {
    await ensureFolder(dirname(copyPath));
    await removeLeftovers(copyPath);
    await writeFileAtomically({ targetPath: copyPath, content: wanted, mode: COPY_MODE, mustBeNew: false });
  } catch (error) {
    throw toFileError(error, copyPath, 'written');
  }
  return true;
}

async function isThere(copyPath: string, wanted: string): Promise<boolean> {
  try {
    const isExecutable = ((await stat(copyPath)).mode & 0o777) === COPY_MODE;
    return isExecutable && (await readBoundedFile(copyPath, MAX_COPY_BYTES)) === wanted;
  } catch {
    // Absent or unreadable: it has to be written.
    return false;
  }
}
