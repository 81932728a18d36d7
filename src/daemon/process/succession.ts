// Starts a daemon while a keeper process holds the container port: the keeper itself becomes the daemon.
import type { Clock } from '../../core/clock.ts';
import {
  askPortKeeper,
  END_KEEPER,
  formatSuccessor,
  hasPortKeeper,
} from '../../platform/port-keeper/keeper-requests.ts';
import { waitForDaemonLock, type DaemonLock } from './lock.ts';

/** Tells a daemon that it was the keeper before: it has the port and the request pipe. */
export const HANDED_OVER_FLAG = '--handed-over';
/** Tells a daemon that a keeper restarted it after a kill: it also inherits the secret pipe. The keeper's process id follows. */
export const RESTARTED_FLAG = '--restarted';

const POLL_MS = 50;
/** Deadline for the keeper that becomes the daemon to take the lock, which it does once Node has started. */
const SUCCESSOR_DEADLINE_MS = 15_000;
const END_DEADLINE_MS = 2000;

interface Files {
  readonly lockFile: string;
  readonly keptPortPipe: string;
}

/**
 * Takes the lock for a daemon that starts without the container port. If a keeper holds the port, asks it to become the
 * daemon in place of this process. If that fails, this process takes the lock, and the port is lost.
 * Undefined if a daemon serves, or if this one is no longer needed.
 * @throws what `checkSettings` throws, before it asks the keeper, which then keeps the port
 */
export async function waitForTurn(deps: {
  readonly files: Files;
  /** Node, its flags and the script. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly passphrase: string | undefined;
  readonly checkSettings: () => Promise<unknown>;
  readonly isNeeded: () => boolean | Promise<boolean>;
  readonly clock: Clock;
}): Promise<DaemonLock | undefined> {
  const { clock, files, isNeeded } = deps;
  let askedAtMs: number | undefined;
  for (;;) {
    const lock = await waitForDaemonLock(files.lockFile, isNeeded, clock);
    if (lock === undefined || !hasPortKeeper(files.keptPortPipe)) return lock;
    if (askedAtMs === undefined) {
      // The keeper could not report to anybody why it can't start.
      await deps.checkSettings();
      const { ROLECALL_PASSPHRASE: _secret, ...environment } = deps.environment;
      const request = formatSuccessor({ command: [...deps.command, HANDED_OVER_FLAG], environment }, deps.passphrase);
      if (!askPortKeeper(files.keptPortPipe, request)) return lock;
      askedAtMs = clock.nowMs();
    } else if (clock.nowMs() - askedAtMs > SUCCESSOR_DEADLINE_MS) return lock;
    lock.release();
    await clock.sleep(POLL_MS);
    if (!(await isNeeded())) return undefined;
  }
}

/** Ends the keeper, for a daemon that has to be this process and can't receive the port. */
export async function dismissKeeper(keptPortPipe: string, clock: Clock): Promise<void> {
  if (!askPortKeeper(keptPortPipe, END_KEEPER)) return;
  const endMs = clock.nowMs() + END_DEADLINE_MS;
  while (hasPortKeeper(keptPortPipe) && clock.nowMs() < endMs) await clock.sleep(POLL_MS);
}
