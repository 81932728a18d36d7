// The person's browser, started so that it outlives the daemon and is not confined as the daemon is.
import { spawn } from 'node:child_process';

/**
 * Starts the browser on a page that may be opened; rejects when that can't be done.
 * A child of a systemd unit lives in the unit: within its sandbox, in which no browser's own works, and killed with it.
 * So there the user's manager is asked to start one, which also knows the desktop's variables of today.
 */
export async function startBrowser(url: string, options: { readonly isInUnit: boolean }): Promise<void> {
  if (options.isInUnit && (await startAsUnit(url))) return;
  const { default: open } = await import('open');
  // A browser is started with our environment, and a passphrase, long since read, is nothing for it.
  delete process.env['ROLECALL_PASSPHRASE'];
  const child = await open(url);
  child.on('error', () => undefined);
  child.unref();
}

/** `ExitType=cgroup`: xdg-open ends at once, and the browser that it started is not to end with it. */
const SYSTEMD_RUN = ['--user', '--collect', '--quiet', '--property=ExitType=cgroup', '--', 'xdg-open'] as const;

/** Whether a unit was made of it. systemd-run would read a `$` as a variable, and in a URL it is the same as `%24`. */
function startAsUnit(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('systemd-run', [...SYSTEMD_RUN, url.replaceAll('$', '%24')], { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('exit', (exitCode) => resolve(exitCode === 0));
  });
}
