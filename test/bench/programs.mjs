// The programs that the bench runs, and how long one of them takes from start to end.
import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stagePackageAt } from '../../.ci/stage-package.mjs';

const fromRoot = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const ROOT = fromRoot('');

/** The package as it is published. The bench measures its programs: they are what users start. */
const PACKAGE = fromRoot('node_modules/.cache/rolecall-bench');
export const ROLECALL = `${PACKAGE}/bin/rolecall.js`;
export const DAEMON_MAIN = `${PACKAGE}/dist/daemon/main.js`;
/** The files of the page. */
export const PAGE_DIRECTORY = `${PACKAGE}/src/web`;
export const TRAY_MAIN = `${PACKAGE}/dist/tray/main.js`;

/** Makes the package; before any of its programs is started. */
export const stagePrograms = () => stagePackageAt(PACKAGE);

/** What `npm run build` makes: for the other side of a measurement, and where single files of ours are looked at. */
export const COMPILED_ROLECALL = fromRoot('bin/rolecall.js');
export const COMPILED_DAEMON_MAIN = fromRoot('dist/daemon/main.js');
export const EMULATOR_MAIN = fromRoot('dist/emulator/main.js');
export const SCALED_DAEMON = fromRoot('test/bench/scaled-daemon.mjs');
export const BARE_SERVER = fromRoot('test/bench/bare-server.mjs');
export const HEAP_REPORT = fromRoot('test/bench/heap-report.mjs');
export const LOAD_CLIENT = fromRoot('test/bench/load-client.mjs');

/** The floor of everything that is a Node program. */
export const BARE_NODE = [process.execPath, '-e', '0'];

// A loop of the shell starts programs at a tenth of what it costs Node to, so that little else is in the figure.
const LOOP = 'n=$1; shift; while [ "$n" -gt 0 ]; do "$@" || exit; n=$((n - 1)); done';

/** Milliseconds of processor time of one run, which a busy machine adds less to than to its wall time. */
export async function processorTimeOf(command, environment) {
  const script = 'TIMEFORMAT="%3U %3S"; time "$@" >/dev/null 2>&1';
  const { stderr: said } = await promisify(execFile)('/bin/bash', ['-c', script, 'bash', ...command], {
    env: environment,
  });
  const seconds = said.trim().split(' ').map(Number);
  if (seconds.length !== 2 || seconds.some(Number.isNaN)) throw new Error(`no times: ${said}`);
  return (seconds[0] + seconds[1]) * 1000;
}

/**
 * Milliseconds of one run of `command`, as the mean of `times` runs in a row; its output goes into a pipe, as an SDK's does.
 * Rejects when a run fails.
 */
export async function timeRuns(command, times, environment) {
  const startedAtMs = performance.now();
  await runProgram(['/bin/sh', '-c', LOOP, 'sh', String(times), ...command], environment);
  return (performance.now() - startedAtMs) / times;
}

/** What a program prints on stdout; rejects when it fails. */
export function runProgram([program, ...args], environment) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment, cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code ?? signal}: ${stderr}`));
    });
  });
}
