// The daemon's process: takes the lock before it loads anything else, so that a second one costs next to nothing.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '../core/clock.ts';
import { toRolecallError } from '../core/errors.ts';
import { resolvePaths } from '../local-api/paths.ts';
import { loadVersion } from '../local-api/version.ts';
import { keepTicksFast } from './fast-ticks.ts';
import { tryDaemonLock } from './lock.ts';
import { openLogFile, type LogFile } from './log.ts';
import { ensurePrivateDirectory } from './private-directory.ts';

keepTicksFast();
process.umask(0o077);
const isForeground = process.argv.includes('--foreground');
const environment = process.env;
const homeDirectory = environment['HOME'] ?? homedir();
const userId = process.getuid?.() ?? -1;
const clock = createSystemClock();
const paths = resolvePaths({ environment, homeDirectory, platform: process.platform, userId });

/** Tells whoever started us why it failed, over the channel that a client opens. */
async function reportFailure(thrown: unknown): Promise<void> {
  const error = toRolecallError(thrown);
  if (process.connected) await new Promise((resolve) => process.send?.(error.toBody(), resolve));
  else process.stderr.write(`rolecall: ${error.message}\nRun: ${error.hint}\n`);
  process.exit(error.exitCode);
}

async function startBrowser(url: string): Promise<void> {
  const { default: open } = await import('open');
  // A browser is started with our environment, and a passphrase, long since read, is nothing for it.
  delete process.env['ROLECALL_PASSPHRASE'];
  const child = await open(url);
  child.on('error', () => undefined);
  child.unref();
}

async function run(logFile: LogFile): Promise<void> {
  const { log } = logFile;
  // The AWS SDK warns of old Node versions this way; it belongs here and not on a terminal.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log('warn', warning.message));
  const fail = (thrown: unknown) => {
    log('error', thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  const { startDaemon } = await import('./daemon.ts');
  const { createDesktop, findProgram } = await import('./notifications/desktop.ts');
  const starting = startDaemon({
    paths,
    environment,
    homeDirectory,
    userId,
    processId: process.pid,
    version: loadVersion(),
    clock,
    random: Math.random,
    log,
    desktop: createDesktop({
      platform: process.platform,
      kernelRelease: release(),
      environment,
      userId,
      findProgram: (name) => findProgram(name, environment),
      isThere: existsSync,
      spawn,
      clock,
      startBrowser,
    }),
    credentialProcess: {
      templatePath: fileURLToPath(new URL('../../bin/rolecall-credential-process', import.meta.url)),
      nodePath: process.execPath,
      clientPath: fileURLToPath(new URL('../cli/main.js', import.meta.url)),
    },
    pageDirectory: fileURLToPath(new URL('../../src/web', import.meta.url)),
    // The answer to the request that asks for it goes out first.
    onStopRequested: () => setImmediate(stop),
  });
  // The socket answers before everything else is up, so a stop may be asked for in between.
  function stop(): void {
    void starting.then(async (daemon) => {
      await daemon.stop();
      logFile.close();
      process.exit(0);
    });
  }
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', isForeground ? stop : () => undefined);
  await starting;
  if (process.connected) process.disconnect();
}

try {
  if (process.argv.includes('--check-settings')) {
    const { loadSettings } = await import('./settings.ts');
    await loadSettings(paths.settingsFile, environment);
    process.exit(0);
  }
  ensurePrivateDirectory(paths.stateDirectory, userId);
  if (tryDaemonLock(paths.lockFile) === undefined) {
    if (isForeground) process.stderr.write('rolecall: a daemon is running already.\nRun: rolecall daemon stop\n');
    process.exit(0);
  }
  const logFile = openLogFile(
    paths.logFile,
    clock,
    isForeground ? { alsoTo: (line) => void process.stderr.write(line) } : {},
  );
  try {
    await run(logFile);
  } catch (error) {
    logFile.log('error', toRolecallError(error).message);
    throw error;
  }
} catch (error) {
  await reportFailure(error);
}
