// The operations on the user's service, for either manager.
import type { RuntimePaths } from '../local-api/paths.ts';
import type { ServiceSurroundings } from '../platform/service/installed-service.ts';

export interface ProgramRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the system until it ends; exit code 127 if it does not exist. */
export type RunProgram = (
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
) => Promise<ProgramRun>;

export interface ServiceDeps extends ServiceSurroundings {
  readonly paths: RuntimePaths;
  readonly version: string;
  readonly nodePath: string;
  /** `dist/daemon/main.js` of this installation. */
  readonly mainPath: string;
  readonly run: RunProgram;
}

export interface ServiceProblem {
  readonly code: 'service-broken' | 'service-failed' | 'service-stopped' | 'service-without-manager';
  readonly message: string;
  readonly hint: string;
}

export interface ServiceStatus {
  /** Null: no service manager is available, and commands start the daemon themselves. */
  readonly manager: 'systemd' | 'launchd' | null;
  readonly installed: boolean;
  readonly startsWithDesktop: boolean;
  /** The manager's word: `active`, `inactive`, `failed`, … */
  readonly socketState: string | null;
  readonly daemonState: string | null;
  readonly pid: number | null;
  readonly files: readonly string[];
  /** Variables of the manager's environment that the daemon does not get. */
  readonly droppedVariables: readonly string[];
  readonly problems: readonly ServiceProblem[];
}

export interface InstalledFiles {
  readonly files: readonly string[];
  /** Names of the variables that the service got from this shell. */
  readonly variables: readonly string[];
}

export interface Service {
  /**
   * Writes the files, and has the manager listen or start. Replaces an earlier installation.
   * Calls `stopDaemon` after all checks have passed, because only one process can own the socket.
   */
  install(stopDaemon: () => Promise<unknown>): Promise<InstalledFiles>;
  /** Stops the daemon and removes everything. Returns the removed files. */
  uninstall(): Promise<readonly string[]>;
  status(): Promise<ServiceStatus>;
  /** Stops the daemon, and whatever would restart it automatically. */
  stop(): Promise<void>;
  /** Replaces the daemon with a new one; callers wait meanwhile. */
  restart(): Promise<void>;
  /** Changes the files of an earlier installation so that the service starts this one. */
  repair(): Promise<void>;
  /** The command that shows the manager's log of the daemon; undefined if there is none or it is empty. */
  logCommand(options: { readonly lines: number; readonly follow: boolean }): Promise<readonly string[] | undefined>;
}
