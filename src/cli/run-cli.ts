// The CLI's process: creates the real streams, clock, client and browser, which the rest of the CLI gets as parameters.
// Loaded for everything that answer-at-once.ts does not answer.
import { harmless } from '../core/text/harmless-text.ts';
import { homedir } from 'node:os';
import { isatty } from 'node:tty';
import { createSystemClock, type Clock } from '../core/clock.ts';
import { EXIT_INTERRUPTED } from '../core/errors.ts';
import type { LocalApiClient } from '../local-api/client.ts';
import type { ServiceSurroundings } from '../platform/service/installed-service.ts';
import type { SettingsDescription } from '../local-api/settings-description.ts';
import { resolvePaths, systemRuntimeDirectory, type RuntimePaths } from '../local-api/paths.ts';
import type { StartedDaemon } from '../platform/service/start-daemon.ts';
import {
  ignoreDebuggerSignal,
  leaveMemoryOutOfCoreDumps,
  noDebuggerFlags,
  type StartWithCoreDumps,
} from '../platform/process/harden-process.ts';
import type { Service } from '../service/service.ts';
import type { CliContext, OutputStream } from './context.ts';
import { programPath, type Program } from './program-path.ts';
import { runCommandLine } from './program.ts';
import { openStandardOutput } from './terminal/standard-output.ts';
import { createStandardStream } from './terminal/standard-stream.ts';

/** Runs the command line of this process, and sets its exit code. */
export async function runCli(): Promise<void> {
  ignoreDebuggerSignal();
  const startWithCoreDumps = leaveMemoryOutOfCoreDumps();
  // A copy from the start: what is removed from process.env for a browser is still passed to a daemon.
  const environment = { ...process.env };
  const interrupt = new AbortController();
  interruptOnSignals(interrupt);
  const ending: Ending = { isInterrupted: false };
  const context = createContext({ environment, startWithCoreDumps, interrupt, ending });
  const exitCode = await runCommandLine(process.argv.slice(2), context);
  const signalNumber = interrupt.signal.aborted ? (interrupt.signal.reason as Error).cause : undefined;
  const isSignal = exitCode === EXIT_INTERRUPTED && typeof signalNumber === 'number';
  process.exitCode = isSignal ? 128 + signalNumber : exitCode;
  // A shell stops its script only if the program was itself ended by Ctrl-C.
  if (ending.isInterrupted) process.kill(process.pid, 'SIGINT');
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What commands give to the client, which exists before them. */
interface Given {
  /** The passphrase that the user has typed for the next daemon. */
  passphrase: string | undefined;
  /** Where the client's own messages go. */
  messages: OutputStream;
}

/** How a program that `runInPlace` started has ended. */
interface Ending {
  isInterrupted: boolean;
}

function createContext({
  environment,
  startWithCoreDumps,
  interrupt,
  ending,
}: {
  readonly environment: Environment;
  readonly startWithCoreDumps: StartWithCoreDumps;
  readonly interrupt: AbortController;
  readonly ending: Ending;
}): CliContext {
  const homeDirectory = environment['HOME'] ?? homedir();
  const clock = createSystemClock();
  const userId = process.getuid?.() ?? -1;
  const surroundings = { environment, homeDirectory, platform: process.platform, userId };
  const paths = resolvePaths(surroundings);
  const stdout = createStandardStream(1, openStandardOutput);
  const stderr = createStandardStream(2, () => process.stderr);
  const given: Given = { passphrase: undefined, messages: stderr };
  const ask = async (question: string, options: { readonly isHidden: boolean }) =>
    (await import('./terminal/ask-line.ts')).askLine(question, interrupt, options);
  return {
    stdout,
    stderr,
    environment,
    homeDirectory,
    processId: process.pid,
    userId,
    platform: process.platform,
    nodeVersion: process.version,
    stdinIsTerminal: isatty(0),
    paths,
    clock,
    client: createClient(surroundings, paths, clock, given),
    sendClientMessagesTo(stream) {
      given.messages = stream;
    },
    signal: interrupt.signal,
    ask: (question) => ask(question, { isHidden: false }),
    askHidden: (question) => ask(question, { isHidden: true }),
    givePassphrase(passphrase) {
      given.passphrase = passphrase;
    },
    async openPickerTerminal() {
      const { openPickerTerminal } = await import('./terminal/terminal.ts');
      return openPickerTerminal(process.stdin, process.stderr);
    },
    async listenForKeys(onText) {
      const { listenForKeys } = await import('./terminal/key-presses.ts');
      return listenForKeys(process.stdin, onText);
    },
    async page(text, options) {
      const { pageText } = await import('./terminal/pager.ts');
      return pageText(text, options, { ...surroundings, stdout });
    },
    async openBrowser(url, template) {
      const { openBrowser } = await import('./open-browser.ts');
      return openBrowser(url, template, surroundings);
    },
    async findBrowserPlace(browserCommand) {
      const { findBrowserPlace, readPlaceFacts } = await import('../platform/programs/browser-place.ts');
      return findBrowserPlace(environment, readPlaceFacts(), browserCommand);
    },
    async checkSettings() {
      const { checkDaemonSettings } = await import('../platform/service/start-daemon.ts');
      const { outsideOfExec } = await import('./environment/child-environment.ts');
      return checkDaemonSettings(programPath('daemon'), outsideOfExec(environment));
    },
    async describeSettings() {
      const { describeDaemonSettings } = await import('../platform/service/start-daemon.ts');
      const { outsideOfExec } = await import('./environment/child-environment.ts');
      return (await describeDaemonSettings(programPath('daemon'), outsideOfExec(environment))) as SettingsDescription;
    },
    async runEditor(program, args) {
      const { runEditor } = await import('./commands/config/run-editor.ts');
      return runEditor(program, args);
    },
    async deletePageLater(path, delaySeconds) {
      const { deletePageLater } = await import('./open-browser.ts');
      deletePageLater(path, delaySeconds, surroundings);
    },
    runProgram: (program, args) => runProgram(program, args, environment),
    async findInstalledService() {
      const { findInstalledService } = await import('../platform/service/installed-service.ts');
      return findInstalledService(surroundings);
    },
    loadService: () => loadService(surroundings, paths),
    async runInPlace(program) {
      const { runInPlace } = await import('./commands/exec/run-in-place.ts');
      const { exitCode, isInterrupted } = await runInPlace(program, startWithCoreDumps);
      ending.isInterrupted = isInterrupted;
      return exitCode;
    },
    async runAsChild(program) {
      const { runAsChild } = await import('./commands/exec/run-in-place.ts');
      const { exitCode, isInterrupted } = await runAsChild(program, startWithCoreDumps);
      ending.isInterrupted = isInterrupted;
      return exitCode;
    },
    async runConfined(program) {
      const { runConfined } = await import('./confine/run-confined.ts');
      const end = await runConfined(program, startWithCoreDumps);
      ending.isInterrupted = end.isInterrupted;
      return end;
    },
  };
}

/** Loads the client on the first call, because the line for a prompt comes from a file. */
function createClient(
  surroundings: ServiceSurroundings,
  paths: RuntimePaths,
  clock: Clock,
  given: Given,
): LocalApiClient {
  let client: LocalApiClient | undefined;
  return {
    async call(route, input, options) {
      const { createLocalApiClient } = await import('../local-api/client.ts');
      const { loadVersion } = await import('../local-api/version.ts');
      const version = loadVersion();
      client ??= createLocalApiClient({
        socketCandidates: paths.socketCandidates,
        lockFile: paths.lockFile,
        mayStart: surroundings.environment['ROLECALL_NO_AUTOSTART'] !== '1',
        startDaemon: () => startDaemon(surroundings, paths, given),
        version,
        isAtTerminal: isatty(0),
        onSilence: (message) =>
          void given.messages.write(`Note: ${message} Still waiting. To replace it: rolecall daemon restart\n`),
        onReplaced: () =>
          void given.messages.write(
            `Note: restarted the daemon, because it was older than this command (now ${version}).\n`,
          ),
        onKept: (losses) =>
          void given.messages.write(
            `Note: the daemon is older than this command, and stays because a restart would end ${harmless(losses)}. To replace it: rolecall daemon restart\n`,
          ),
        clock,
      });
      return client.call(route, input, options);
    },
  };
}

/** Through the installed service, which is first updated if it belongs to an older or missing installation; otherwise directly. */
async function startDaemon(
  surroundings: ServiceSurroundings,
  paths: RuntimePaths,
  { passphrase }: Pick<Given, 'passphrase'>,
): Promise<StartedDaemon> {
  const { startDaemonProcess } = await import('../platform/service/start-daemon.ts');
  const { findInstalledService } = await import('../platform/service/installed-service.ts');
  const { outsideOfExec } = await import('./environment/child-environment.ts');
  const { loadVersion } = await import('../local-api/version.ts');
  const secret = passphrase === undefined ? {} : { ROLECALL_PASSPHRASE: passphrase };
  const variables = { ...outsideOfExec(surroundings.environment), ...secret };
  const startDirectly = () => startDaemonProcess(programPath('daemon'), variables);
  const installed = findInstalledService(surroundings);
  if (installed === undefined) return startDirectly();
  const { findStaleness } = await import('../platform/service/service-staleness.ts');
  if (findStaleness(installed, loadVersion()) !== undefined) {
    // If the service manager cannot be reached, the daemon is started directly below.
    await (await loadService(surroundings, paths)).repair().catch(() => undefined);
  }
  const { startInstalledService } = await import('../platform/service/start-installed-service.ts');
  return startInstalledService(installed, {
    surroundings,
    systemRuntimeDirectory: systemRuntimeDirectory(surroundings.userId),
    startDirectly,
  });
}

async function loadService(surroundings: ServiceSurroundings, paths: RuntimePaths): Promise<Service> {
  const { createService } = await import('../service/create-service.ts');
  const { runToEnd } = await import('../service/run-to-end.ts');
  const { loadVersion } = await import('../local-api/version.ts');
  return createService({
    ...surroundings,
    paths,
    version: loadVersion(),
    nodePath: process.execPath,
    mainPath: programPath('daemon'),
    run: runToEnd,
  });
}

/** Runs our own program in the foreground. The terminal delivers Ctrl-C to it; SIGTERM is passed on. */
async function runProgram(program: Program, args: readonly string[], environment: Environment): Promise<number> {
  const { spawn } = await import('node:child_process');
  const env = await environmentOf(program, environment);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...noDebuggerFlags(), programPath(program), ...args], {
      stdio: 'inherit',
      env,
    });
    const passOn = () => void child.kill('SIGTERM');
    process.on('SIGTERM', passOn);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', passOn);
      resolve(code ?? 128 + (signal === 'SIGINT' ? 2 : 15));
    });
  });
}

async function environmentOf(program: Program, environment: Environment): Promise<NodeJS.ProcessEnv> {
  if (program === 'daemon') {
    const { daemonEnvironment } = await import('../platform/service/daemon-environment.ts');
    return daemonEnvironment(environment);
  }
  if (program !== 'tray') return process.env;
  // The tray may start a daemon, which outlives a subshell of `exec`.
  const { outsideOfExec } = await import('./environment/child-environment.ts');
  return { ...outsideOfExec(environment) };
}

/** The first signal lets a command clean up, as `login` cancels its code; the second one exits at once. */
function interruptOnSignals(interrupt: AbortController): void {
  for (const [name, number] of [
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(name, () => {
      if (interrupt.signal.aborted) process.exit(128 + number);
      interrupt.abort(new Error('interrupted', { cause: number }));
    });
  }
}
