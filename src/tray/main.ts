// The tray process: uses the real bus, browser, clock and daemon, and shows an icon or prints a text menu.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BrowserPlace } from '../core/aws/sign-in-flow.ts';
import { createSystemClock } from '../core/clock.ts';
import { formatFailure, toRolecallError } from '../core/errors.ts';
import { createLocalApiClient, type LocalApiClient } from '../local-api/client.ts';
import type { ServiceSurroundings } from '../platform/service/installed-service.ts';
import { MAX_SETTINGS_BYTES, resolvePaths, systemRuntimeDirectory } from '../local-api/paths.ts';
import type { StartedDaemon } from '../platform/service/start-daemon.ts';
import { ignoreDebuggerSignal, leaveMemoryOutOfCoreDumps } from '../platform/process/harden-process.ts';
import { printTextMenu } from './text/print-text-menu.ts';
import { TEXT_HOSTS } from './text/text-menu.ts';

ignoreDebuggerSignal();
leaveMemoryOutOfCoreDumps();

/** The original environment for starting the daemon; process.env is changed for browsers. */
const environment: Readonly<Record<string, string | undefined>> = { ...process.env };
const clock = createSystemClock();

const surroundings: Readonly<ServiceSurroundings> = {
  environment,
  homeDirectory: environment['HOME'] ?? homedir(),
  platform: process.platform,
  userId: process.getuid?.() ?? -1,
};
const { settingsFile, socketCandidates, lockFile } = resolvePaths(surroundings);

function createClient(): LocalApiClient {
  return createLocalApiClient({
    socketCandidates,
    lockFile,
    mayStart: environment['ROLECALL_NO_AUTOSTART'] !== '1',
    startDaemon,
    clock,
  });
}

/** Starts the installed service, else the daemon directly. */
async function startDaemon(): Promise<StartedDaemon> {
  const { startDaemonProcess } = await import('../platform/service/start-daemon.ts');
  const { findInstalledService } = await import('../platform/service/installed-service.ts');
  const { startInstalledService } = await import('../platform/service/start-installed-service.ts');
  const startDirectly = () => startDaemonProcess(pathOf('../daemon/main.js'), environment);
  const installed = findInstalledService(surroundings);
  return installed === undefined
    ? startDirectly()
    : startInstalledService(installed, {
        surroundings,
        systemRuntimeDirectory: systemRuntimeDirectory(surroundings.userId),
        startDirectly,
      });
}

/** False when there is no browser. @throws BrowserFailure: the browser in the settings could not be started */
async function openBrowser(url: string, session?: string): Promise<boolean> {
  const { startTrustedBrowser } = await import('../platform/programs/start-browser.ts');
  return startTrustedBrowser(url, await readTemplate(session), surroundings);
}

async function findPlace(session: string): Promise<BrowserPlace> {
  const { findBrowserPlace, readPlaceFacts } = await import('../platform/programs/browser-place.ts');
  return findBrowserPlace(environment, readPlaceFacts(), await readTemplate(session));
}

/** The command that the settings name for the pages of `session`. */
async function readTemplate(session: string | undefined): Promise<string | undefined> {
  if (session === undefined) return undefined;
  const { readBrowserSetting } = await import('../platform/programs/browser-setting.ts');
  return readBrowserSetting(settingsFile, session, MAX_SETTINGS_BYTES);
}

/** Loads what a click needs: the tray runs for days, in which an upgrade may replace our files. */
async function loadBeforeUpgrade(): Promise<void> {
  await Promise.all([
    import('../platform/service/start-daemon.ts'),
    import('../platform/service/installed-service.ts'),
    import('../platform/service/start-installed-service.ts'),
    import('../platform/programs/start-browser.ts').then(({ loadOpen }) => loadOpen()),
    import('../platform/programs/browser-place.ts'),
    import('../platform/programs/browser-setting.ts'),
  ]);
}

const ALTERNATIVES = `Alternatives: the page (rolecall web), a menu for a bar (rolecall tray --format argos),
or a line for one (rolecall status --format waybar).
`;

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
  return stop.signal;
}

async function run(): Promise<void> {
  const { values } = parseArgs({ options: { format: { type: 'string' }, wait: { type: 'boolean' } } });
  const host = TEXT_HOSTS.find((known) => known === values.format);
  const client = createClient();
  if (host !== undefined) {
    const program = [process.execPath, pathOf('../../bin/rolecall.js')];
    process.stdout.write(await printTextMenu({ host, client, clock, program }));
    return;
  }
  // Loaded on demand: the text menu runs often and does not need these.
  const [{ findBusSocket }, { runDesktopTray }, { followDaemon }, { readEvents }] = await Promise.all([
    import('../platform/bus/bus-address.ts'),
    import('./linux/desktop-tray.ts'),
    import('./follow.ts'),
    import('../local-api/events.ts'),
    loadBeforeUpgrade(),
  ]);
  await runDesktopTray({
    busSocket: findBusSocket(environment, existsSync),
    processId: process.pid,
    client,
    openBrowser,
    findBrowserPlace: findPlace,
    follow: (show, signal) =>
      followDaemon(
        { client, clock, readEvents: (until) => readEvents({ socketCandidates, clock, signal: until }) },
        show,
        signal,
      ),
    clock,
    signal: stopOnSignals(),
    waits: values.wait === true,
    say: (text) => void process.stderr.write(text),
  });
}

void run().catch((thrown: unknown) => {
  const error = toRolecallError(thrown);
  process.stderr.write(`rolecall: ${formatFailure(error, error.code === 'no-tray' ? ALTERNATIVES : '')}`);
  process.exitCode = error.exitCode;
});
