// What a service of the person's own can do, whichever manager runs it.
import type { RuntimePaths } from '../local-api/paths.ts';
import type { ServiceSurroundings } from '../platform/service/installed-service.ts';

export interface ProgramRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the system's programs to its end; a program that is not there is exit code 127. */
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
  /** Null: there is none to be had here, and commands start the daemon by themselves. */
  readonly manager: 'systemd' | 'launchd' | null;
  readonly installed: boolean;
  readonly startsWithDesktop: boolean;
  /** In the manager's own words: `active`, `inactive`, `failed`, … */
  readonly socketState: string | null;
  readonly daemonState: string | null;
  readonly pid: number | null;
  readonly files: readonly string[];
  /** Names in the manager's environment that the daemon is started without. */
  readonly droppedVariables: readonly string[];
  readonly problems: readonly ServiceProblem[];
}

export interface InstalledFiles {
  readonly files: readonly string[];
  /** The names of the variables that the service got of this shell. */
  readonly variables: readonly string[];
}

export interface Service {
  /**
   * Writes the files, and has the manager listen or start; over an earlier installation as well.
   * `stopDaemon` is called once nothing is known that speaks against it: the socket has one owner.
   */
  install(stopDaemon: () => Promise<unknown>): Promise<InstalledFiles>;
  /** Ends the daemon and takes everything away; the files that were there. */
  uninstall(): Promise<readonly string[]>;
  status(): Promise<ServiceStatus>;
  /** Ends the daemon, and whatever would start it again by itself. */
  stop(): Promise<void>;
  /** The daemon ends and a new one starts; those who call meanwhile wait. */
  restart(): Promise<void>;
  /** Moves an earlier installation to this one. */
  repair(): Promise<void>;
  /** The command that shows the manager's log of the daemon; undefined when there is nothing in it, or none. */
  logCommand(options: { readonly lines: number; readonly follow: boolean }): Promise<readonly string[] | undefined>;
}
