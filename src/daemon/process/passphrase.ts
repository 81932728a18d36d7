// Reads the passphrase of the secret file: from a pipe, a systemd credential, the environment, or the user's own file.
import { closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PASSPHRASE_FD_NAME } from '../../platform/service/daemon-environment.ts';
import { readBoundedFileSync } from '../../platform/files/bounded-read.ts';
import { statSync } from '../../platform/files/stat-sync.ts';

/** The name of the credential in a unit. @see systemd.exec(5), LoadCredential */
const CREDENTIAL_NAME = 'rolecall-passphrase';
const MAX_CREDENTIAL_BYTES = 64 * 1024;

/**
 * Takes the passphrase from the pipe of the client that started the daemon, or from the service's credential, or from the
 * variable. Deletes all three variables from `environment`, so that child processes don't inherit them.
 * @throws Error: the client ended before it wrote to the pipe. A daemon without the passphrase would refuse every caller.
 */
export function takePassphrase(environment: Record<string, string | undefined>): string | undefined {
  const { ROLECALL_PASSPHRASE: variable, CREDENTIALS_DIRECTORY: directory, [PASSPHRASE_FD_NAME]: fd } = environment;
  for (const name of ['ROLECALL_PASSPHRASE', 'CREDENTIALS_DIRECTORY', PASSPHRASE_FD_NAME]) delete environment[name];
  const fromPipe = fd === undefined ? undefined : readPipe(Number(fd));
  return fromPipe ?? readCredential(directory) ?? variable;
}

/**
 * The passphrase that the user keeps in a file; undefined if there is none, or one that other users could read or replace.
 * `rolecall setup` writes it with mode 0600.
 */
export function readPassphraseFile(path: string, userId: number): string | undefined {
  try {
    const { uid, mode } = statSync(path);
    if (uid !== userId || (mode & 0o077) !== 0) return undefined;
    return readBoundedFileSync(path, MAX_CREDENTIAL_BYTES).replace(/\n$/, '');
  } catch {
    return undefined;
  }
}

function readPipe(fd: number): string | undefined {
  let text: string;
  try {
    text = readFileSync(fd, 'utf8');
    closeSync(fd);
  } catch {
    // The variable came from elsewhere, and the descriptor is not open.
    return undefined;
  }
  if (text === '') throw new Error('The client that starts the daemon ended before it passed the passphrase.');
  return text;
}

function readCredential(directory: string | undefined): string | undefined {
  if (directory === undefined) return undefined;
  try {
    // `echo` appends a line break, which is not part of the passphrase.
    return readBoundedFileSync(join(directory, CREDENTIAL_NAME), MAX_CREDENTIAL_BYTES).replace(/\n$/, '');
  } catch {
    return undefined;
  }
}
