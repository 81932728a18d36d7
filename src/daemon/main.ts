// The daemon process: takes the lock before it loads anything else, so that waiting for the lock costs little.
import { spawn } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import type { Server } from 'node:http';
import { homedir, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '../core/clock.ts';
import { DaemonUnreachableError, formatFailure } from '../core/errors.ts';
import { quoteForShell } from '../core/text/quote-for-shell.ts';
import { cleanEnvironment, refuseChangedNode } from '../platform/service/daemon-environment.ts';
// Not on demand: it is needed when an upgrade has replaced our files, whose names contain hashes in the published bundle.
import { startDaemonProcess } from '../platform/service/start-daemon.ts';
import { resolvePaths } from '../local-api/paths.ts';
import { loadVersion } from '../local-api/version.ts';
import {
  ignoreDebuggerSignal,
  leaveMemoryOutOfCoreDumps,
  noDebuggerFlags,
} from '../platform/process/harden-process.ts';
import { toFailure } from '../platform/files/file-error.ts';
import { findProgram, findSystemProgram, trustedPath } from '../platform/programs/find-program.ts';
import {
  dropRequests,
  isRestartAllowed,
  readKeptSecret,
  readRequestSecret,
} from '../platform/port-keeper/keeper-requests.ts';
import { REQUEST_PIPE_FD } from '../platform/port-keeper/port-keeper-script.ts';
import { joinPortKeeper, type Restart } from '../platform/port-keeper/port-keeper.ts';
import { keepTicksFast } from './process/fast-ticks.ts';
import { answerWithFailure, takePassedSockets } from './http/activation.ts';
import { describeCause } from './http/error-answer.ts';
import { isListening, listen, listenOnSocket } from './http/listeners.ts';
import { inFolder, takeOverDaemonLock, tryDaemonLock, waitForDaemonLock, type DaemonLock } from './process/lock.ts';
import { formatKeptSecret, parseKeptSecret } from './process/kept-secret.ts';
import { openLogFile, type Log, type LogFile } from './process/log.ts';
import { readPassphraseFile, takePassphrase } from './process/passphrase.ts';
import { ensurePrivateDirectory } from '../platform/files/private-directory.ts';
import { createKeeperHandover, createServiceHandover } from './http/own-handover.ts';
import type { PortHandover } from './http/port-handover.ts';
import { dismissKeeper, HANDED_OVER_FLAG, RESTARTED_FLAG, waitForTurn } from './process/succession.ts';

ignoreDebuggerSignal();
leaveMemoryOutOfCoreDumps();
keepTicksFast();
process.umask(0o077);
/** Started by a service manager, which restarts the daemon if the exit code asks for it. */
const isService = process.argv.includes('--service');
const isForeground = process.argv.includes('--foreground');
/** Started by the keeper of the container port, because the previous daemon was killed. */
const isRestarted = process.argv.includes(RESTARTED_FLAG);
/** This process was the keeper of the container port before, or the keeper is its parent. */
const isHandedOver = isRestarted || process.argv.includes(HANDED_OVER_FLAG);
const { activatedFd, keptPortFd } = takePassedSockets(process.env, process.pid);
/** Where systemd accepts the container port for the next daemon. */
const notifySocket = isService ? process.env['NOTIFY_SOCKET'] : undefined;
const kept = isRestarted ? parseKeptSecret(readKeptSecret()) : undefined;
const givenPassphrase = takeSecret();
/** A service manager or shell sets more variables than a daemon should see. */
const droppedVariables = cleanEnvironment(process.env);
const homeDirectory = process.env['HOME'] ?? homedir();
const userId = process.getuid?.() ?? -1;
// The caller's working directory may be a project whose programs come first in PATH.
process.env['PATH'] = trustedPath({ environment: process.env, homeDirectory, userId, platform: process.platform });
const paths = resolvePaths({ environment: process.env, homeDirectory, platform: process.platform, userId });
const passphrase = givenPassphrase ?? readPassphraseFile(paths.passphraseFile, userId);
/** The environment at the start, except for PATH. The passphrase is not in `process.env`, which a browser inherits; the next daemon needs it. */
const environment: Readonly<NodeJS.ProcessEnv> = {
  ...process.env,
  ...(passphrase === undefined ? {} : { ROLECALL_PASSPHRASE: passphrase }),
};
const clock = createSystemClock();
const keeper = isRestarted ? joinPortKeeper(paths.keptPortPipe, Number(process.argv.at(-1))) : undefined;

/** Asks the service manager for a restart: EX_TEMPFAIL of sysexits(3), listed in the unit's RestartForceExitStatus. */
const EXIT_START_AGAIN = 75;
/** The previous daemon finishes its answers first, which may take five seconds. */
const TAKE_OVER_DEADLINE_MS = 15_000;
/** No client waits longer than this for a daemon that it started. */
const WAIT_DEADLINE_MS = 40_000;
/** How long a service that can't start answers its callers with the reason, instead of being started ten times a second. */
const TELL_WHY_MS = 4000;
/** By then the first answers are given. */
const STARTED_MS = 1000;
/** A daemon that runs this long has started successfully. If it is killed later, the keeper restarts it without a pause. */
const LASTING_MS = 3000;

function takeSecret(): string | undefined {
  if (kept !== undefined) return kept.passphrase;
  return isHandedOver ? readRequestSecret() : takePassphrase(process.env);
}

/** How to restart this daemon; undefined if a supervisor or a person does (`daemon run`, ROLECALL_NO_AUTOSTART). */
function describeRestart(fileKey: string | undefined): Restart | undefined {
  const { ROLECALL_PASSPHRASE: _secret, ...variables } = environment;
  if (isForeground || environment['ROLECALL_NO_AUTOSTART'] === '1') return undefined;
  const secret = passphrase === undefined ? undefined : formatKeptSecret({ passphrase, fileKey });
  return { command: [...daemonCommand(), RESTARTED_FLAG], environment: variables, secret };
}

const daemonCommand = () => [process.execPath, ...noDebuggerFlags(), process.argv[1] as string];

/** Listens on the service's socket, so that callers of a daemon that can't start get an answer. */
async function listenForCallers(server: Server): Promise<void> {
  if (activatedFd !== undefined) await listen(server, { fd: activatedFd });
  else await listenOnSocket(server, paths.socketPath, userId);
}

/** Reports the failure to the process that started this one, and for a service to its callers. */
async function reportFailure(thrown: unknown): Promise<void> {
  const error = toFailure(thrown);
  if (process.connected) await new Promise((resolve) => process.send?.(error.toBody(), resolve));
  else process.stderr.write(`rolecall: ${formatFailure(error)}`);
  if (isService) await answerWithFailure(listenForCallers, error, TELL_WHY_MS, clock).catch(() => undefined);
  process.exit(error.exitCode);
}

async function createOwnHandover(log: Log, restart: () => Restart | undefined): Promise<PortHandover> {
  if (isService) return createServiceHandover({ notifySocket, keptPortFd }, log);
  return createKeeperHandover({ paths, homeDirectory, isHandedOver, keeper, restart, log });
}

async function run(logFile: LogFile, lock: DaemonLock): Promise<void> {
  const { log } = logFile;
  // The AWS SDK warns about old Node versions this way. That belongs into the log, not on a terminal.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log('warn', warning.message));
  const fail = (thrown: unknown) => {
    log('error', describeCause(thrown));
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  let fileKey = kept?.fileKey;
  // In two parts: Node opens all files of one import at once, which could be more than the limit of descriptors.
  await import('./domain.ts');
  const { startDaemon } = await import('./daemon.ts');
  const { createDesktop } = await import('./notifications/desktop.ts');
  const { findBrowserPlace, readPlaceFacts } = await import('../platform/programs/browser-place.ts');
  const programSearch = { environment, homeDirectory, userId, platform: process.platform };
  const starting = startDaemon({
    paths,
    environment,
    droppedVariables,
    homeDirectory,
    userId,
    processId: process.pid,
    version: loadVersion(),
    clock,
    random: Math.random,
    checksUsers: true,
    // A service gets it from its unit or its environment file (docs/service.md).
    passphraseHint: notifySocket === undefined ? undefined : 'systemctl --user edit rolecall.service',
    keyCache: {
      load: () => fileKey,
      save(key) {
        fileKey = key;
      },
    },
    log,
    desktop: await createDesktop({
      platform: process.platform,
      kernelRelease: release(),
      environment,
      userId,
      findProgram: (name) => findProgram(name, programSearch),
      findSystemProgram: (name) => findSystemProgram(name, programSearch),
      isThere: existsSync,
      spawn,
      clock,
      startBrowser: async (url, template) => {
        const { startBrowser } = await import('../platform/programs/start-browser.ts');
        await startBrowser(url, { template, isInUnit: activatedFd !== undefined });
      },
    }),
    findBrowserPlace: (command) => findBrowserPlace(environment, readPlaceFacts(), command),
    credentialProcess: {
      templatePath: fileURLToPath(new URL('../../bin/rolecall-credential-process', import.meta.url)),
      nodePath: process.execPath,
      clientPath: fileURLToPath(new URL('../cli/main.js', import.meta.url)),
    },
    pageDirectory: fileURLToPath(new URL('../../src/web', import.meta.url)),
    activatedFd,
    portHandover: await createOwnHandover(log, () => describeRestart(fileKey)),
    lock: { check: () => lock.check(), onLost: () => stop(), onRestored: () => logFile.restore() },
    installation: {
      readVersion: loadVersion,
      onChanged: (change) => (change === 'gone' ? stop() : makeRoom()),
    },
    // The answer to the stop request is sent first.
    onStopRequested: () => setImmediate(stop),
  });
  // The socket answers before the start is complete, so a stop may be requested in between.
  async function end(): Promise<void> {
    await (await starting).stop();
    logFile.close();
  }
  function stop(): void {
    void end().then(() => process.exit(0));
  }
  /** Another version was installed in place of this one: starts it, directly or through the service manager. */
  function makeRoom(): void {
    void end().then(() => {
      if (isService) process.exit(EXIT_START_AGAIN);
      lock.release();
      startDaemonProcess(process.argv[1] as string, environment).release();
      process.exit(0);
    });
  }
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', isForeground && !isService ? stop : () => undefined);
  await starting;
  if (process.connected) process.disconnect();
  void clock.sleep(STARTED_MS).then(limitHeapGrowth);
  if (keeper !== undefined) void clock.sleep(LASTING_MS).then(() => keeper.reportLasting());
}

async function limitHeapGrowth(): Promise<void> {
  // Without this file, because an upgrade replaces it, the daemon only takes more memory.
  const loaded = await import('./process/heap-growth.ts').catch(() => undefined);
  loaded?.growHeapInSmallSteps();
}

/**
 * Returns a check whether this process is still needed while another daemon holds the lock. A client keeps its IPC channel
 * open until a daemon has answered it. Without a client it depends on whether the other daemon listens.
 */
function createNeed(): () => boolean | Promise<boolean> {
  const endMs = clock.nowMs() + WAIT_DEADLINE_MS;
  // The client waits for a daemon, but has no channel to this process.
  if (isHandedOver) return () => clock.nowMs() < endMs;
  if (process.connected) return () => process.connected;
  return async () => {
    if (clock.nowMs() >= endMs) return false;
    return !(await Promise.all(paths.socketCandidates.map(isListening))).includes(true);
  };
}

async function checkSettings(): Promise<void> {
  const [{ loadSettings }, { createSessionEndpoints }] = await Promise.all([
    import('./settings/settings.ts'),
    import('./settings/session-endpoints.ts'),
  ]);
  createSessionEndpoints({ settings: await loadSettings(paths.settingsFile, environment), environment });
}

/**
 * Undefined if another daemon serves instead, for example the keeper of the container port at this process's request.
 * @throws DaemonUnreachableError daemon-not-answering: this is the service, and another daemon does not stop
 */
async function takeLock(): Promise<DaemonLock | undefined> {
  if (activatedFd !== undefined) return takeOver();
  if (isForeground) return tryDaemonLock(paths.lockFile);
  const isNeeded = createNeed();
  if (isHandedOver || isService) return waitForDaemonLock(paths.lockFile, isNeeded, clock);
  return waitForTurn({
    files: paths,
    command: daemonCommand(),
    environment,
    passphrase,
    checkSettings,
    isNeeded,
    clock,
  });
}

/** @throws DaemonUnreachableError daemon-not-answering */
async function takeOver(): Promise<DaemonLock> {
  const lock = await takeOverDaemonLock(paths.lockFile, TAKE_OVER_DEADLINE_MS, clock);
  if (lock !== undefined) return lock;
  throw new DaemonUnreachableError('daemon-not-answering', 'Another daemon is running and does not stop.', {
    hint: `fuser -k -KILL ${quoteForShell(paths.lockFile)}`,
  });
}

async function main(): Promise<void> {
  try {
    refuseChangedNode(droppedVariables);
    if (process.argv.includes('--check-settings')) {
      await checkSettings();
      process.exit(0);
    }
    if (process.argv.includes('--describe-settings')) {
      const { describeSettings } = await import('./settings/describe-settings.ts');
      const settings = await describeSettings(paths.settingsFile, environment, homeDirectory);
      await new Promise((resolve) => process.send?.({ settings }, resolve));
      process.exit(0);
    }
    const lock = await inFolder(() => ensurePrivateDirectory(paths.stateDirectory, userId), takeLock);
    if (lock === undefined) {
      keeper?.giveWay();
      if (isForeground) process.stderr.write('rolecall: a daemon is already running.\nRun: rolecall daemon stop\n');
      process.exit(0);
    }
    if (isHandedOver) {
      if (isRestarted) {
        dropRequests(paths.keptPortPipe);
        // The daemon was stopped on purpose meanwhile.
        if (!isRestartAllowed(paths.keptPortPipe)) process.exit(0);
      }
      closeSync(REQUEST_PIPE_FD);
    } else await dismissKeeper(paths.keptPortPipe, clock);
    const logFile = openLogFile(
      paths.logFile,
      clock,
      isForeground || isService ? { alsoTo: (line) => void process.stderr.write(line) } : {},
    );
    try {
      await run(logFile, lock);
    } catch (error) {
      // Otherwise it is reported on the terminal below.
      if (!isForeground || isService) logFile.log('error', toFailure(error).message);
      throw error;
    }
  } catch (error) {
    await reportFailure(error);
  }
}

// Not a top-level await, which CommonJS, the format of the published bundle, does not have.
void main();
