// What a client says about itself in headers: its version, for which an older daemon makes room, and who started it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** In lower case, like all header names in Node. */
export const VERSION_HEADER = 'rolecall-version';

/** In an answer to a newer client: what a restart of this daemon would lose, so that it has not stopped. */
export const STAYS_HEADER = 'rolecall-stays';

/** The id of the process that started the client. It counts where the kernel does not tell the daemon who asks. */
export const PROCESS_HEADER = 'x-rolecall-process';

/** A command on a terminal, which a person has typed: lock_after_minutes counts from it. */
export const TERMINAL_HEADER = 'rolecall-terminal';

/** Reads the file at each call, so a daemon keeps the version of its start: the installation may be upgraded while it runs. */
export function loadVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
