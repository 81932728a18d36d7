// Reads a `docker run` or `podman run` command line, and adds what gives the container its role.
import { basename, join } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { CONTAINER_FOLDER, type ContainerFiles, type ContainerNetwork } from './container-files.ts';

export interface ContainerCommand {
  readonly engine: 'docker' | 'podman';
  /** The words before `run`, to which `inspect` and the like can be added: `sudo docker`. */
  readonly prefix: readonly [string, ...string[]];
  /** The words after `run`. */
  readonly rest: readonly string[];
  readonly network: ContainerNetwork;
}

const HOST_NETWORK = /^--net(?:work)?=host$/u;
const NETWORK_OPTION = /^--net(?:work)?$/u;

/** @throws UsageError usage: it is not the command of a container engine that is supported, or has an option that we need */
export function readContainerCommand(words: readonly string[]): ContainerCommand {
  const at = words.findIndex((word) => isEngine(basename(word)));
  const engine = basename(words[at] ?? '');
  const run = words.indexOf('run', at + 1);
  if (!isEngine(engine) || run === -1) {
    throw usage('container-env runs only: podman run …, docker run …');
  }
  const rest = words.slice(run + 1);
  const taken = rest.find((word) => /^--(?:cidfile|pidfile)(?:=|$)/u.test(word));
  if (taken !== undefined) throw usage(`container-env needs ${taken.split('=')[0]} itself.`);
  const isOnHost = rest.some(
    (word, index) => HOST_NETWORK.test(word) || (word === 'host' && NETWORK_OPTION.test(rest[index - 1] ?? '')),
  );
  return {
    engine,
    prefix: words.slice(0, run) as [string, ...string[]],
    rest,
    network: isOnHost ? 'host' : 'own',
  };
}

function isEngine(name: string): name is ContainerCommand['engine'] {
  return name === 'docker' || name === 'podman';
}

/** Where the engine writes the id of the container. */
export const idFile = (files: ContainerFiles): string => join(files.ownFolder, 'container-id');
/** Where podman writes the process id of the container's first process, before that runs. */
export const pidFile = (files: ContainerFiles): string => join(files.ownFolder, 'container-pid');

/** The options for `run`, as words. */
export function containerOptions(files: ContainerFiles): readonly string[] {
  return [
    '--env-file',
    files.envFile,
    '--mount',
    `type=bind,source=${files.folder},target=${CONTAINER_FOLDER},readonly`,
  ];
}

/** The whole command line. */
export function containerWords(command: ContainerCommand, files: ContainerFiles): [string, ...string[]] {
  return [
    ...command.prefix,
    'run',
    ...containerOptions(files),
    ...(command.engine === 'podman' ? ['--pidfile', pidFile(files)] : ['--cidfile', idFile(files)]),
    ...command.rest,
  ];
}

function usage(message: string): UsageError {
  return new UsageError('usage', message, { hint: 'rolecall container-env --help' });
}
