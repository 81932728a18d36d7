// The standard test environment: an emulator, a real daemon in this process on a real socket, and a CLI, in a temporary home.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CliContext } from '../../src/cli/context.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import type { BrowserPlace } from '../../src/core/aws/sign-in-flow.ts';
import { BrowserFailure } from '../../src/core/text/browser-command.ts';
import { createSystemClock, type Clock } from '../../src/core/clock.ts';
import { toRolecallError } from '../../src/core/errors.ts';
import type { Approval, Place } from '../../src/daemon/approvals/approvals.ts';
import { startDaemon, type Daemon, type DaemonDeps } from '../../src/daemon/daemon.ts';
import type { Desktop } from '../../src/daemon/notifications/desktop.ts';
import { describeSettings } from '../../src/daemon/settings/describe-settings.ts';
import { createSessionEndpoints } from '../../src/daemon/settings/session-endpoints.ts';
import { loadSettings } from '../../src/daemon/settings/settings.ts';
import { ensurePrivateDirectory } from '../../src/platform/files/private-directory.ts';
import { CONTAINER_PORT_SCHEMA } from '../../src/daemon/credentials/container-server.ts';
import { listen } from '../../src/daemon/http/listeners.ts';
import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/emulator.ts';
import { createLocalApiClient, type LocalApiClient } from '../../src/local-api/client.ts';
import { findInstalledService } from '../../src/platform/service/installed-service.ts';
import { resolvePaths, type RuntimePaths } from '../../src/local-api/paths.ts';
import { loadVersion } from '../../src/local-api/version.ts';
import { createService } from '../../src/service/create-service.ts';
import type { RunProgram } from '../../src/service/service.ts';
import { AT_ONCE } from './approval.ts';
import { findLastingPort } from './lasting-port.ts';
import { withQuickPrograms } from './quick-programs.ts';
import { createTemporaryHome, type TemporaryHome } from './temporary-home.ts';

export const SESSION = 'my-sso-session';

/** `scrypt-32768-8-1` of the secret file. */
const EARLIER_COST = { N: 2 ** 15, r: 8, p: 1 } as const;

/** An sso-session of the emulator's default directory, and the hand-written native profile of the story. */
export const CONFIG = `[sso-session ${SESSION}]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access

[profile account1]
sso_session = ${SESSION}
sso_account_id = 111111111111
sso_role_name = Admin-AF-Permission-Set
region = us-east-1
`;

/** Two sso-sessions of one start URL, without profiles. */
export const TWO_SESSIONS = `[sso-session ${SESSION}]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1

[sso-session lab]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = us-east-1
`;

/** `CONFIG` with a block of ours, in which the role of the story has a profile of this name. */
export function configWithOurs(profileName: string): string {
  return `${CONFIG}
# >>> rolecall >>>
[profile ${profileName}]
region = us-east-1
credential_process = /opt/rolecall-credential-process --session ${SESSION} --account 111111111111 --role Admin-AF-Permission-Set
# <<< rolecall <<<
`;
}

export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RigOptions {
  readonly emulator?: EmulatorOptions;
  /** `~/.aws/config`; the story's own when absent, none when empty. */
  readonly config?: string;
  /** `config.toml`. */
  readonly settings?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly portalCallsPerSecond?: number;
  /** Of the secret file's key; that of earlier files when absent, which every daemon reads, and which costs a quarter. */
  readonly passphraseCost?: { readonly N: number; readonly r: number; readonly p: number };
  /** Of files and sockets that the daemon believes it may open; this process's own when absent. */
  readonly descriptorLimit?: number;
  /** Whether it asks who signed in, which takes calls that other tests count. */
  readonly checksUsers?: boolean;
  /** A machine without one when absent. */
  readonly desktop?: Desktop;
  /** Where the daemon would open a page; nowhere when absent. */
  readonly browserPlace?: BrowserPlace;
  /** What the daemon says of itself; this installation's when absent. */
  readonly version?: string;
  /** Says whether this is the one daemon of its user; nobody looks when absent. */
  readonly lock?: DaemonDeps['lock'];
  /** For restarts with grants: a container port that no other server gets while none of the two daemons listens on it. */
  readonly hasLastingPort?: boolean;
  /** Where a person can answer an approval; when absent, as on this machine. The test answers with `daemon().approvals`, in the place of a click. */
  readonly approvalPlaces?: readonly Place[] | ((approval: Approval) => readonly Place[]);
  /** Nothing keeps the container port between two daemons. */
  readonly losesPort?: boolean;
}

export interface CliOptions {
  readonly isTerminal?: boolean;
  /** The width of the terminal; by default so wide that messages stay on one line. */
  readonly columns?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** What the person types when asked; nobody is there to ask when absent. */
  readonly answers?: string[];
  /** What each run of the editor does with the file that it is given; resolves its exit code. */
  readonly edits?: ((program: string, args: readonly string[]) => Promise<number> | number)[];
  /** Sees the passphrases for the next daemon. */
  readonly passphrases?: string[];
  /** Sees everything as it is printed. */
  readonly onOutput?: (text: string) => void;
  /** Sees the programs that would have been started. */
  readonly programs?: string[][];
  /** The machine's service manager; none when absent. */
  readonly runTool?: RunProgram;
  /** Sees the program that `exec` would have become, and says how it ended. */
  readonly runInPlace?: CliContext['runInPlace'];
  /** Sees the program that `exec --confine` would have started, and says how it ended. */
  readonly runConfined?: CliContext['runConfined'];
  /** The screen and keys of a person who chooses. */
  readonly openPickerTerminal?: CliContext['openPickerTerminal'];
  /** Gets a function that presses keys, each time that a command begins to read them; no key can be pressed when absent. */
  readonly onKeys?: (press: (text: string) => void) => void;
  /** Sees for each text that could go to a pager whether one was wanted. */
  readonly paged?: boolean[];
  /** Sees what `open` would have been given. */
  readonly opened?: string[];
  readonly clock?: Clock;
  readonly nodeVersion?: string;
  /** Sees the command templates that came with them. */
  readonly templates?: string[];
  /** Why the browser could not be started. */
  readonly browserFailure?: string;
  /** Where the browser of the user is; by default there is none. */
  readonly browserPlace?: BrowserPlace;
  /** Sees the pages that would be deleted once the command has ended. */
  readonly pages?: { readonly path: string; readonly delaySeconds: number }[];
}

export interface Rig {
  readonly home: TemporaryHome;
  readonly emulator: Emulator;
  readonly environment: Readonly<Record<string, string>>;
  readonly paths: RuntimePaths;
  readonly configPath: string;
  readonly logLines: readonly string[];
  readonly client: LocalApiClient;
  daemon(): Daemon;
  /** Stops the daemon and starts another one in the same home, with the environment of the shell that asks when given. */
  restartDaemon(shell?: Readonly<Record<string, string>>): Promise<void>;
  /** One command line, in this process, against the rig's daemon. */
  runCli(argv: readonly string[], options?: CliOptions): Promise<CliRun>;
  /** Ends everything and deletes the home. */
  remove(): Promise<void>;
}

/** A signed-out start of day with the emulator approving by itself; `remove` it in `afterEach`. */
export async function createRig(options: RigOptions = {}): Promise<Rig> {
  const home = createTemporaryHome();
  const clock = options.clock ?? createSystemClock();
  const emulator = createEmulator({ ...AT_ONCE, ...options.emulator });
  const { url } = await emulator.listen();
  const environment: Readonly<Record<string, string>> = {
    ...home.environment,
    ROLECALL_SECRET_STORE: 'memory',
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    AWS_ENDPOINT_URL_SSO: url,
    AWS_ENDPOINT_URL_STS: url,
    ...options.environment,
  };
  const userId = process.getuid?.() ?? -1;
  const surroundings = { environment, homeDirectory: home.path, platform: process.platform, userId };
  const paths = resolvePaths(surroundings);
  const configPath = join(home.path, '.aws', 'config');
  const config = options.config ?? CONFIG;
  if (config !== '') writePrivate(configPath, config);
  if (options.settings !== undefined) writePrivate(paths.settingsFile, options.settings);
  if (options.hasLastingPort === true) {
    const content = { schemaVersion: CONTAINER_PORT_SCHEMA.version, port: await findLastingPort() };
    writePrivate(join(paths.stateDirectory, 'container-port.json'), JSON.stringify(content));
  }

  const logLines: string[] = [];
  const start = async (daemonEnvironment: Readonly<Record<string, string>> = environment) => {
    ensurePrivateDirectory(paths.stateDirectory, userId);
    const started = await startDaemon({
      paths,
      environment: daemonEnvironment,
      homeDirectory: home.path,
      userId,
      processId: process.pid,
      version: options.version ?? loadVersion(),
      clock,
      random: Math.random,
      log: (level, message) => void logLines.push(`${level} ${message}`),
      credentialProcess: {
        templatePath: fileURLToPath(new URL('../../bin/rolecall-credential-process', import.meta.url)),
        nodePath: process.execPath,
        clientPath: fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)),
      },
      pageDirectory: fileURLToPath(new URL('../../src/web', import.meta.url)),
      ...(options.losesPort === true
        ? {}
        : {
            // Nothing holds the port between two daemons of this process: see `hasLastingPort`.
            portHandover: {
              adopt: (server, port) =>
                listen(server, { host: '127.0.0.1', port }).then(
                  () => true,
                  () => false,
                ),
              hold: async () => undefined,
              expectEnd: () => undefined,
              release: () => undefined,
            },
          }),
      ...(options.lock === undefined ? {} : { lock: options.lock }),
      ...(options.desktop === undefined ? {} : { desktop: options.desktop }),
      findBrowserPlace: () => options.browserPlace ?? 'no-display',
      onStopRequested: () => setImmediate(() => void daemon.stop()),
      ...(options.descriptorLimit === undefined ? {} : { descriptorLimit: options.descriptorLimit }),
      checksUsers: options.checksUsers === true,
      passphraseCost: options.passphraseCost ?? EARLIER_COST,
      ...(options.portalCallsPerSecond === undefined ? {} : { portalCallsPerSecond: options.portalCallsPerSecond }),
    });
    const places = options.approvalPlaces;
    // In the place of what this machine has: whether a terminal counts depends on its programs.
    if (places !== undefined) {
      const choose = typeof places === 'function' ? places : () => places;
      const placesOf = (approval: Approval) => ({ places: choose(approval), problem: undefined });
      Object.assign(started.approvals, { placesOf });
    }
    return started;
  };
  let daemon = await start();
  const client = createLocalApiClient({
    socketCandidates: paths.socketCandidates,
    mayStart: false,
    startDaemon: () => {
      throw new Error('a rig starts its daemon itself');
    },
    clock: createSystemClock(),
  });

  return {
    home,
    emulator,
    environment,
    paths,
    configPath,
    logLines,
    client,
    daemon: () => daemon,
    async restartDaemon(shell) {
      await daemon.stop();
      daemon = await start(shell);
    },
    async runCli(argv, cli = {}) {
      let stdout = '';
      let stderr = '';
      const isTTY = cli.isTerminal ?? false;
      const quick = argv[0] === 'doctor' ? { PATH: withQuickPrograms(home.path, environment['PATH']) } : {};
      const context: CliContext = {
        stdout: {
          write(text) {
            stdout += text;
            cli.onOutput?.(text);
          },
          isTTY,
          columns: cli.columns ?? 240,
        },
        stderr: {
          write(text) {
            stderr += text;
            cli.onOutput?.(text);
          },
          isTTY,
          columns: cli.columns ?? 240,
        },
        environment: { ...environment, ...quick, ...cli.environment },
        homeDirectory: home.path,
        processId: process.pid,
        userId,
        platform: process.platform,
        nodeVersion: cli.nodeVersion ?? process.version,
        stdinIsTerminal: isTTY,
        paths,
        clock: cli.clock ?? createSystemClock(),
        client,
        sendClientMessagesTo: () => undefined,
        signal: cli.signal ?? new AbortController().signal,
        ask: async (question) => {
          if (cli.answers === undefined) return undefined;
          stderr += question;
          return cli.answers.shift();
        },
        askHidden: async (question) => {
          if (cli.answers === undefined) return undefined;
          stderr += `${question}\n`;
          return cli.answers.shift();
        },
        givePassphrase: (passphrase) => void cli.passphrases?.push(passphrase),
        openPickerTerminal: cli.openPickerTerminal ?? (() => Promise.reject(new Error('nobody is at this terminal'))),
        listenForKeys: async (onText) => {
          let isListening = true;
          cli.onKeys?.((text) => (isListening ? onText(text) : undefined));
          return cli.onKeys === undefined ? undefined : () => void (isListening = false);
        },
        page: async (text, { usesPager }) => {
          cli.paged?.push(usesPager);
          context.stdout.write(text);
        },
        openBrowser: async (address, template) => {
          cli.opened?.push(address);
          if (template !== undefined) cli.templates?.push(template);
          if (cli.browserFailure !== undefined) throw new BrowserFailure(cli.browserFailure);
          return cli.opened !== undefined;
        },
        findBrowserPlace: async () => cli.browserPlace ?? 'no-display',
        checkSettings: async () => {
          try {
            createSessionEndpoints({ settings: await loadSettings(paths.settingsFile, environment), environment });
            return undefined;
          } catch (error) {
            return toRolecallError(error).toBody();
          }
        },
        describeSettings: () => describeSettings(paths.settingsFile, environment, home.path),
        runEditor: async (program, args) => {
          const edit = cli.edits?.shift();
          if (edit === undefined) throw new Error('nobody edits here');
          return edit(program, args);
        },
        deletePageLater: async (path, delaySeconds) => void cli.pages?.push({ path, delaySeconds }),
        runProgram: async (program, args) => {
          cli.programs?.push([program, ...args]);
          return 0;
        },
        findInstalledService: async () => findInstalledService(surroundings),
        loadService: async () =>
          createService({
            ...surroundings,
            paths,
            version: loadVersion(),
            nodePath: process.execPath,
            mainPath: fileURLToPath(new URL('../../dist/daemon/main.js', import.meta.url)),
            run: cli.runTool ?? (async () => ({ exitCode: 127, stdout: '', stderr: 'there is no such program' })),
          }),
        runInPlace: cli.runInPlace ?? (async () => 0),
        runAsChild: cli.runInPlace ?? (async () => 0),
        runConfined: cli.runConfined ?? (() => Promise.reject(new Error('nothing is confined here'))),
      };
      const exitCode = await runCommandLine(argv, context);
      return { exitCode, stdout, stderr };
    },
    async remove() {
      await daemon.stop();
      await emulator.close();
      await home.remove();
    },
  };
}

/** Signed in to the story's session. */
export async function createSignedInRig(options: RigOptions = {}): Promise<Rig> {
  const rig = await createRig(options);
  const { exitCode, stderr } = await rig.runCli(['login', SESSION]);
  if (exitCode === 0) return rig;
  await rig.remove();
  throw new Error(`no sign-in: ${stderr}`);
}

/** A file that only its owner reads, with the folders above it. */
export function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
}
