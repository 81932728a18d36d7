// A page for one browser to open, with a URL in it that is a secret: what others see of a process is its arguments.
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UnavailableError } from '../../../core/errors.ts';
import { ensurePrivateDirectory } from '../../../platform/files/private-directory.ts';
import { findFolderFault } from '../../../platform/sockets/private-socket.ts';

/** A browser that starts cold has read the page by then. */
export const PAGE_LIFETIME_SECONDS = 60;
const PREFIX = 'console-';

/**
 * The path of a new page that leads to `url` at once, 0600 in a folder of its own, which is all that has to be deleted.
 * Pages that a killed command left behind are deleted here.
 * Nobody else may be able to enter or replace the directory: it is made, or verified, first.
 * @throws UnavailableError file-not-writable
 */
export async function writePrivatePage(
  directory: string,
  url: string,
  { nowMs, userId }: { readonly nowMs: number; readonly userId: number },
): Promise<string> {
  try {
    ensurePrivateDirectory(directory, userId);
    const fault = findFolderFault(directory, userId);
    if (fault !== undefined) {
      throw new UnavailableError('file-not-writable', `The folder ${directory} ${fault.reason}.`);
    }
    await sweep(directory, nowMs);
    const path = join(await mkdtemp(join(directory, PREFIX)), 'aws-console.html');
    await writeFile(path, formatPage(url), { mode: 0o600, flag: 'wx' });
    return path;
  } catch (cause) {
    const reason = cause instanceof UnavailableError ? ` ${cause.message}` : '';
    throw new UnavailableError(
      'file-not-writable',
      `The page for your browser can't be written to ${directory}.${reason}`,
      { hint: 'rolecall console --federated --print', cause },
    );
  }
}

export async function deletePrivatePage(path: string): Promise<void> {
  await rm(dirname(path), { recursive: true, force: true });
}

async function sweep(directory: string, nowMs: number): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(PREFIX)) continue;
    const { mtimeMs } = await stat(join(directory, name)).catch(() => ({ mtimeMs: nowMs }));
    const isOver = nowMs - mtimeMs > PAGE_LIFETIME_SECONDS * 1000;
    if (isOver) await rm(join(directory, name), { recursive: true, force: true });
  }
}

/** No script; and no Referer, which would be the page's path. */
function formatPage(url: string): string {
  const safe = url.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${safe}">
<title>AWS console</title>
<p><a href="${safe}">To the AWS console</a></p>
`;
}
