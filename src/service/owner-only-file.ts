// The files of the service: whole or not at all, and readable by their owner alone.
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UnavailableError } from '../core/errors.ts';

/**
 * Replaces a file in one step, for the manager may read it at any time; a proxy's URL in it may hold a password.
 * @throws UnavailableError file-not-writable: the earlier one stays
 */
export function writeOwnerOnly(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const beside = `${path}.${process.pid}.new`;
    writeFileSync(beside, text, { mode: 0o600 });
    chmodSync(beside, 0o600);
    renameSync(beside, path);
  } catch (cause) {
    throw new UnavailableError('file-not-writable', `${path} can't be written: ${(cause as Error).message}.`, {
      hint: 'rolecall daemon start',
      cause,
    });
  }
}
