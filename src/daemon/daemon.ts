// A daemon from start to stop: its parts built, its doors opened, its work by the clock begun, and all of it ended in order.
import type { Clock } from '../core/clock.ts';
import { toRolecallError } from '../core/errors.ts';
import { refreshCredentialProcessCopy, type CredentialProcessSources } from './credential-process-copy.ts';
import { openDoors } from './doors.ts';
import { createParts, type Parts, type PartsDeps } from './parts.ts';
import { runTicker } from './ticker.ts';

export interface DaemonDeps extends PartsDeps {
  readonly userId: number;
  readonly credentialProcess: Omit<CredentialProcessSources, 'copyPath'>;
}

export interface Daemon {
  readonly socketPath: string;
  /** Undefined when the loopback port could not be opened. */
  readonly webUrl: string | undefined;
  /** Gives the answers under way, then lets go of everything; safe to call twice. */
  stop(): Promise<void>;
}

/** A catalog older than this is listed anew while its session lives. */
const CATALOG_LIFETIME_MS = 24 * 60 * 60_000;
const DRAIN_DEADLINE_MS = 5000;

/**
 * A daemon that listens; the caller holds the lock.
 * @throws UsageError settings-invalid; UnavailableError file-not-writable: nothing is left behind then
 */
export async function startDaemon(deps: DaemonDeps): Promise<Daemon> {
  const { clock, log, paths } = deps;
  const parts = await createParts(deps);
  const { broker, problems, settings, tokenFiles } = parts;
  await refreshCopy(deps, parts);
  const doors = await openDoors({ ...parts, paths, userId: deps.userId, webPort: settings.webPort, log });

  const stopTicking = new AbortController();
  const ticking = runTicker({
    clock,
    log,
    signal: stopTicking.signal,
    tasks: [
      { name: 'input checks', run: () => doors.warm() },
      { name: 'secret store', run: () => broker.flush() },
      { name: 'token files', run: () => tokenFiles.keepAll() },
      { name: 'daily lists', run: () => refreshOldCatalogs(parts, clock) },
    ],
  });
  for (const { message } of problems.list()) log('warn', message);
  log('info', `rolecall ${deps.version} is running, pid ${deps.processId}`);

  async function stop(): Promise<void> {
    stopTicking.abort();
    const drained = new AbortController();
    // A listing of thousands of accounts may be under way as well, and is not waited for to its end.
    const deadline = clock.sleep(DRAIN_DEADLINE_MS, drained.signal).catch(() => undefined);
    await Promise.race([Promise.all([doors.drain(), ticking]), deadline]);
    drained.abort();
    await doors.close();
    await parts.close();
    await broker.flush();
    log('info', 'stopped');
  }

  let stopping: Promise<void> | undefined;
  return {
    socketPath: paths.socketPath,
    webUrl: doors.webUrl,
    stop: () => (stopping ??= stop()),
  };
}

/** Without the copy the profiles fail, but everything else works: a problem, not a reason to stay down. */
async function refreshCopy(deps: DaemonDeps, { problems }: Parts): Promise<void> {
  try {
    await refreshCredentialProcessCopy({ ...deps.credentialProcess, copyPath: deps.paths.credentialProcessPath });
  } catch (error) {
    problems.raise('credential process', toRolecallError(error).toBody());
  }
}

async function refreshOldCatalogs({ broker, sharedConfig }: Parts, clock: Clock): Promise<void> {
  for (const session of (await sharedConfig.read()).sessions) {
    const catalog = await broker.knownCatalog(session);
    if (catalog === undefined || clock.nowMs() - catalog.asOfMs < CATALOG_LIFETIME_MS) continue;
    if ((await broker.describe(session)).state === 'live') await broker.refreshCatalog(session);
  }
}
