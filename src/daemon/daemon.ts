// A daemon from start to stop: builds its services, opens its servers, starts the timed work, and ends all of it in order.
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { once } from '../core/async/once.ts';
import { withTimeout } from '../core/async/with-timeout.ts';
import { removeAllLeftovers } from '../platform/files/atomic-file.ts';
import { monotonicNowMs } from '../core/clock.ts';
import type { RuntimePaths } from '../local-api/paths.ts';
import { toFailure } from '../platform/files/file-error.ts';
import { ensurePrivateDirectory } from '../platform/files/private-directory.ts';
import { SECRET_FILE_NAME } from '../secret-store/choose.ts';
import { refreshCredentialProcessCopy, type CredentialProcessSources } from './process/credential-process-copy.ts';
import { openServers, type Servers } from './servers.ts';
import { isFileAt, type DaemonLock } from './process/lock.ts';
import { createPageFiles } from './http/page-files.ts';
import { createInstallationWatch, type InstallationChange } from './process/installation-watch.ts';
import { createServices, type Services, type ServicesDeps } from './services.ts';
import { createPresence, type Presence } from './http/presence.ts';
import { runTicker } from './process/ticker.ts';
import { createVersionCheck } from './http/guard.ts';

export interface DaemonDeps extends ServicesDeps {
  readonly credentialProcess: Omit<CredentialProcessSources, 'copyPath'>;
  /** The folder with the page's files. */
  readonly pageDirectory: string;
  /** The listening socket, when a service manager has made it. */
  readonly activatedFd?: number | undefined;
  /** By which we are the one daemon of this user; absent: nobody looks whether we still are. */
  readonly lock?: {
    readonly check: DaemonLock['check'];
    /** Another daemon has taken our place. */
    readonly onLost: () => void;
    /** The state folder is there again. */
    readonly onRestored: () => void;
  };
  /** What becomes of the files that we were started from; absent: nobody looks. */
  readonly installation?: {
    /** The version that is installed now. @throws when there is none */
    readonly readVersion: () => string;
    readonly onChanged: (change: InstallationChange) => void;
  };
}

export interface Daemon {
  readonly socketPath: string;
  /** Undefined when the loopback port could not be opened. */
  readonly webUrl: string | undefined;
  /** Gives the answers under way, then lets go of everything; safe to call twice. */
  stop(): Promise<void>;
}

const DRAIN_DEADLINE_MS = 5000;

/**
 * A daemon that listens; the caller holds the lock.
 * @throws UsageError settings-invalid; UnavailableError file-not-writable: nothing is left behind then
 */
export async function startDaemon(deps: DaemonDeps): Promise<Daemon> {
  const { clock, log, paths } = deps;
  const services = await createServices(deps);
  const { audit, problems, settings } = services;
  let hasCopy = await refreshCopy(deps, services);
  const servers = await openServers({
    ...services,
    paths,
    userId: deps.userId,
    webPort: settings.webPort,
    pageFiles: createPageFiles(deps.pageDirectory),
    activatedFd: deps.activatedFd,
    clock,
    checkVersion: createVersionCheck(
      deps.version,
      once(() => {
        log('info', `a newer client asks: rolecall ${deps.version} makes room`);
        // What is in memory only is saved now or lost.
        services.personActs();
        deps.onStopRequested();
      }),
    ),
    log,
  });

  await removeLeftoversOfKilled(paths);

  const presence = createOwnPresence(deps, services, servers);
  const retryCopy = async () => void (hasCopy ||= await refreshCopy(deps, services));
  for (const retry of [presence.check, servers.retry, retryCopy]) {
    services.recheck.add(['file-not-writable'], () => retry());
  }
  const stopTicking = new AbortController();
  const ticking = runTicker({
    clock,
    log,
    signal: stopTicking.signal,
    tasks: [
      { name: 'presence', run: () => presence.check() },
      { name: 'servers', run: () => servers.retry() },
      { name: 'credential process', run: retryCopy },
      ...services.tasks,
      { name: 'installation', run: createInstallationTask(deps) },
    ],
  });
  for (const { message } of problems.list()) log('warn', message);
  log('info', `rolecall ${deps.version} is running, pid ${deps.processId}`);
  audit.record({ event: 'daemon-started', surface: 'daemon', processId: deps.processId });

  async function stop(): Promise<void> {
    deps.portHandover?.expectEnd();
    stopTicking.abort();
    // For the successor, when the state folder was deleted a moment ago.
    await presence.check();
    presence.close();
    const released = services.release();
    // A listing of thousands of accounts may be under way as well, and is not waited for to its end.
    await withTimeout(clock, DRAIN_DEADLINE_MS, Promise.all([servers.drain(), ticking]));
    await servers.close();
    await released;
    await services.close();
    await audit.close();
    audit.record({ event: 'daemon-stopped', surface: 'daemon', processId: deps.processId });
    await audit.flush();
    log('info', 'stopped');
  }

  return {
    socketPath: paths.socketPath,
    get webUrl() {
      return servers.webUrl();
    },
    stop: once(stop),
  };
}

/** How long a daemon that lost its lock goes on trying to save its sign-ins. */
const MAX_LEAVE_MS = 10 * 60_000;

/** Files that callers find us by come back when somebody deletes them; a daemon that lost its lock goes. */
function createOwnPresence(deps: DaemonDeps, services: Services, servers: Servers): Presence {
  const { paths, log, lock } = deps;
  const openStateFolder = () => openSync(paths.stateDirectory, constants.O_RDONLY | constants.O_DIRECTORY);
  // While it is open, no new folder can get its inode number.
  let stateFolder = openStateFolder();
  let lostAtMs: number | undefined;

  /** The socket is restored even when the state folder can't be. */
  async function restore(): Promise<void> {
    const folder = await restoreFolder().catch(toFailure);
    if (folder === 'lost') return;
    for (const path of await servers.restore()) log('warn', `made again what was deleted: ${path}`);
    if (folder instanceof Error) throw folder;
  }

  async function restoreFolder(): Promise<'ours' | 'lost'> {
    ensurePrivateDirectory(paths.stateDirectory, deps.userId);
    const state = lock?.check();
    if (state === 'lost') {
      await leave();
      return 'lost';
    }
    if (state === 'renewed' || !isFileAt(paths.stateDirectory, stateFolder)) {
      lock?.onRestored();
      await services.restoreState();
      const deleted = stateFolder;
      stateFolder = openStateFolder();
      closeSync(deleted);
      log('warn', `made again what was deleted: ${paths.stateDirectory}`);
    }
    await services.restoreSecrets();
    return 'ours';
  }

  /** Ends this daemon, but tries again first while sign-ins that only it has can't be written. */
  async function leave(): Promise<void> {
    const nowMs = monotonicNowMs(deps.clock);
    if (lostAtMs === undefined) log('warn', `another daemon has replaced ${paths.lockFile}, so this one ends`);
    lostAtMs ??= nowMs;
    const failure = await services.leaveState().then(() => undefined, toFailure);
    if (failure !== undefined) log('error', failure.message);
    if (failure === undefined || nowMs - lostAtMs > MAX_LEAVE_MS) lock?.onLost();
  }

  const presence = createPresence({
    files: [...paths.socketCandidates, paths.lockFile, join(paths.stateDirectory, SECRET_FILE_NAME)],
    async check() {
      try {
        await restore();
        services.problems.clear('presence');
      } catch (error) {
        services.problems.raise('presence', toFailure(error).toBody());
      }
    },
    clock: deps.clock,
  });
  return {
    check: presence.check,
    close() {
      presence.close();
      closeSync(stateFolder);
    },
  };
}

function createInstallationTask({ installation, version, log }: DaemonDeps): () => Promise<void> {
  if (installation === undefined) return async () => undefined;
  const watch = createInstallationWatch(version, installation.readVersion);
  const tell = once((change: InstallationChange) => {
    log('info', change === 'gone' ? 'this installation is gone' : 'another version was installed in our place');
    installation.onChanged(change);
  });
  return async () => {
    const change = watch.check();
    if (change !== undefined) tell(change);
  };
}

/** Temporary files of daemons that were killed while they wrote. */
async function removeLeftoversOfKilled({ stateDirectory, switchDirectory }: RuntimePaths): Promise<void> {
  const below = ['catalog', 'adoptions'].map((name) => join(stateDirectory, name));
  await Promise.all([stateDirectory, switchDirectory, ...below].map(removeAllLeftovers));
}

/** Whether it is there. Without the copy the profiles fail, but everything else works: a problem, not a reason to stay down. */
async function refreshCopy(deps: DaemonDeps, { problems }: Services): Promise<boolean> {
  try {
    await refreshCredentialProcessCopy({ ...deps.credentialProcess, copyPath: deps.paths.credentialProcessPath });
    problems.clear('credential process');
    return true;
  } catch (error) {
    problems.raise('credential process', toFailure(error).toBody());
    return false;
  }
}
