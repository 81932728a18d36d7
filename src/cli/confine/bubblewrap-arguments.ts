// The argument list of bubblewrap for one confined command.
import type { SharedPath } from './confine-options.ts';
import type { SystemView } from './system-view.ts';

export interface BubblewrapRequest {
  readonly bubblewrap: string;
  readonly system: SystemView;
  readonly homeDirectory: string;
  readonly workingDirectory: string;
  /** With the descriptors that bubblewrap gets. */
  readonly shared: readonly SharedPath[];
  /** A folder of rolecall with the files of this command, and where the command finds it. */
  readonly ownFiles: { readonly source: string; readonly target: string } | undefined;
  /** Where resolv.conf is, and what replaces it. */
  readonly resolver: { readonly source: string; readonly target: string } | undefined;
  /** Gets bubblewrap's status as lines of JSON. */
  readonly statusDescriptor: number;
  /** From which it reads the filter of system calls. */
  readonly filterDescriptor: number;
  /** Variables that bubblewrap itself does not get; visible in its argument list. */
  readonly insideOnly: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

/** Later mounts cover earlier ones: the system, then empty folders, then what is shared. */
export function bubblewrapArguments(request: BubblewrapRequest): readonly [string, ...string[]] {
  const { system, homeDirectory, shared } = request;
  const groups: readonly (readonly string[])[] = [
    ['--perms', '0755', '--tmpfs', '/run'],
    ...system.folders.map(({ path, symlink }) =>
      symlink === undefined ? ['--ro-bind', path, path] : ['--symlink', symlink, path],
    ),
    ...system.secretFolders.map((path) => ['--perms', '0000', '--tmpfs', path]),
    ...system.secretFiles.map((path) => ['--ro-bind', '/dev/null', path]),
    ['--proc', '/proc', '--dev', '/dev'],
    ...system.readOnlyKernelPaths.map((path) => ['--ro-bind', path, path]),
    ...system.secretKernelFiles.map((path) => ['--ro-bind', '/dev/null', path]),
    ['--perms', '1777', '--tmpfs', '/tmp'],
    ['--perms', '1777', '--tmpfs', '/var/tmp'],
    ['--symlink', '../run', '/var/run'],
    ['--perms', '0700', '--tmpfs', homeDirectory],
    ...shared.map(({ path, isWritable, descriptor }) => [
      isWritable ? '--bind-fd' : '--ro-bind-fd',
      String(descriptor),
      path,
    ]),
    ...[request.ownFiles, request.resolver].map((file) =>
      file === undefined ? [] : ['--ro-bind', file.source, file.target],
    ),
    // Folders above those that are shared exist only here, and nothing is to be written into them.
    ['--remount-ro', '/'],
    ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    // The new session has no terminal, so that nothing can be typed into it for the shell outside.
    ['--cap-drop', 'ALL', '--new-session', '--die-with-parent'],
    ['--seccomp', String(request.filterDescriptor)],
    ...Object.entries(request.insideOnly).map(([name, value]) => ['--setenv', name, value]),
    ['--json-status-fd', String(request.statusDescriptor), '--chdir', request.workingDirectory, '--'],
    // sh reports a command that can't be started as every shell does, with 126 or 127.
    ['/bin/sh', '-c', 'exec "$@"', 'sh'],
    request.command,
  ];
  return [request.bubblewrap, ...groups.flat()];
}
