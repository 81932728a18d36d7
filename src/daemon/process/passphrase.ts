// Where the daemon gets the passphrase of the secret file from: a pipe, a credential of systemd's, or its environment.
import { closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PASSPHRASE_FD_NAME } from '../../platform/service/daemon-environment.ts';
import { readBoundedFileSync } from '../../platform/files/bounded-read.ts';

/** The name under which a unit hands it over. @see systemd.exec(5), LoadCredential */
const CREDENTIAL_NAME = 'rolecall-passphrase';
const MAX_CREDENTIAL_BYTES = 64 * 1024;

/**
 * The passphrase from the pipe that the client which started us has written it to, else from the service's credential,
 * else from the variable. Takes all three out of `environment`, so that no child gets one.
 */
export function takePassphrase(environment: Record<string, string | undefined>): string | undefined {
  const { ROLECALL_PASSPHRASE: variable, CREDENTIALS_DIRECTORY: directory, [PASSPHRASE_FD_NAME]: fd } = environment;
  for (const name of ['ROLECALL_PASSPHRASE', 'CREDENTIALS_DIRECTORY', PASSPHRASE_FD_NAME]) delete environment[name];
  const fromPipe = fd === undefined ? undefined : readPipe(Number(fd));
  return fromPipe ?? readCredential(directory) ?? variable;
}

function readPipe(fd: number): string | undefined {
  try {
    const text = readFileSync(fd, 'utf8');
    closeSync(fd);
    return text;
  } catch {
    // The variable came from somewhere else, and nothing is open there.
    return undefined;
  }
}

function readCredential(directory: string | undefined): string | undefined {
  if (directory === undefined) return undefined;
  try {
    // Whoever makes one with `echo` means the line without its end.
    return readBoundedFileSync(join(directory, CREDENTIAL_NAME), MAX_CREDENTIAL_BYTES).replace(/\n$/, '');
  } catch {
    return undefined;
  }
}
