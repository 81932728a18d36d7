// Starts the user's browser so that it outlives this process and is not confined by the daemon's systemd unit.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { formatBrowserCommand } from '../../core/text/browser-command.ts';
import { trustedPath, type ProgramSearch } from './find-program.ts';
import { runBrowser } from './run-browser.ts';

/** Loads what starts the default browser. A process that runs for days calls it before an upgrade replaces its files. */
export const loadOpen = () => import('open');

/**
 * Starts the browser that `template` names, or else the default browser, on a page that may be opened.
 * A child of a systemd unit runs in the unit's sandbox, in which a browser's own sandbox does not work, and is killed
 * with the unit. There the user's manager starts it, which also knows the desktop's current variables.
 * @throws BrowserFailure: the browser of the template could not be started
 */
export async function startBrowser(
  url: string,
  options: { readonly isInUnit: boolean; readonly template: string | undefined },
): Promise<void> {
  const { isInUnit, template } = options;
  const format = (address: string) =>
    template === undefined ? ['xdg-open', address] : formatBrowserCommand(template, address, process.platform);
  // In a URL `$` is the same as `%24`, which needs no escaping.
  if (isInUnit && (await startAsUnit(format(url.replaceAll('$', '%24'))))) return;
  // The browser inherits this process's environment, so the passphrase is removed.
  delete process.env['ROLECALL_PASSPHRASE'];
  if (template !== undefined) return runBrowser(formatBrowserCommand(template, url, process.platform), process.env);
  const { default: open } = await loadOpen();
  // Under WSL, Windows finds our files by their paths only.
  const child = await open(url.startsWith('file:') ? fileURLToPath(url) : url);
  child.on('error', () => undefined);
  child.unref();
}

/**
 * `startBrowser` outside of a unit, with only trusted folders in PATH; false if there is no default browser.
 * @throws BrowserFailure: the browser of the template could not be started
 */
export async function startTrustedBrowser(
  url: string,
  template: string | undefined,
  search: ProgramSearch,
): Promise<boolean> {
  process.env['PATH'] = trustedPath(search);
  try {
    await startBrowser(url, { isInUnit: false, template });
    return true;
  } catch (error) {
    if (template !== undefined) throw error;
    return false;
  }
}

/** `ExitType=cgroup`: xdg-open ends at once, and must not end the browser that it started. */
const SYSTEMD_RUN = ['--user', '--collect', '--quiet', '--property=ExitType=cgroup', '--'] as const;

/** Whether systemd started the unit. systemd-run expands `$NAME` and turns `$$` into `$`. */
function startAsUnit(words: readonly string[]): Promise<boolean> {
  const command = words.map((word) => word.replaceAll('$', '$$$$'));
  return new Promise((resolve) => {
    const child = spawn('systemd-run', [...SYSTEMD_RUN, ...command], { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('exit', (exitCode) => resolve(exitCode === 0));
  });
}
