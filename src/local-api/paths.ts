// Resolves the paths of rolecall's files, identically for daemon and clients.
import { dirname, join } from 'node:path';
import { lstatSync } from '../platform/files/stat-sync.ts';

/** Limit for settings and team files: the largest team file that is accepted, plus a line with its source. */
export const MAX_SETTINGS_BYTES = 4 * 1024 * 1024;

/** Below the folder for data. */
const HELPER = join('rolecall', 'bin', 'rolecall-credential-process');

export interface RuntimePaths {
  readonly settingsFile: string;
  /** Where the user may keep the passphrase of the encrypted file, with mode 0600. */
  readonly passphraseFile: string;
  readonly stateDirectory: string;
  /** Where a daemon started with this environment listens. */
  readonly socketPath: string;
  /** Where clients look for a daemon, in this order. The last one depends on HOME only. */
  readonly socketCandidates: readonly string[];
  readonly lockFile: string;
  /** Where a successor requests the container port while no daemon has it. */
  readonly keptPortPipe: string;
  readonly logFile: string;
  readonly auditFile: string;
  readonly webAddressFile: string;
  /** For pages that contain a secret and that a browser opens once. Deleted at log-out if the system has such a folder. */
  readonly pageDirectory: string;
  /** Plain files that shells and prompts can read without starting a process. */
  readonly switchDirectory: string;
  /** The copy of `rolecall-credential-process` to which profiles refer. */
  readonly credentialProcessPath: string;
  /** Its path without XDG_DATA_HOME, which older versions did not read: profiles that they wrote refer to it. */
  readonly usualCredentialProcessPath: string;
}

export interface PathSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly platform: NodeJS.Platform;
  /** The user's numeric id, for `/run/user/UID`. */
  readonly userId: number;
}

/** The paths for this environment. Reads only the mode of `/run/user/UID`, and creates nothing. */
export function resolvePaths(sources: PathSources): RuntimePaths {
  const { environment, homeDirectory, platform } = sources;
  const isMac = platform === 'darwin';
  const macRoot = join(homeDirectory, 'Library', 'Application Support', 'rolecall');
  const stateDirectory = isMac
    ? macRoot
    : join(xdg(environment['XDG_STATE_HOME']) ?? join(homeDirectory, '.local', 'state'), 'rolecall');
  const settingsFile =
    nonEmpty(environment['ROLECALL_CONFIG']) ??
    (isMac
      ? join(macRoot, 'config.toml')
      : join(xdg(environment['XDG_CONFIG_HOME']) ?? join(homeDirectory, '.config'), 'rolecall', 'config.toml'));
  const socketCandidates = resolveSocketCandidates(sources, join(stateDirectory, 'run', 'daemon.sock'));
  const runtimeDirectory = isMac ? undefined : findRuntimeDirectory(sources);
  // On macOS too: "Application Support" has a space in it, which the AWS CLI needs quoted in a profile.
  const usualDataDirectory = join(homeDirectory, '.local', 'share');
  return {
    settingsFile,
    passphraseFile: join(dirname(settingsFile), 'passphrase'),
    stateDirectory,
    socketPath: socketCandidates[0] as string,
    socketCandidates,
    lockFile: join(stateDirectory, 'daemon.lock'),
    keptPortPipe: join(stateDirectory, 'container-port.pipe'),
    logFile: join(stateDirectory, 'daemon.log'),
    auditFile: join(stateDirectory, 'audit.log'),
    webAddressFile: join(stateDirectory, 'web.json'),
    pageDirectory:
      runtimeDirectory === undefined
        ? join(stateDirectory, 'run', 'pages')
        : join(runtimeDirectory, 'rolecall', 'pages'),
    switchDirectory: join(stateDirectory, 'switch'),
    credentialProcessPath: join((isMac ? undefined : xdg(environment['XDG_DATA_HOME'])) ?? usualDataDirectory, HELPER),
    usualCredentialProcessPath: join(usualDataDirectory, HELPER),
  };
}

function resolveSocketCandidates(sources: PathSources, fallback: string): readonly string[] {
  const { environment, platform } = sources;
  const override = nonEmpty(environment['ROLECALL_SOCKET']);
  if (override !== undefined) return [override];
  if (platform === 'darwin') return [fallback];
  const runtimeDirectory = findRuntimeDirectory(sources);
  return runtimeDirectory === undefined ? [fallback] : [join(runtimeDirectory, 'rolecall', 'daemon.sock'), fallback];
}

function findRuntimeDirectory({ environment, userId }: PathSources): string | undefined {
  return xdg(environment['XDG_RUNTIME_DIR']) ?? systemRuntimeDirectory(userId);
}

/** `/run/user/UID`, if logind has created it: cron, ssh and GUI programs often run without XDG_RUNTIME_DIR. */
export function systemRuntimeDirectory(userId: number): string | undefined {
  const path = `/run/user/${userId}`;
  try {
    const found = lstatSync(path);
    return found.isDirectory() && found.uid === userId && (found.mode & 0o777) === 0o700 ? path : undefined;
  } catch {
    return undefined;
  }
}

/** By the XDG specification, relative paths are ignored. */
function xdg(value: string | undefined): string | undefined {
  return value?.startsWith('/') === true ? value : undefined;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}
