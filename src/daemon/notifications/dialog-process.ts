// Runs the program of a dialog until it ends or the question is withdrawn.
import type { ChildProcess } from 'node:child_process';
import type { DialogDeps } from './dialog.ts';

export interface DialogRun {
  /** Undefined when it was ended by a signal or could not be started. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The question was withdrawn, or somebody killed the program. */
  readonly wasClosed: boolean;
}

const MAX_OUTPUT_CHARACTERS = 16_384;
/** A crash, such as Qt's abort without a display, is not among these. */
const KILLED_BY: ReadonlySet<string | null> = new Set(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP']);

/** A wrapper script would leave the dialog on the screen, and its output open. */
function killGroup({ pid }: Pick<ChildProcess, 'pid'>): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Never rejects. The program is killed, with all it has started, when `signal` aborts. */
export function runDialog(
  { spawn, programPath, environment }: DialogDeps,
  args: readonly string[],
  { input = '', signal }: { readonly input?: string; readonly signal: AbortSignal },
): Promise<DialogRun> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve({ exitCode: undefined, stdout: '', stderr: '', wasClosed: true });
      return;
    }
    // In a session of its own: pinentry without a display would ask on the daemon's terminal.
    const child = spawn(programPath, args, { env: environment, stdio: 'pipe', detached: true, cwd: '/' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(0, MAX_OUTPUT_CHARACTERS);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(0, MAX_OUTPUT_CHARACTERS);
    });
    // The program may end without reading its stdin.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const kill = () => killGroup(child);
    signal.addEventListener('abort', kill, { once: true });
    const end = (exitCode: number | null, killedBy: string | null) => {
      signal.removeEventListener('abort', kill);
      resolve({
        exitCode: exitCode ?? undefined,
        stdout,
        stderr,
        wasClosed: signal.aborted || KILLED_BY.has(killedBy),
      });
    };
    child.once('error', () => end(null, null));
    child.once('close', end);
  });
}
