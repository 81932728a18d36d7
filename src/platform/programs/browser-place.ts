// Finds out where the browser of the person who signs in is: on this machine, or at the other end of a connection.
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { basename, isAbsolute } from 'node:path';
import type { BrowserPlace } from '../../core/aws/sign-in-flow.ts';
import { splitCommand } from '../../core/text/browser-command.ts';
import { readBoundedFileSync } from '../files/bounded-read.ts';
import { isWsl } from '../process/wsl.ts';

const MAX_FACT_BYTES = 64 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

export interface PlaceFacts {
  readonly platform: NodeJS.Platform;
  /** `os.release()`: it names Microsoft under WSL. */
  readonly kernelRelease: string;
  readonly isThere: (path: string) => boolean;
  /** The text of a small file; undefined if it can't be read. */
  readonly readText: (path: string) => string | undefined;
}

/**
 * Where a page that this process opens is shown; `here` only if a browser there can connect to 127.0.0.1 of this
 * machine as this user. When in doubt it is not `here`, because a device code works everywhere.
 * @param browserCommand the setting `browser` of the session
 */
export function findBrowserPlace(environment: Environment, facts: PlaceFacts, browserCommand?: string): BrowserPlace {
  if (isHostedElsewhere(environment, facts)) return 'container';
  if (isRemote(environment)) return 'ssh';
  if (facts.platform === 'darwin') return 'here';
  // The setting says which browser opens the pages, so BROWSER is not used beside it.
  const isNamed = browserCommand === undefined ? findNamedBrowser(environment) !== undefined : isLocal(browserCommand);
  // A browser in Windows reaches the listener in some network modes of WSL only, and whether it does cannot be seen from
  // Linux. A browser in Linux has to be named, because pages open in Windows by default.
  if (isUnderWsl(environment, facts)) return isNamed ? 'here' : 'wsl';
  return isNamed || hasDisplay(environment) ? 'here' : 'no-display';
}

/** Whether a program can show a window on a desktop of this machine. */
function hasDisplay(environment: Environment): boolean {
  return isSet(environment, 'WAYLAND_DISPLAY') || isSet(environment, 'DISPLAY');
}

/** The facts of this machine. Files are read when they are needed. */
export function readPlaceFacts(): PlaceFacts {
  return {
    platform: process.platform,
    kernelRelease: release(),
    isThere: existsSync,
    readText(path) {
      try {
        return readBoundedFileSync(path, MAX_FACT_BYTES);
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * The first command in BROWSER that starts a graphical browser in this system; undefined if there is none.
 * A template as in the setting `browser`.
 */
export function findNamedBrowser(environment: Environment): string | undefined {
  return (environment['BROWSER'] ?? '')
    .split(':')
    .map((command) => command.replaceAll('%s', '{url}').trim())
    .find(isLocal);
}

/** Set in containers and in workspaces that are used through a browser or an editor elsewhere. */
const HOSTED_NAMES = [
  'KUBERNETES_SERVICE_HOST',
  'CODESPACES',
  'REMOTE_CONTAINERS',
  'DEVCONTAINER',
  'GITPOD_WORKSPACE_ID',
  'C9_PROJECT',
  'C9_USER',
  'CLOUD_SHELL',
  'ACC_CLOUD',
  'CODER_WORKSPACE_NAME',
  'JUPYTERHUB_USER',
  // code-server and its relatives.
  'VSCODE_PROXY_URI',
  // The Linux container of ChromeOS, whose browser is outside of it.
  'SOMMELIER_VERSION',
] as const;
const CONTAINER_FILES = ['/.dockerenv', '/run/.containerenv', '/opt/google/cros-containers'] as const;
const CONTAINER_CGROUP = /[/:-](?:docker|libpod|lxc|kubepods|containerd|crio)\b/;

function isHostedElsewhere(environment: Environment, { isThere, readText }: PlaceFacts): boolean {
  if (HOSTED_NAMES.some((name) => isSet(environment, name))) return true;
  if (environment['AWS_EXECUTION_ENV'] === 'CloudShell') return true;
  // toolbox and distrobox share network, display and user with the desktop on which they run.
  if (isThere('/run/.toolboxenv') || isSet(environment, 'DISTROBOX_ENTER_PATH')) return false;
  if (CONTAINER_FILES.some(isThere)) return true;
  // A flatpak is a sandbox on the desktop, with its network. systemd under WSL writes `wsl` in the file.
  const kinds = [environment['container'], readText('/run/systemd/container')?.trim()];
  if (kinds.some((kind = '') => kind !== '' && kind !== 'flatpak' && kind !== 'wsl')) return true;
  return CONTAINER_CGROUP.test(readText('/proc/1/cgroup') ?? '');
}

const SSH_NAMES = ['SSH_CONNECTION', 'SSH_CLIENT', 'SSH_TTY'] as const;
/** What sshd sets for a forwarded display. sudo keeps it, and drops the variables above. */
const FORWARDED_DISPLAY = /^localhost:[1-9]\d+(?:\.\d+)?$/;
/**
 * BROWSER in a terminal of VS Code and its relatives on a remote machine: it opens pages on the machine of the editor,
 * where the redirect arrives only if the editor forwards exactly this port.
 */
const EDITOR_HELPER = /\/bin\/helpers\/browser[^/]*\.sh$/;

function isRemote(environment: Environment): boolean {
  if (SSH_NAMES.some((name) => isSet(environment, name))) return true;
  if (!isSet(environment, 'WAYLAND_DISPLAY') && FORWARDED_DISPLAY.test(environment['DISPLAY'] ?? '')) return true;
  return EDITOR_HELPER.test(environment['BROWSER'] ?? '');
}

function isUnderWsl(environment: Environment, facts: PlaceFacts): boolean {
  return isSet(environment, 'WSL_DISTRO_NAME') || isWsl(facts);
}

/** They need a display themselves. */
const OPENERS = ['xdg-open', 'sensible-browser', 'x-www-browser', 'gio', 'open', 'garcon-url-handler'] as const;
const TEXT_BROWSERS = ['lynx', 'w3m', 'links', 'links2', 'elinks', 'www-browser', 'browsh', 'curl', 'wget'] as const;
/** BROWSER is set to these so that nothing opens. */
const NO_OPS = ['true', 'false', 'echo', 'printf', 'cat', 'none', ':'] as const;
const WINDOWS_OPENERS = ['wslview', 'wsl-open', 'cmd', 'explorer', 'powershell', 'pwsh'] as const;
const NOT_LOCAL: ReadonlySet<string> = new Set([...OPENERS, ...TEXT_BROWSERS, ...NO_OPS, ...WINDOWS_OPENERS, 'ssh']);

/** Whether a command starts a graphical browser in this system. */
function isLocal(command: string): boolean {
  const [program] = splitCommand(command) ?? [];
  if (program === undefined || /\.exe$/i.test(program) || program.startsWith('/mnt/')) return false;
  // `runBrowser` refuses it: the working directory may be a project of somebody else.
  if (program.includes('/') && !isAbsolute(program) && !program.startsWith('~/')) return false;
  return !EDITOR_HELPER.test(program) && !NOT_LOCAL.has(basename(program));
}

function isSet(environment: Environment, name: string): boolean {
  return (environment[name] ?? '') !== '';
}
