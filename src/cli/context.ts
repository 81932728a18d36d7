// What every command gets: streams, surroundings, the clock and the client of the daemon.
import type { Clock } from '../core/clock.ts';
import type { ErrorBody } from '../core/errors.ts';
import type { LocalApiClient } from '../local-api/client.ts';
import type { RuntimePaths } from '../local-api/paths.ts';
import type { InstalledService } from '../platform/service/installed-service.ts';
import type { Service } from '../service/service.ts';
import type { ForeignProgram } from './commands/exec/run-in-place.ts';
import type { PickerTerminal } from './terminal/terminal.ts';

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface CliContext {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly processId: number;
  readonly userId: number;
  readonly platform: NodeJS.Platform;
  /** Of this process: `v24.1.0`. */
  readonly nodeVersion: string;
  /** Whether a person types at standard input. */
  readonly stdinIsTerminal: boolean;
  readonly paths: RuntimePaths;
  readonly clock: Clock;
  readonly client: LocalApiClient;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** One line that the person types; undefined when nobody is there to type. */
  ask(question: string): Promise<string | undefined>;
  /** The terminal of standard input and standard error, for one program that draws on all of it. */
  openPickerTerminal(): Promise<PickerTerminal>;
  /** Why a daemon with this environment would refuse its settings, without starting one; undefined when it would not. */
  checkSettings(): Promise<ErrorBody | undefined>;
  /**
   * Opens the person's browser, or the one that a command template of the settings names; false when there is none to open.
   * @throws BrowserFailure: the template's could not be started
   */
  openBrowser(url: string, template?: string): Promise<boolean>;
  /** Deletes a private page, with its folder, after this command has ended. */
  deletePageLater(path: string, delaySeconds: number): Promise<void>;
  /** Runs one of our own programs in the foreground until it ends; resolves its exit code. */
  runProgram(program: 'daemon' | 'emulator' | 'tray' | 'caller-identity', args: readonly string[]): Promise<number>;
  /** The service of this person, if `rolecall service install` has installed one. */
  findInstalledService(): Promise<InstalledService | undefined>;
  /** What installs, removes and looks at the service; loaded when it is asked for. */
  loadService(): Promise<Service>;
  /** Runs somebody else's program in our place; its exit code, or nothing ever when this process became it. */
  runInPlace(program: ForeignProgram): Promise<number>;
}
