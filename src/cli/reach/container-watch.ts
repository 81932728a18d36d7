// Waits for the first process of a container that an engine is starting.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Clock } from '../../core/clock.ts';
import { readBoundedFileSync } from '../../platform/files/bounded-read.ts';
import { identifyProcess, type ProcessIdentity } from '../../platform/process/process-identity.ts';
import { idFile, pidFile, type ContainerCommand } from './container-command.ts';
import type { ContainerFiles } from './container-files.ts';

export interface ContainerWatch {
  /** Resolves once the container has a process, or undefined if it never gets one. */
  readonly started: Promise<ProcessIdentity | undefined>;
  /** Called when the engine's command has ended: a container that is not there by then does not come. */
  settle(exitCode: number): Promise<ProcessIdentity | undefined>;
}

const LOOK_EVERY_MS = 20;
const MAX_ID_BYTES = 1024;

export function createContainerWatch(deps: {
  readonly command: ContainerCommand;
  readonly files: ContainerFiles;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Pick<Clock, 'sleep'>;
}): ContainerWatch {
  let isOver = false;
  const find = deps.command.engine === 'podman' ? findByFile : findByEngine;

  async function findByFile(): Promise<ProcessIdentity | undefined> {
    return identify(read(pidFile(deps.files)));
  }

  /** Docker says so only when it is asked. */
  async function findByEngine(): Promise<ProcessIdentity | undefined> {
    const id = read(idFile(deps.files));
    if (!/^[0-9a-f]{12,64}$/u.test(id)) return undefined;
    const [program, ...args] = deps.command.prefix;
    const run = promisify(execFile)(program, [...args, 'inspect', '--format', '{{.State.Pid}}', id], {
      env: deps.environment,
    });
    return identify(await run.then(({ stdout }) => stdout.trim()).catch(() => ''));
  }

  async function watch(): Promise<ProcessIdentity | undefined> {
    for (;;) {
      const wasOver = isOver;
      const found = await find();
      if (found !== undefined || wasOver) return found;
      await deps.clock.sleep(LOOK_EVERY_MS);
    }
  }

  const started = watch();
  return {
    started,
    settle() {
      isOver = true;
      return started;
    },
  };
}

function read(path: string): string {
  try {
    return readBoundedFileSync(path, MAX_ID_BYTES).trim();
  } catch {
    return '';
  }
}

function identify(text: string): ProcessIdentity | undefined {
  return /^[1-9]\d{0,9}$/u.test(text) ? identifyProcess(Number(text)) : undefined;
}
