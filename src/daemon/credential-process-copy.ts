// The copy of rolecall-credential-process that profiles name: at a fixed path, with this Node and this installation baked in.
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UnavailableError } from '../core/errors.ts';

export interface CredentialProcessSources {
  /** `bin/rolecall-credential-process` of this installation. */
  readonly templatePath: string;
  readonly copyPath: string;
  readonly nodePath: string;
  /** `dist/cli/main.js`, which the script falls back to. */
  readonly clientPath: string;
}

/** Refreshes the copy when it differs; resolves whether it did. @throws UnavailableError file-not-writable */
export async function refreshCredentialProcessCopy(sources: CredentialProcessSources): Promise<boolean> {
  const { copyPath } = sources;
  const template = await readFile(sources.templatePath, 'utf8');
  const wanted = template
    .replace(/^node=.*$/m, () => `node=${quoteForShell(sources.nodePath)}`)
    .replace(/^client=.*$/m, () => `client=${quoteForShell(sources.clientPath)}`);
  const present = await readFile(copyPath, 'utf8').catch(() => undefined);
  if (present === wanted) return false;
  const beside = `${copyPath}.${process.pid}.new`;
  try {
    await mkdir(dirname(copyPath), { recursive: true, mode: 0o700 });
    await writeFile(beside, wanted, { mode: 0o700, flag: 'wx' });
    // The umask of whoever started us must not take the execute bit.
    await chmod(beside, 0o700);
    await rename(beside, copyPath);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw new UnavailableError(
      'file-not-writable',
      `The file ${copyPath} can't be written: ${(cause as Error).message}.`,
      {
        hint: 'rolecall daemon restart',
        cause,
      },
    );
  }
  return true;
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
