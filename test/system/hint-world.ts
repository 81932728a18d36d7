// A world that tests break, with the shell of a person who reads what rolecall says and types what it names.
import { execFileSync } from 'node:child_process';
import { accessSync, chmodSync, constants, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSystemClock } from '../../src/core/clock.ts';
import { isAlive, processesOf } from '../helpers/processes.ts';
import type { RigOptions } from '../helpers/rig.ts';
import { CREDENTIAL_PROCESS, ROLECALL, runProcess, type ProcessRun } from '../helpers/run-process.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { createAutostartWorld, SELECTORS, type AutostartWorld } from './autostart-world.ts';

/** Every answer comes within seconds; the rest is for a busy machine. */
const DEADLINE_MS = 60_000;

export interface HintWorldOptions extends RigOptions {
  /** Permissions of files count for its processes, also when root runs the tests. */
  readonly needsModes?: boolean;
  /** `status` and `doctor` run as processes too, for what they can't see from this one. */
  readonly needsProcesses?: boolean;
}

export interface HintWorld extends Pick<AutostartWorld, 'rig' | 'remove'> {
  readonly home: string;
  readonly stateDirectory: string;
  readonly socketPath: string;
  readonly socketFolder: string;
  readonly lockFile: string;
  readonly configPath: string;
  rolecall(...args: readonly string[]): Promise<ProcessRun>;
  /** The credential_process of a profile. */
  credentials(): Promise<ProcessRun>;
  /** As JSON. */
  status(): Promise<ProcessRun>;
  /** As JSON. */
  doctor(): Promise<ProcessRun>;
  /** Runs the command in a shell that knows `rolecall`. */
  type(command: string): Promise<ProcessRun>;
  /** Puts a file system of its own in place of the folder, with what was in it. */
  mount(folder: string, options: string): void;
  /** How far AWS's clock is ahead of this machine's. */
  setAhead(aheadMs: number): void;
  goOffline(): Promise<void>;
  goOnline(): Promise<void>;
}

const isRoot = process.getuid?.() === 0;

/** Root is not bound by file modes, unless it gives these capabilities up. */
const AS_USER = ['/usr/bin/setpriv', '--bounding-set', '-dac_override,-dac_read_search'] as const;

/** Whether `needsModes` can be had. */
export const canNeedModes = !isRoot || isProgram(AS_USER[0]);

/** Whether we may mount a file system. */
export const canMount = isRoot && tryMount();

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function tryMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Signed in, and no daemon runs. */
export async function createHintWorld(options: HintWorldOptions = {}): Promise<HintWorld> {
  let aheadMs = 0;
  const clock = createSystemClock();
  const { rig } = await createAutostartWorld({
    ...options,
    emulator: { clock: { ...clock, nowMs: () => clock.nowMs() + aheadMs } },
  });
  const home = rig.home.path;
  const port = Number(new URL(rig.emulator.url).port);
  const programs = installPrograms(home);
  const environment = { ...rig.environment, PATH: `${programs}:${rig.environment['PATH'] ?? ''}` };
  const prefix = options.needsModes === true && isRoot ? AS_USER : [];
  const isProcess = prefix.length > 0 || options.needsProcesses === true;
  const run = (...words: readonly string[]) => {
    const [program = '', ...args] = [...prefix, ...words];
    return runProcess(program, args, { environment, deadlineMs: DEADLINE_MS });
  };
  const rolecall = (...args: readonly string[]) => run(process.execPath, ROLECALL, ...args);
  const mounts: string[] = [];
  return {
    rig,
    home,
    stateDirectory: rig.paths.stateDirectory,
    socketPath: rig.paths.socketPath,
    socketFolder: dirname(rig.paths.socketPath),
    lockFile: rig.paths.lockFile,
    configPath: rig.configPath,
    rolecall,
    credentials: () => run('/bin/sh', CREDENTIAL_PROCESS, ...SELECTORS),
    async status() {
      const seen = isProcess ? undefined : await rig.runCli(['status', '--json']);
      // Only a process starts a daemon, or says why none starts.
      return seen === undefined || seen.exitCode !== 0 ? rolecall('status', '--json') : seen;
    },
    doctor: () => (isProcess ? rolecall('doctor', '--json') : rig.runCli(['doctor', '--json'], { environment })),
    type: (command) => run('/bin/bash', '-c', command),
    mount(folder, mountOptions) {
      const aside = mkdtempSync(join(home, 'aside-'));
      cpSync(folder, aside, { recursive: true, preserveTimestamps: true });
      execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=700,${mountOptions}`, 'tmpfs', folder]);
      mounts.push(folder);
      cpSync(aside, folder, { recursive: true, preserveTimestamps: true });
      rmSync(aside, { recursive: true });
    },
    setAhead: (ms) => void (aheadMs = ms),
    goOffline: () => rig.emulator.close(),
    async goOnline() {
      await rig.emulator.listen(port);
    },
    async remove() {
      await endProcesses(home);
      for (const folder of mounts.toReversed()) execFileSync('umount', ['-l', folder]);
      await rig.remove();
    },
  };
}

/** What a person has on the PATH. */
function installPrograms(home: string): string {
  const folder = join(home, 'programs');
  mkdirSync(folder, { mode: 0o700 });
  const scripts = {
    rolecall: `exec '${process.execPath}' '${ROLECALL}' "$@"`,
    // The real one takes half a second, and doctor asks for its version each time.
    aws: 'echo aws-cli/2.23.6 Python/3.13',
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** The daemon's, wherever its lock and socket have got to. */
async function endProcesses(home: string): Promise<void> {
  const pids = processesOf(home).map(({ pid }) => pid);
  for (const signal of ['SIGCONT', 'SIGTERM'] as const) for (const pid of pids) end(pid, signal);
  await waitFor('the processes to end', () => pids.every((pid) => !isAlive(pid)));
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
