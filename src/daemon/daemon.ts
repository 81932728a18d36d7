// Starts and stops a daemon: creates its services, opens its servers, runs the timed work, and ends all of it in order.
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { once } from '../core/async/once.ts';
import { withTimeout } from '../core/async/with-timeout.ts';
import { removeAllLeftovers } from '../platform/files/atomic-file.ts';
import { monotonicNowMs } from '../core/clock.ts';
import type { RuntimePaths } from '../local-api/paths.ts';
import { toFailure } from '../platform/files/file-error.ts';
import { ensurePrivateDirectory } from '../platform/files/private-directory.ts';
import { SECRET_FILE_NAME } from '../secret-store/choose.ts';
import { refreshCredentialProcessCopy } from './process/credential-process-copy.ts';
import type { Approvals } from './approvals/approvals.ts';
import { openServers, type Servers } from './servers.ts';
import { isFileAt, type DaemonLock } from './process/lock.ts';
import { createPageFiles } from './http/page-files.ts';
import { createInstallationWatch, type InstallationChange } from './process/installation-watch.ts';
import { createServices, type Services, type ServicesDeps } from './services.ts';
import { describeRules } from './settings/protection.ts';
import { createPresence, type Presence } from './http/presence.ts';
import { runTicker } from './process/ticker.ts';
import { createVersionCheck } from './http/guard.ts';

export interface DaemonDeps extends ServicesDeps {
  /** The folder with the files of the web page. */
  readonly pageDirectory: string;
  /** The listening socket, when a service manager has opened it. */
  readonly activatedFd?: number | undefined;
  /** The lock that makes this the only daemon of the user; absent: it is not checked again. */
  readonly lock?: {
    readonly check: DaemonLock['check'];
    /** Another daemon has the lock. */
    readonly onLost: () => void;
    /** The state folder was deleted and has been made again. */
    readonly onRestored: () => void;
  };
  /** Watches the files that this daemon was started from; absent: not watched. */
  readonly installation?: {
    /** The installed version. @throws when rolecall is no longer installed */
    readonly readVersion: () => string;
    readonly onChanged: (change: InstallationChange) => void;
  };
}

export interface Daemon {
  readonly socketPath: string;
  /** Undefined when the loopback port could not be opened. */
  readonly webUrl: string | undefined;
  /** The questions that wait for a person. Only code that has proof of an answer may approve one. */
  readonly approvals: Approvals;
  /** Answers pending requests, then closes everything; safe to call twice. */
  stop(): Promise<void>;
}

const DRAIN_DEADLINE_MS = 5000;

/**
 * Resolves when the daemon listens. The caller holds the lock.
 * @throws UsageError settings-invalid; UnavailableError file-not-writable: everything is closed again
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
    checkVersion: createVersionCheck({
      ownVersion: deps.version,
      findLosses: () => services.describeLosses(),
      leave: once(() => {
        log('info', `a newer client connected: version ${deps.version} stops for the newer version`);
        // State that is only in memory is saved now, or lost.
        services.personActs();
        deps.onStopRequested();
      }),
    }),
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
  const rules = describeRules(settings);
  audit.record({ event: 'daemon-started', surface: 'daemon', processId: deps.processId, rules });

  async function stop(): Promise<void> {
    deps.portHandover?.expectEnd();
    stopTicking.abort();
    // Restores the state folder for the next daemon if it was just deleted.
    await presence.check();
    presence.close();
    const released = services.release();
    // Timed work can be listing thousands of accounts, so it is not awaited to its end.
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
    approvals: services.approvals,
    stop: once(stop),
  };
}

/** How long a daemon that lost its lock keeps trying to save its sign-ins. */
const MAX_LEAVE_MS = 10 * 60_000;

/** Restores the files that clients need to find the daemon; stops a daemon that has lost its lock. */
function createOwnPresence(deps: DaemonDeps, services: Services, servers: Servers): Presence {
  const { paths, log, lock } = deps;
  const openStateFolder = () => openSync(paths.stateDirectory, constants.O_RDONLY | constants.O_DIRECTORY);
  // While it is open, no new folder can get the same inode number.
  let stateFolder = openStateFolder();
  let lostAtMs: number | undefined;

  /** Restores the socket even if the state folder can't be restored. */
  async function restore(): Promise<void> {
    const folder = await restoreFolder().catch(toFailure);
    if (folder === 'lost') return;
    for (const path of await servers.restore()) log('warn', `restored after it was deleted: ${path}`);
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
      log('warn', `restored after it was deleted: ${paths.stateDirectory}`);
    }
    await services.restoreSecrets();
    return 'ours';
  }

  /** Stops this daemon once the sign-ins that only it has are saved. */
  async function leave(): Promise<void> {
    const nowMs = monotonicNowMs(deps.clock);
    if (lostAtMs === undefined) log('warn', `another daemon has replaced ${paths.lockFile}, so this one stops`);
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
    log('info', change === 'gone' ? 'this installation was removed' : 'another version was installed');
    installation.onChanged(change);
  });
  return async () => {
    const change = watch.check();
    if (change !== undefined) tell(change);
  };
}

/** Removes temporary files of daemons that were killed while writing. */
async function removeLeftoversOfKilled({ stateDirectory, switchDirectory }: RuntimePaths): Promise<void> {
  const below = ['catalog', 'adoptions'].map((name) => join(stateDirectory, name));
  await Promise.all([stateDirectory, switchDirectory, ...below].map(removeAllLeftovers));
}

/** True when the copy is up to date. Without it profiles fail but everything else works, so a failure becomes a problem. */
async function refreshCopy(deps: DaemonDeps, { problems }: Services): Promise<boolean> {
  try {
    const { credentialProcessPath, usualCredentialProcessPath } = deps.paths;
    await refreshCredentialProcessCopy({ ...deps.credentialProcess, copyPath: credentialProcessPath });
    // Profiles of an older version, or of a daemon without XDG_DATA_HOME, refer to this one.
    if (usualCredentialProcessPath !== credentialProcessPath && existsSync(usualCredentialProcessPath)) {
      await refreshCredentialProcessCopy({ ...deps.credentialProcess, copyPath: usualCredentialProcessPath });
    }
    problems.clear('credential process');
    return true;
  } catch (error) {
    problems.raise('credential process', toFailure(error).toBody());
    return false;
  }
}
