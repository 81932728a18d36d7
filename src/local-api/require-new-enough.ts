// Requests of commands that are newer than the daemon, which the client may not replace.
import { DaemonUnreachableError, RolecallError } from '../core/errors.ts';

/**
 * `ask` sends what is valid for a daemon of this version; `what` is the command or option that needs it.
 * @throws DaemonUnreachableError daemon-version-mismatch: the daemon does not know `what`
 */
export async function requireNewEnough<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RolecallError) || error.code !== 'invalid-request') throw error;
    const message = `The daemon is older than this command, and knows no ${what}.`;
    throw new DaemonUnreachableError('daemon-version-mismatch', message, { cause: error });
  }
}
