// Reads the version of this installation from its package.json.
import { readFileSync } from 'node:fs';

/** Reads the file at each call, so a daemon keeps the version of its start: the installation may be upgraded while it runs. */
export function loadVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
