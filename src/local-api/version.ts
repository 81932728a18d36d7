// The version of this installation, and the header with which a client names its own: an older daemon stops instead of answering.
import { readFileSync } from 'node:fs';

/** In lower case, like all header names in Node. */
export const VERSION_HEADER = 'rolecall-version';

/** Reads the file at each call, so a daemon keeps the version of its start: the installation may be upgraded while it runs. */
export function loadVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
