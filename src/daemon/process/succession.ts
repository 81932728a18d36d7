// The start of a daemon while another process keeps the container port: the keeper becomes the daemon.
import type { Clock } from '../../core/clock.ts';
import {
  askPortKeeper,
  END_KEEPER,
  formatSuccessor,
  hasPortKeeper,
} from '../../platform/port-keeper/keeper-requests.ts';
import { waitForDaemonLock, type DaemonLock } from './lock.ts';

/** Said to the daemon that a keeper has become: it has the port and the request pipe. */
export const HANDED_OVER_FLAG = '--handed-over';
/** For the daemon that a keeper starts after a kill: it inherits the secret pipe too. The keeper's process id follows. */
export const RESTARTED_FLAG = '--restarted';

const POLL_MS = 50;
/** A successor has the lock once Node has started; a keeper ends at once. */
const SUCCESSOR_DEADLINE_MS = 15_000;
const END_DEADLINE_MS = 2000;

interface Files {
  readonly lockFile: string;
  readonly keptPortPipe: string;
}

/**
 * The lock, for a daemon that starts without the container port. While a keeper holds the port, it is the keeper that
 * becomes the daemon, in place of this process; should that one fail, the lock is ours after all, and the port is lost.
 * Undefined when a daemon serves, or nobody waits for this one.
 * @throws what `checkSettings` throws, before the keeper is asked: the port stays kept then
 */
export async function waitForTurn(deps: {
  readonly files: Files;
  /** Node and what it is to run. */
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
      // The successor has nobody to tell why it can't start.
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

/** For a daemon that must be this very process and can't be given the port: whoever keeps it lets it go. */
export async function dismissKeeper(keptPortPipe: string, clock: Clock): Promise<void> {
  if (!askPortKeeper(keptPortPipe, END_KEEPER)) return;
  const endMs = clock.nowMs() + END_DEADLINE_MS;
  while (hasPortKeeper(keptPortPipe) && clock.nowMs() < endMs) await clock.sleep(POLL_MS);
}
