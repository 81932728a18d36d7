// A private HTML page that redirects to a secret URL, because other users can see the arguments of a browser.
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UnavailableError } from '../../../core/errors.ts';
import { ensurePrivateDirectory } from '../../../platform/files/private-directory.ts';
import { findFolderFault } from '../../../platform/sockets/private-socket.ts';

/** Long enough for a browser that starts cold to read the page. */
export const PAGE_LIFETIME_SECONDS = 60;
const PREFIX = 'console-';

/**
 * The path of a new page that redirects to `url`: mode 0600, in a folder of its own that is deleted with it.
 * Also deletes pages that killed commands left behind.
 * Creates or verifies the directory first: no other user may enter or replace it.
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
      `The page for your browser cannot be written to ${directory}.${reason}`,
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

/** Without a script, and without a Referer, which would reveal the page's path. */
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
