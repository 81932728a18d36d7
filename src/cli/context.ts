// What a command can use: streams, the environment, the daemon's client, the user. Each command asks for the parts it needs.
import type { BrowserPlace } from '../core/aws/sign-in-flow.ts';
import type { Clock } from '../core/clock.ts';
import type { ErrorBody } from '../core/errors.ts';
import type { LocalApiClient } from '../local-api/client.ts';
import type { RoleDocument } from '../local-api/schemas.ts';
import type { SettingsDescription } from '../local-api/settings-description.ts';
import type { RuntimePaths } from '../local-api/paths.ts';
import type { InstalledService } from '../platform/service/installed-service.ts';
import type { Service } from '../service/service.ts';
import type { ForeignProgram } from './commands/exec/run-in-place.ts';
import type { ConfinedEnd, ConfinedProgram } from './confine/run-confined.ts';
import type { Program } from './program-path.ts';
import type { PickerTerminal } from './terminal/terminal.ts';

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** What `--color` says; undefined leaves it to the environment and the terminal. */
  readonly isColoured?: boolean | undefined;
  /** Set with --json, where messages are lines of JSON: prints one with its parts. */
  readonly note?: ((note: JsonNote) => void) | undefined;
}

/** With --json: something worth knowing although the command goes on. */
export interface JsonNote {
  readonly type: 'note' | 'warning' | 'debug';
  readonly message: string;
  /** Of a failure that does not end the command. */
  readonly code?: string;
  readonly hint?: string;
  /** The first of several roles that match, before the error that says so. */
  readonly roles?: readonly RoleDocument[];
}

export interface PageOptions {
  /** Wide rows are cut at the edge and scroll sideways, instead of wrapping. */
  readonly keepsRows?: boolean;
  /** What `--no-pager` sets. */
  readonly usesPager: boolean;
}

/** Where a command prints; the environment says whether in colour. */
export interface Output {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Calls to the daemon; Ctrl-C aborts them through the signal. */
export interface DaemonAccess {
  readonly client: LocalApiClient;
  readonly signal: AbortSignal;
}

/** The user at the terminal. */
export interface Dialog {
  /** Whether standard input is a terminal. */
  readonly stdinIsTerminal: boolean;
  /** One line that the user types; undefined without a terminal. */
  ask(question: string): Promise<string | undefined>;
}

/** The user at the terminal, for a passphrase. */
export interface SecretDialog {
  /** One line that is not shown; undefined without a terminal. */
  askHidden(question: string): Promise<string | undefined>;
  /** A daemon that this process starts gets this passphrase for its encrypted file. */
  givePassphrase(passphrase: string): void;
}

/** Where files are. */
export interface Places {
  readonly homeDirectory: string;
  readonly paths: RuntimePaths;
}

/** The daemon as a service of the system. */
export interface ServiceAccess {
  /** The user's service, if `rolecall service install` has installed one. */
  findInstalledService(): Promise<InstalledService | undefined>;
  /** Installs, removes and inspects the service; loaded on demand. */
  loadService(): Promise<Service>;
}

export interface CliContext extends Output, DaemonAccess, Dialog, SecretDialog, Places, ServiceAccess {
  readonly processId: number;
  readonly userId: number;
  readonly platform: NodeJS.Platform;
  /** Of this process: `v24.1.0`. */
  readonly nodeVersion: string;
  readonly clock: Clock;
  /** Sends there what the client says while it waits for the daemon; to standard error until then. */
  sendClientMessagesTo(stream: OutputStream): void;
  /** The terminal of standard input and standard error, for a program that draws on the whole screen. */
  openPickerTerminal(): Promise<PickerTerminal>;
  /** Reads single keys in the background until the returned function is called; undefined without a terminal to read. */
  listenForKeys(onText: (text: string) => void): Promise<(() => void) | undefined>;
  /** The error with which a daemon would refuse its settings, found without starting one; undefined if they are valid. */
  checkSettings(): Promise<ErrorBody | undefined>;
  /** The settings that a daemon started from here would use. @throws RolecallError: it would refuse them */
  describeSettings(): Promise<SettingsDescription>;
  /** Runs the user's editor in this terminal until it ends; resolves its exit code. @throws Error: it cannot be started */
  runEditor(program: string, args: readonly string[]): Promise<number>;
  /** Prints a long text on standard output, through the user's pager if it is a terminal with fewer lines. */
  page(text: string, options: PageOptions): Promise<void>;
  /**
   * Opens the default browser, or the one that a command template of the settings names; false if there is none to open.
   * @throws BrowserFailure: the template's browser could not be started
   */
  openBrowser(url: string, template?: string): Promise<boolean>;
  /** Where a page that this command opens is shown; `browserCommand` is the template of the settings. */
  findBrowserPlace(browserCommand?: string): Promise<BrowserPlace>;
  /** Deletes a private page and its folder after this command has ended. */
  deletePageLater(path: string, delaySeconds: number): Promise<void>;
  /** Runs one of our own programs in the foreground until it ends; resolves its exit code. */
  runProgram(program: Program, args: readonly string[]): Promise<number>;
  /** Runs another program in place of this process; resolves its exit code, or never if it has replaced the process. */
  runInPlace(program: ForeignProgram): Promise<number>;
  /** Runs another program in the foreground, with this process beside it; resolves its exit code. */
  runAsChild(program: ForeignProgram): Promise<number>;
  /** Runs a confined program as a child. Rejects with what its `connect` threw. */
  runConfined(program: ConfinedProgram): Promise<ConfinedEnd>;
}
