// Opens the user's browser, and deletes the private page that it was given.
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import type { ProgramSearch } from '../platform/programs/find-program.ts';
import { startTrustedBrowser } from '../platform/programs/start-browser.ts';

/**
 * Opens `url` in the default browser, or with a command template; false if there is no browser to open.
 * @throws BrowserFailure: the template's browser could not be started
 */
export async function openBrowser(
  url: string,
  template: string | undefined,
  surroundings: ProgramSearch,
): Promise<boolean> {
  const { environment } = surroundings;
  if (environment['SSH_CONNECTION'] !== undefined) return false;
  const hasDisplay =
    process.platform === 'darwin' ||
    [environment['DISPLAY'], environment['WAYLAND_DISPLAY'], environment['WSL_DISTRO_NAME']].some(Boolean);
  if (template === undefined && !hasDisplay) return false;
  return startTrustedBrowser(url, template, surroundings);
}

/** In a process that outlives this one, because the browser may still be starting. */
export function deletePageLater(path: string, delaySeconds: number, { environment }: ProgramSearch): void {
  const script = 'sleep "$1"; rm -f -- "$2"; rmdir -- "$3"';
  const args = ['-c', script, 'sh', String(delaySeconds), path, dirname(path)];
  spawn('/bin/sh', args, { detached: true, stdio: 'ignore', env: { PATH: '/usr/bin:/bin', HOME: environment['HOME'] } })
    // The next command that writes a page deletes leftovers.
    .on('error', () => undefined)
    .unref();
}
