// Runs the user's editor in this terminal.
import { spawn } from 'node:child_process';
import { ignoreInterrupts } from '../../terminal/ignore-interrupts.ts';

/** Resolves the exit code of the program. @throws Error: it cannot be started */
export function runEditor(program: string, args: readonly string[]): Promise<number> {
  const restoreSignals = ignoreInterrupts();
  return new Promise<number>((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  }).finally(restoreSignals);
}
