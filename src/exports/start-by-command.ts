// Starts the daemon for a program that uses rolecall as a library: by `rolecall daemon start`, as a person would.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DaemonUnreachableError, type ErrorBody } from '../core/errors.ts';
import { findProgram, type ProgramSearch } from '../platform/programs/find-program.ts';
import type { StartedDaemon } from '../platform/service/start-daemon.ts';

/** Of the command's messages, which are a few lines. */
const MAX_OUTPUT = 16 * 1024;

/**
 * Runs `rolecall daemon start`: that of PATH, else that of this package. The user's own installation comes first, because
 * the daemon stays when this program and its `node_modules` are gone.
 * @throws DaemonUnreachableError daemon-not-running: there is neither
 */
export function startByCommand(search: ProgramSearch): StartedDaemon {
  const [program, ...args] = findCommand(search);
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: search.environment,
    cwd: '/',
  });
  let text = '';
  let exitCode: number | undefined;
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(0, MAX_OUTPUT);
  });
  child.on('error', (error) => {
    text = error.message;
    exitCode = 1;
  });
  child.on('close', (code) => {
    exitCode ??= code ?? 1;
  });
  return {
    failure: () => (exitCode === undefined || exitCode === 0 ? undefined : readFailure(text)),
    hasEnded: () => exitCode !== undefined,
    release() {
      child.stderr.destroy();
      child.unref();
    },
  };
}

function findCommand(search: ProgramSearch): readonly [string, ...string[]] {
  const args = ['daemon', 'start', '--json'];
  const installed = findProgram('rolecall', search, { pathOnly: true });
  if (installed !== undefined) return [installed, ...args];
  const own = fileURLToPath(new URL('../../bin/rolecall.js', import.meta.url));
  // In Electron, and in a program with a bundled copy of this file, the executable is not a Node that can run it.
  if (process.versions['electron'] === undefined && existsSync(own)) return [process.execPath, own, ...args];
  throw new DaemonUnreachableError(
    'daemon-not-running',
    'The rolecall daemon is not running, and there is no `rolecall` in PATH to start it.',
    { hint: 'npm install -g rolecall' },
  );
}

/** The error that the command has printed: with `--json` its last line, else its first sentence. */
function readFailure(text: string): ErrorBody {
  const lines = text.trim().split('\n');
  try {
    const body = JSON.parse(lines.at(-1) ?? '') as Partial<ErrorBody>;
    if (typeof body.code === 'string' && typeof body.message === 'string' && typeof body.hint === 'string') {
      return { code: body.code, message: body.message, hint: body.hint };
    }
  } catch {
    // An older command prints text.
  }
  return {
    code: 'daemon-not-running',
    message: `The daemon could not be started: ${lines[0] ?? ''}`,
    hint: 'rolecall daemon run',
  };
}
