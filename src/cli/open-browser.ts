// Opens the user's browser, and deletes the private page that it was given.
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { BrowserFailure } from '../core/text/browser-command.ts';
import { findNamedBrowser } from '../platform/programs/browser-place.ts';
import type { ProgramSearch } from '../platform/programs/find-program.ts';
import { startTrustedBrowser } from '../platform/programs/start-browser.ts';

/**
 * Opens `url` in the default browser, or with a command template; false if there is no browser to open. Where pages
 * would open in Windows or nowhere, BROWSER may name a browser.
 * @throws BrowserFailure: the template's browser could not be started
 */
export async function openBrowser(
  url: string,
  template: string | undefined,
  surroundings: ProgramSearch,
): Promise<boolean> {
  const { environment } = surroundings;
  if (environment['SSH_CONNECTION'] !== undefined) return false;
  if (template !== undefined) return startTrustedBrowser(url, template, surroundings);
  const isWsl = isSet(environment, 'WSL_DISTRO_NAME');
  const hasDisplay = process.platform === 'darwin' || isSet(environment, 'DISPLAY', 'WAYLAND_DISPLAY');
  const named = isWsl || !hasDisplay ? findNamedBrowser(environment) : undefined;
  if (named === undefined) return (isWsl || hasDisplay) && startTrustedBrowser(url, undefined, surroundings);
  try {
    return await startTrustedBrowser(url, named, surroundings);
  } catch (error) {
    // The setting `browser` is not to blame, and the page can be opened by hand.
    if (error instanceof BrowserFailure) return false;
    throw error;
  }
}

function isSet(environment: ProgramSearch['environment'], ...names: readonly string[]): boolean {
  return names.some((name) => (environment[name] ?? '') !== '');
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
