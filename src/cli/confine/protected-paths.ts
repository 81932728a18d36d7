// Decides which paths may be shared with a confined command: none that leads to other roles, the keychain or other programs.
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { quoteForShell } from '../../core/text/quote-for-shell.ts';
import { resolvePaths, type PathSources, type RuntimePaths } from '../../local-api/paths.ts';
import { awsFilePath } from '../../platform/files/aws-file-path.ts';
import { isWithin } from './is-within.ts';
import { KERNEL_FOLDERS, SYSTEM_FOLDERS } from './system-folders.ts';

interface ProtectedPath {
  readonly path: string;
  /** Completes "it contains …" and "it is part of …". */
  readonly what: string;
}

export interface PathRules {
  readonly homeDirectory: string;
  readonly protectedPaths: readonly ProtectedPath[];
  /** The socket of the user's ssh-agent may be shared by name, although it is in a protected folder. */
  readonly sshAgent: string | undefined;
}

const ENGINE_SOCKETS = [
  '/run/docker.sock',
  '/run/docker',
  '/run/containerd',
  '/run/podman',
  '/run/crio',
  '/run/libvirt',
  '/run/incus',
  '/run/lxd',
] as const;

/**
 * The rules for this user. `real` resolves symlinks as far as a path exists.
 */
export function createPathRules(
  sources: PathSources & { readonly paths: RuntimePaths },
  real: (path: string) => string,
): PathRules {
  const { environment, homeDirectory, paths, userId } = sources;
  // Where a daemon would be without the variables of this shell.
  const usual = resolvePaths({ ...sources, environment: {} });
  const runtimeDirectories = [environment['XDG_RUNTIME_DIR'], `/run/user/${userId}`].filter(isPath);
  const protectedPaths = [
    ...[paths, usual].flatMap((each) => [
      ...each.socketCandidates.map((path) => ({ path, what: 'the socket of rolecall' })),
      { path: each.stateDirectory, what: 'the state of rolecall' },
      { path: each.settingsFile, what: 'the settings of rolecall' },
      { path: each.passphraseFile, what: 'the passphrase of rolecall' },
      { path: dirname(each.credentialProcessPath), what: 'the program that serves your profiles' },
    ]),
    { path: join(homeDirectory, '.aws'), what: 'the AWS files, with other roles' },
    ...(['config', 'credentials'] as const).map((kind) => ({
      path: resolve(awsFilePath(kind, environment, homeDirectory) || '/nonexistent'),
      what: 'the AWS files, with other roles',
    })),
    ...['.local/share/keyrings', '.local/share/kwalletd', 'Library/Keychains'].map((path) => ({
      path: join(homeDirectory, path),
      what: 'the keychain',
    })),
    ...runtimeDirectories.map((path) => ({ path, what: 'the sockets of your session, with the keychain' })),
    ...busSockets(environment['DBUS_SESSION_BUS_ADDRESS']).map((path) => ({
      path,
      what: 'the session bus, with the keychain',
    })),
    ...['/run/dbus', '/run/systemd'].map((path) => ({ path, what: 'the sockets of the system' })),
    ...[...ENGINE_SOCKETS, ...engineSocket(environment['DOCKER_HOST']), join(homeDirectory, '.docker/run')].map(
      (path) => ({ path, what: 'the socket of a container engine, which can start programs that are not confined' }),
    ),
    ...['/tmp/.X11-unix', '/tmp/.ICE-unix', `/tmp/tmux-${userId}`].map((path) => ({
      path,
      what: 'the sockets of your desktop or terminals',
    })),
    ...KERNEL_FOLDERS.map((path) => ({ path, what: 'the processes and devices of this machine' })),
  ];
  const sshAgent = environment['SSH_AUTH_SOCK'];
  return {
    homeDirectory: real(homeDirectory),
    protectedPaths: protectedPaths.flatMap((each) => [each, { ...each, path: real(each.path) }]),
    sshAgent: isPath(sshAgent) ? real(sshAgent) : undefined,
  };
}

/**
 * Checks a path without symlinks that is to be shared.
 * @throws UsageError usage: it would give the command more than the one role; the message says what
 */
export function checkSharedPath(
  path: string,
  share: { readonly option: string; readonly isWritable: boolean },
  rules: PathRules,
): void {
  const refuse = (reason: string, hint?: string): never => {
    const name = share.option === '' ? `the working directory ${path}` : `${share.option} ${quoteForShell(path)}`;
    throw new UsageError('usage', `A confined command can't have ${name}: ${reason}.`, {
      hint: hint ?? (share.option === '' ? 'cd FOLDER_OF_YOUR_PROJECT' : 'rolecall exec --help'),
    });
  };
  if (path === rules.homeDirectory) refuse('it is your home');
  if (isWithin(rules.homeDirectory, path)) refuse('it contains your home');
  if (path === '/run' || path === '/tmp') refuse('it contains the sockets of other programs');
  if (path !== rules.sshAgent) {
    for (const { path: kept, what } of rules.protectedPaths) {
      if (isWithin(kept, path)) refuse(kept === path ? `it is ${what}` : `it contains ${what}`);
      if (isWithin(path, kept)) refuse(`it is part of ${what}`);
    }
  }
  if (!share.isWritable) return;
  if (SYSTEM_FOLDERS.some((folder) => isWithin(folder, path)) || isWithin(path, '/etc')) {
    refuse('it is part of the system, which stays read-only');
  }
}

/** @throws UsageError usage: the home is a folder that the command needs, so it cannot be hidden */
export function checkHome(homeDirectory: string): void {
  if (!SYSTEM_FOLDERS.some((folder) => isWithin(folder, homeDirectory)) && isAbsolute(homeDirectory)) return;
  throw new UsageError('usage', `A confined command can't run while HOME is ${homeDirectory || 'empty'}.`, {
    hint: 'HOME=/home/YOU rolecall exec --help',
  });
}

/** Whether the folder is hidden from the command, so that a program in it is not found. */
export function isHidden(path: string, visible: readonly string[], homeDirectory: string): boolean {
  const within = visible.filter((folder) => isWithin(path, folder));
  if (within.length === 0) return true;
  // The home is emptied after the system's folders are bound, and before the shared ones are.
  return isWithin(path, homeDirectory) && !within.some((folder) => isWithin(folder, homeDirectory));
}

const isPath = (path: string | undefined): path is string => path !== undefined && isAbsolute(path);

/** The paths in an address such as `unix:path=/run/user/1000/bus,guid=…;unix:…`. */
function busSockets(address = ''): readonly string[] {
  return [...address.matchAll(/unix:(?:[^;]*,)?(?:path|dir|tmpdir|runtime)=([^,;]+)/gu)]
    .map(([, path = '']) => path)
    .filter(isPath);
}

function engineSocket(address = ''): readonly string[] {
  return address.startsWith('unix:///') ? [address.slice('unix://'.length)] : [];
}
