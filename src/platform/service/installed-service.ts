// Finds the service that `rolecall service install` installed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBoundedFileSync } from '../files/bounded-read.ts';

export const SYSTEMD_SOCKET = 'rolecall.socket';
export const SYSTEMD_SERVICE = 'rolecall.service';
/** Reverse DNS, as launchd asks for. */
export const LAUNCHD_LABEL = 'io.github.rolecall.daemon';
/** Labels of older versions, whose agents the next start or install replaces. */
export const EARLIER_LAUNCHD_LABELS = ['rolecall.daemon'] as const;
/** The revision of both units. Raise it with every change to them, so that units of an older rolecall are noticed. */
export const SYSTEMD_REVISION = 2;
const MAX_FILE_BYTES = 1024 * 1024;

export interface ServiceSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly platform: NodeJS.Platform;
  readonly userId: number;
}

export interface InstalledService {
  readonly manager: 'systemd' | 'launchd';
  /** The unit or the property list that starts the daemon. */
  readonly file: string;
  /** The Node and the `dist/daemon/main.js` that it starts; undefined if somebody has edited it. */
  readonly command: { readonly nodePath: string; readonly mainPath: string } | undefined;
  /** Whether an older rolecall wrote the units, or the LaunchAgent under an earlier label. */
  readonly isOutdated: boolean;
}

/** Reads at most one file. Undefined: no service is installed, and the first command that needs the daemon starts it. */
export function findInstalledService(surroundings: ServiceSurroundings): InstalledService | undefined {
  // ROLECALL_SOCKET asks for the daemon at that socket, and the service listens at its own.
  if ((surroundings.environment['ROLECALL_SOCKET'] ?? '') !== '') return undefined;
  if (surroundings.platform === 'darwin') {
    const labels = [LAUNCHD_LABEL, ...EARLIER_LAUNCHD_LABELS];
    const label = labels.find((one) => existsSync(launchAgentFile(surroundings.homeDirectory, one)));
    if (label === undefined) return undefined;
    const file = launchAgentFile(surroundings.homeDirectory, label);
    const isOutdated = label !== LAUNCHD_LABEL;
    return { manager: 'launchd', file, command: readLaunchdCommand(read(file)), isOutdated };
  }
  const directory = systemdDirectories(surroundings).find((one) => existsSync(join(one, SYSTEMD_SOCKET)));
  if (directory === undefined) return undefined;
  const file = join(directory, SYSTEMD_SERVICE);
  const unit = read(file);
  return {
    manager: 'systemd',
    file,
    command: readSystemdCommand(unit),
    isOutdated: readRevision(unit) < SYSTEMD_REVISION,
  };
}

/** The agent's property list, named after its label. */
export function launchAgentFile(homeDirectory: string, label: string): string {
  return join(homeDirectory, 'Library', 'LaunchAgents', `${label}.plist`);
}

/** The folders in which the manager may look for a user's units: its XDG_CONFIG_HOME may differ from the shell's. */
export function systemdDirectories({ environment, homeDirectory }: ServiceSurroundings): readonly string[] {
  const config = environment['XDG_CONFIG_HOME'];
  const usual = join(homeDirectory, '.config', 'systemd', 'user');
  const own = config?.startsWith('/') === true ? join(config, 'systemd', 'user') : usual;
  return own === usual ? [usual] : [own, usual];
}

function read(file: string): string {
  try {
    return readBoundedFileSync(file, MAX_FILE_BYTES);
  } catch {
    return '';
  }
}

/** Zero for a unit without a revision. */
function readRevision(unit: string): number {
  return Number(/^X-RolecallRevision=(\d{1,6})$/m.exec(unit)?.[1] ?? 0);
}

/** Reverses the quoting that fills the template, and understands nothing else of systemd's syntax. */
function readSystemdCommand(unit: string): InstalledService['command'] {
  const [, nodeWord, mainWord] = /^ExecStart="((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"/m.exec(unit) ?? [];
  if (nodeWord === undefined || mainWord === undefined) return undefined;
  const plain = (word: string) => word.replace(/\\(.)/g, '$1').replaceAll('%%', '%');
  return { nodePath: plain(nodeWord), mainPath: plain(mainWord).replaceAll('$$', '$') };
}

function readLaunchdCommand(plist: string): InstalledService['command'] {
  const [, list = ''] = /<key>ProgramArguments<\/key>\s*<array>([\s\S]*?)<\/array>/.exec(plist) ?? [];
  const [nodePath, mainPath] = [...list.matchAll(/<string>([^<]*)<\/string>/g)].map(([, text = '']) =>
    unescapeXml(text),
  );
  return nodePath === undefined || mainPath === undefined ? undefined : { nodePath, mainPath };
}

function unescapeXml(text: string): string {
  const characters: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' };
  return text.replace(/&(lt|gt|quot|amp);/g, (_, name: string) => characters[name] ?? '');
}
