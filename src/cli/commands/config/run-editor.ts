// Runs the user's editor in this terminal.
import { spawn } from 'node:child_process';

/** Resolves the exit code of the program. @throws Error: it cannot be started */
export function runEditor(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    // Ctrl-C belongs to the editor, for which it may mean something else than to end.
    const listeners = process.listeners('SIGINT');
    const ignore = () => undefined;
    process.removeAllListeners('SIGINT').on('SIGINT', ignore);
    const restore = () => {
      process.off('SIGINT', ignore);
      for (const listener of listeners) process.on('SIGINT', listener);
    };
    child.on('error', (error) => {
      restore();
      reject(error);
    });
    child.on('close', (code) => {
      restore();
      resolve(code ?? 1);
    });
  });
}
