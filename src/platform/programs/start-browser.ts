// The person's browser, started so that it outlives the daemon and is not confined as the daemon is.
import { spawn } from 'node:child_process';
import { formatBrowserCommand } from '../../core/text/browser-command.ts';
import { runBrowser } from './run-browser.ts';

/**
 * Starts the browser, or the one of a session's command template, on a page that may be opened; rejects when that can't be done.
 * A child of a systemd unit lives in the unit: within its sandbox, in which no browser's own works, and killed with it.
 * So there the user's manager is asked to start one, which also knows the desktop's variables of today.
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
  // A browser is started with our environment, and a passphrase, long since read, is nothing for it.
  delete process.env['ROLECALL_PASSPHRASE'];
  if (template !== undefined) return runBrowser(formatBrowserCommand(template, url, process.platform), process.env);
  const { default: open } = await import('open');
  const child = await open(url);
  child.on('error', () => undefined);
  child.unref();
}

/** `ExitType=cgroup`: xdg-open ends at once, and the browser that it started is not to end with it. */
const SYSTEMD_RUN = ['--user', '--collect', '--quiet', '--property=ExitType=cgroup', '--'] as const;

/** Whether a unit was made of it. systemd-run would read a `$` as a variable, and `$$` as a `$`. */
function startAsUnit(words: readonly string[]): Promise<boolean> {
  const command = words.map((word) => word.replaceAll('$', '$$$$'));
  return new Promise((resolve) => {
    const child = spawn('systemd-run', [...SYSTEMD_RUN, ...command], { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('exit', (exitCode) => resolve(exitCode === 0));
  });
}
