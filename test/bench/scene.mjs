// What a row of the bench works in: a home of its own, an environment from nothing, and every process ended at the end.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const END_DEADLINE_MS = 10_000;

/** A scene; `close` ends its processes by their ids, the last one first, and deletes its homes. */
export function createScene() {
  const closers = [];
  const leftOut = [];

  /** A new home with its folders, and the whole environment of a process that lives there. */
  function createHome() {
    // A short name, for a socket's path has room for 104 bytes on macOS.
    const path = realpathSync(mkdtempSync(join(tmpdir(), 'rcb-')));
    closers.push(() => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
    const runtimeDirectory = join(path, 'run');
    mkdirSync(runtimeDirectory, { mode: 0o700 });
    return {
      path,
      // Nothing of this shell: a CA bundle in NODE_EXTRA_CA_CERTS alone doubles the start of a bare Node.
      environment: {
        HOME: path,
        XDG_RUNTIME_DIR: runtimeDirectory,
        PATH: [dirname(process.execPath), '/usr/bin', '/bin', '/usr/local/bin'].join(':'),
        LANG: 'C.UTF-8',
      },
    };
  }

  /** A process that lives until it is ended or the scene is closed; what it says on stderr is shown. */
  function start(command, args, { environment, stdout = 'ignore' }) {
    const child = spawn(command, args, { env: environment, stdio: ['ignore', stdout, 'inherit'] });
    const ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', resolve);
    });
    const end = async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const tooLate = setTimeout(() => child.kill('SIGKILL'), END_DEADLINE_MS);
      await ended;
      clearTimeout(tooLate);
    };
    closers.push(end);
    return { child, pid: child.pid, end };
  }

  /** A Node program that says where it is in one line of JSON on stdout, and what it says. */
  async function startSaying(program, args, environment) {
    const { child, pid } = start(process.execPath, [program, ...args], { environment, stdout: 'pipe' });
    for await (const line of createInterface({ input: child.stdout })) return { ...JSON.parse(line), pid };
    throw new Error(`${program} ended before it said where it is`);
  }

  return {
    createHome,
    start,
    startSaying,
    /** What could not be measured, as it was said. */
    leftOut,
    /** No rows, and said why: what is measured of `name` needs the program at `path`. */
    leaveOut(name, path) {
      leftOut.push(`${name}: left out, for there is no ${path}`);
      console.error(leftOut.at(-1));
      return [];
    },
    async close() {
      for (const closer of closers.splice(0).toReversed()) await closer();
    },
  };
}
